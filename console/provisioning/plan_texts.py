"""Texts and choices of the plan: what it changes, what it leaves alone, which record is shown first."""

from typing import TYPE_CHECKING

from models.translation_marks import tr_later
from services.language import number, plural, time_or_date, tr, translate

if TYPE_CHECKING:
    from console.provisioning.operations import PlanResult
    from services.provisioning import ProvisionPlan, RecordChange
    from services.provisioning.required_records import FieldValue

OPERATION_TONES = {
    "create": ("good", "create"),
    "update": ("notice", "update"),
    "keep": ("off", "keep"),
    "conflict": ("bad", "bad"),
}
OPERATION_LABELS = {
    "create": tr_later("Create"),
    "update": tr_later("Update"),
    "keep": tr_later("Keep"),
    "conflict": tr_later("Conflict"),
    "delete": tr_later("Delete"),
}
"""Operations on a record, each as a word of its own."""
FIRST_SHOWN = ("conflict", "update", "create")
"""Operations in the order in which one of their records is selected in a new plan."""


def read_at_text(planned: "PlanResult") -> str:
    """Return when the records of a plan were read, and how long it took."""
    return tr(
        "Read at {time}, {seconds} s",
        time=time_or_date(planned.read_at),
        seconds=number(planned.seconds, 1),
    )


def missing_admin_text(planned: "PlanResult") -> str:
    """Return that an administrator has to sign in for the run, or an empty text."""
    plan = planned.plan
    if planned.lacks_admin is None or not (plan.writes or plan.conflicts):
        return ""
    return tr(
        "{account} lacks the role admin; an administrator signs in for the run.", account=planned.account
    )


def conflict_texts(plan: "ProvisionPlan") -> tuple[str, str] | None:
    """Return title and text about the conflicts of a plan, or None without any."""
    conflicts = plan.conflicts
    if not conflicts:
        return None
    title = plural(
        len(conflicts),
        "{count} conflict is left alone: {name}",
        "{count} conflicts are left alone",
        name=conflicts[0].name,
    )
    only_one = len(conflicts) == 1
    return title, f"{translate(conflicts[0].why)}." if only_one else ", ".join(c.name for c in conflicts)


def next_conflict(plan: "ProvisionPlan", key: str) -> str:
    """Return the key of the conflict after the record with `key`, else of the first one. There has to be a conflict."""
    keys = [c.key for c in plan.conflicts]
    place = keys.index(key) + 1 if key in keys else 0
    return keys[place % len(keys)]


def first_shown_change(plan: "ProvisionPlan") -> "RecordChange | None":
    """Return the change that is selected in a new plan, None when every record is kept."""
    return next((c for word in FIRST_SHOWN for c in plan.changes if c.operation == word), None)


def owner_caption(change: "RecordChange", names: dict[str, str]) -> str:
    """Return the service that a parameter belongs to, which distinguishes parameters of the same name."""
    return names.get(change.parent, "") if change.parent.startswith("service:") else ""


def change_summary(change: "RecordChange") -> str:
    """Return in a sentence what differs."""
    columns = ", ".join(change.fields)
    count = len(change.fields)
    if change.operation == "create":
        return plural(count, "Creates a record with {count} field.", "Creates a record with {count} fields.")
    if change.operation == "keep":
        return tr("No changes.")
    if change.doubt is not None:
        return tr("Not created, because it may exist.")
    if not change.fields:
        return tr("Nothing can be written as things are.")
    fields = f"{columns[:1].upper()}{columns[1:]}"
    differing = plural(count, "{fields} differs.", "{fields} differ.", fields=fields)
    if change.operation == "update":
        return tr("{differing} No other field is changed.", differing=differing)
    return tr("{differing} Not changed unless you choose to overwrite it.", differing=differing)


def display_value(value: "FieldValue", names: dict[str, str]) -> str:
    """Return a value as text; a reference to a record that the plan creates is shown by that record's name."""
    if isinstance(value, str):
        return value
    return tr("{record} (made by this plan)", record=names.get(value.key, value.key))
