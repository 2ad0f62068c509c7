"""What a property of the approval operation is filled with: its words, and the choices of the dialog. No Qt here."""

from dataclasses import dataclass

from models.translation_marks import tr_later
from services.answers.approval_body import DurationForm, PropertySource, Source
from services.intake.answer_setup import source_text
from services.language import tr

SOURCE_NAMES = {
    Source.APPROVAL_ID: tr_later("Id of the request on Privilege Manager"),
    Source.DECISION: tr_later("Decision"),
    Source.COMMENT: tr_later("Comment of the approver"),
    Source.APPROVER: tr_later("Name of the approver"),
    Source.DURATION: tr_later("Duration of the approval"),
    Source.ONE_TIME: tr_later("Whether it counts once"),
    Source.FIXED: tr_later("A fixed value"),
}
LEFT_OUT = ""
"""The key of the choice that leaves a property out."""
UNITS = (
    ("1", tr_later("seconds")),
    ("60", tr_later("minutes")),
    ("3600", tr_later("hours")),
    ("86400", tr_later("days")),
    (DurationForm.TIMESPAN.value, tr_later("hh:mm:ss")),
    (DurationForm.ISO8601.value, tr_later("ISO 8601, as PT90M")),
)
"""How a duration is written: the key as in a source, and its name."""


@dataclass(frozen=True, slots=True)
class SourceChoice:
    """What the dialog asks: the source, and its values as they are typed."""

    source: str = LEFT_OUT
    first: str = ""
    second: str = ""
    unit: str = "60"

    @classmethod
    def of(cls, one: PropertySource | None) -> "SourceChoice":
        """Return the choice that a source is."""
        if one is None:
            return cls()
        first, _, second = source_text(one).partition(":")[2].partition(":")
        if one.source is Source.FIXED:
            return cls(one.source.value, source_text(one).partition(":")[2])
        if one.source is Source.DURATION:
            return cls(one.source.value, unit=first)
        return cls(one.source.value, first, second)

    @property
    def labels(self) -> tuple[str, str]:
        """The names of the two values; empty for one that is not asked for."""
        match self.source:
            case Source.DECISION:
                return tr("Value for an approval"), tr("Value for a denial")
            case Source.ONE_TIME:
                return tr("Value for one time"), tr("Value with a duration")
            case Source.FIXED:
                return tr("Value"), ""
            case _:
                return "", ""

    def argument(self, name: str) -> str:
        """Return the choice in the form PROPERTY=SOURCE."""
        match self.source:
            case Source.DECISION | Source.ONE_TIME:
                denied = f":{self.second.strip()}" if self.second.strip() else ""
                return f"{name}={self.source}:{self.first.strip()}{denied}"
            case Source.FIXED:
                return f"{name}={self.source}:{self.first}"
            case Source.DURATION:
                return f"{name}={self.source}:{self.unit}"
            case _:
                return f"{name}={self.source}"

    @property
    def is_complete(self) -> bool:
        """Whether every value that is needed is there."""
        return not self.labels[0] or bool(self.first.strip())


def source_words(one: PropertySource | None) -> str:
    """Return what a property is filled with in words; an empty text for one that is left out."""
    if one is None:
        return ""
    name, choice = tr(SOURCE_NAMES[one.source]), SourceChoice.of(one)
    if one.source is Source.DURATION:
        unit = next((tr(text) for key, text in UNITS if key == choice.unit), choice.unit)
        return tr("{source}, in {unit}", source=name, unit=unit)
    values = " / ".join(value for value in (choice.first, choice.second) if value)
    return f"{name}: {values}" if values else name
