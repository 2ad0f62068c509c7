"""Decides what the page Move off passwords shows, without widgets."""

from dataclasses import dataclass, field
from enum import IntEnum

from console.move_off.move_facts import MoveFacts
from console.widgets.steps import Step, StepState
from models.sign_in import METHODS, SignInMethod
from models.translation_marks import tr_later
from models.user_credential import UserCredential
from services.language import date_time, number, plural, tr, translate, translate_message
from services.servicenow.basic_auth_restriction import Restriction, RestrictionState
from services.sign_in_probe import ProbeRow, RowResult, RowState, SignInProbe
from services.sign_in_switch.checklist import ELSEWHERE, ChecklistEntry, build_checklist
from services.sign_in_switch.comparison import (
    VERDICT_WORDS,
    ComparisonRow,
    Verdict,
    compare_rehearsals,
    is_good,
)

VERDICT_SHAPES = {
    Verdict.SAME: "good",
    Verdict.GOOD: "good",
    Verdict.WORSE: "notice",
    Verdict.FAILED: "bad",
    Verdict.OPEN: "todo",
}
ROW_SHAPES = {
    RowState.OK: "good",
    RowState.FAILED: "bad",
    RowState.CANNOT_BE_DISTINGUISHED: "off",
    RowState.SKIPPED: "off",
}


class MoveStep(IntEnum):
    """The steps, by their places."""

    METHOD = 0
    PREPARE = 1
    ENTER = 2
    PROBE = 3
    REHEARSE = 4
    SWITCH = 5
    REMOVE = 6


STEP_NAMES = {
    MoveStep.METHOD: tr_later("Choose the method"),
    MoveStep.PREPARE: tr_later("Prepare ServiceNow"),
    MoveStep.ENTER: tr_later("Enter client ID and secret"),
    MoveStep.PROBE: tr_later("Probe"),
    MoveStep.REHEARSE: tr_later("Rehearse"),
    MoveStep.SWITCH: tr_later("Switch"),
    MoveStep.REMOVE: tr_later("Remove the password"),
}
SHORT_METHODS = {
    SignInMethod.BASIC: tr_later("basic"),
    SignInMethod.CLIENT_CREDENTIALS: "OAuth",
    SignInMethod.PASSWORD_GRANT: "OAuth",
    SignInMethod.JWT_BEARER: "OAuth",
    SignInMethod.CERTIFICATE: tr_later("certificate"),
}


class Rehearsing(IntEnum):
    """Which rehearsal runs."""

    NONE = 0
    BEFORE = 1
    AFTER = 2


@dataclass(frozen=True, slots=True)
class SettingRow:
    """One row of the checklist: its shape, and the texts as they are shown."""

    shape: str
    name: str
    value: str
    where: str
    spoken: str
    """What a screen reader says of the shape."""


@dataclass(frozen=True, slots=True)
class PartRow:
    """A row of the comparison or of the probe: texts, and a shape with its word."""

    texts: tuple[str, ...]
    shape: str
    word: str


@dataclass(slots=True)
class MovePresenter:
    """State of the page."""

    facts: MoveFacts | None = None
    method: SignInMethod | None = None
    restriction: Restriction | None = None
    probe: SignInProbe | None = None
    probe_rows: dict[ProbeRow, RowResult] = field(default_factory=dict)
    probing: bool = False
    rehearsing: Rehearsing = Rehearsing.NONE

    # -- state ---------------------------------------------------------------------------------------------------

    @property
    def is_switched(self) -> bool:
        """Whether a switch is in effect."""
        return self.facts is not None and self.facts.receipt is not None

    @property
    def target(self) -> UserCredential | None:
        """The chosen credential."""
        return self.facts.target if self.facts is not None else None

    @property
    def is_working(self) -> bool:
        """Whether a probe or a rehearsal runs."""
        return self.probing or bool(self.rehearsing)

    @property
    def can_try(self) -> bool:
        """Whether the new sign-in can be probed and rehearsed."""
        facts = self.facts
        return (
            facts is not None
            and facts.target is not None
            and facts.target.method is self.method
            and not facts.missing
            and not facts.lacks_certificate
            and not self.probing
            and not self.rehearsing
        )

    def comparison(self) -> tuple[ComparisonRow, ...]:
        """Return the rehearsals side by side."""
        facts = self.facts
        return compare_rehearsals(facts.before, facts.after) if facts is not None else ()

    def reason(self) -> str:
        """Return why the switch cannot be made yet, or an empty text."""
        facts = self.facts
        if facts is None or facts.server is None:
            return tr("Reading")
        if facts.source is None:
            return tr("The server has no User Credential")
        if self.method is None:
            return tr("Choose the method first")
        if facts.target is None or facts.target.method is not self.method:
            return tr("Choose the User Credential first")
        if facts.lacks_certificate:
            return tr("The server has no client certificate")
        if facts.missing:
            return tr("Enter the {secret} first", secret=translate(facts.missing[0]))
        return self._untried(facts)

    def _untried(self, facts: MoveFacts) -> str:
        """Return what the new sign-in has not shown yet."""
        if self.probing or self.rehearsing:
            return tr("Wait until it has ended")
        if self.probe is None:
            return tr("Probe the sign-in first")
        if not self.probe.is_good:
            return tr("The probe was not good")
        if facts.after is None:
            return tr("Rehearse with the new sign-in first")
        return "" if is_good(self.comparison()) else tr("The second rehearsal failed")

    def can_switch(self) -> bool:
        """Whether the switch can be made."""
        return not self.is_switched and not self.reason()

    # -- steps ---------------------------------------------------------------------------------------------------

    def steps(self) -> list[Step]:
        """Return the seven steps; what is done was observed."""
        states = (
            self._method(),
            self._prepare(),
            self._enter(),
            self._probe(),
            self._rehearse(),
            self._switch(),
            self._remove(),
        )
        found = [
            Step(translate(STEP_NAMES[MoveStep(place)]), state, caption)
            for place, (state, caption) in enumerate(states)
        ]
        if self.method is SignInMethod.CERTIFICATE:
            enter = found[MoveStep.ENTER]
            found[MoveStep.ENTER] = Step(tr("Enter the certificate"), enter.state, enter.caption)
        first = next((place for place, step in enumerate(found) if step.state is StepState.TODO), None)
        if first is not None and not any(step.state is StepState.RUNNING for step in found):
            found[first] = Step(found[first].name, StepState.NEXT, found[first].caption)
        return found

    def next_step(self) -> MoveStep:
        """Return the step to go on with."""
        steps = self.steps()
        wanted = (StepState.BAD, StepState.RUNNING, StepState.NEXT)
        found = (MoveStep(place) for place, step in enumerate(steps) if step.state in wanted)
        return next(found, MoveStep.SWITCH)

    def progress(self) -> str:
        """Return how many steps are done."""
        steps = self.steps()
        done = sum(step.state is StepState.DONE for step in steps)
        return tr("{done} of {count} done", done=done, count=len(steps))

    def badge(self) -> tuple[str, str, str]:
        """Return text, tone and shape of the badge."""
        facts = self.facts
        if facts is None:
            return tr("Reading"), "off", "running"
        if facts.receipt is not None:
            failed = bool(facts.failed_poll)
            return (tr("Polling fails"), "bad", "bad") if failed else (tr("Switched"), "good", "good")
        if self.probing:
            return tr("Probing"), "off", "running"
        if self.rehearsing:
            return tr("Rehearsing"), "off", "running"
        if self.can_switch():
            return tr("Ready to switch"), "good", "good"
        if self.probe is not None and self.probe.is_failed:
            return tr("Probe failed"), "bad", "bad"
        if facts.after is not None and not facts.after.ok:
            return tr("Rehearsal failed"), "bad", "bad"
        return tr("Not ready yet"), "off", "todo"

    def _method(self) -> tuple[StepState, str]:
        if self.method is None:
            return StepState.TODO, tr("OAuth 2.0 or a client certificate")
        return StepState.DONE, translate(METHODS[self.method].label)

    def _prepare(self) -> tuple[StepState, str]:
        entries = self.entries()
        if not entries:
            return StepState.TODO, tr("The checklist follows the method")
        visible = [one for one in entries if one.confirmed_by is not None]
        confirmed = sum(self._is_confirmed(one) for one in visible)
        hidden = len(entries) - len(visible)
        caption = tr(
            "{confirmed} confirmed, {hidden} cannot be seen",
            confirmed=number(confirmed),
            hidden=number(hidden),
        )
        if confirmed == len(visible):
            return StepState.DONE, caption
        if self.probe is None:
            count = plural(len(entries), "{count} setting in ServiceNow", "{count} settings in ServiceNow")
            return StepState.ELSEWHERE, count
        return StepState.NOTICE, caption

    def _enter(self) -> tuple[StepState, str]:
        facts = self.facts
        if facts is None or facts.target is None or facts.target.method is not self.method:
            return StepState.TODO, tr("Choose the User Credential")
        if facts.lacks_certificate:
            return StepState.NOTICE, tr("The server has no client certificate")
        if facts.missing:
            return StepState.NOTICE, tr("Enter the {secret}", secret=translate(facts.missing[0]))
        return StepState.DONE, tr("User Credential {name}", name=facts.target.name)

    def _probe(self) -> tuple[StepState, str]:
        if self.probing:
            return StepState.RUNNING, tr("Probing")
        if self.probe is None:
            return StepState.TODO, tr("Not probed yet")
        if self.probe.is_good:
            return StepState.DONE, tr("Accepted on REST and SOAP")
        if self.probe.is_failed:
            return StepState.BAD, translate_message(self.probe.findings[0].evidence)
        return StepState.NOTICE, tr("Cannot be distinguished from here")

    def _rehearse(self) -> tuple[StepState, str]:
        if self.rehearsing is Rehearsing.BEFORE:
            return StepState.RUNNING, tr("With the present sign-in")
        if self.rehearsing is Rehearsing.AFTER:
            return StepState.RUNNING, tr("With the new sign-in")
        facts = self.facts
        if facts is None or (facts.before is None and facts.after is None):
            return StepState.TODO, tr("Before and after, with a request each")
        if facts.after is None:
            return StepState.TODO, tr("Made before; once more with the new sign-in")
        rows = self.comparison()
        if not is_good(rows):
            return StepState.BAD, facts.after.problem or tr("The second rehearsal failed")
        if facts.after.user_shown is False:
            return StepState.NOTICE, tr("Good; user not shown")
        if any(row.verdict is Verdict.WORSE for row in rows):
            return StepState.DONE, tr("Good, and slower or with more calls")
        same = facts.before is not None and facts.before.ok
        return StepState.DONE, tr("Same result before and after") if same else tr("Good after")

    def _switch(self) -> tuple[StepState, str]:
        facts = self.facts
        if facts is not None and facts.receipt is not None:
            return StepState.DONE, tr("Switched {time}", time=date_time(facts.receipt.switched_at))
        return StepState.TODO, tr("One transaction, no restart")

    def _remove(self) -> tuple[StepState, str]:
        if self.is_switched and self.facts is not None and not self.facts.has_password:
            return StepState.DONE, tr("Undo asks for it again")
        return StepState.TODO, tr("After that, Undo asks for it again")

    # -- the right side ------------------------------------------------------------------------------------------

    def entries(self) -> tuple[ChecklistEntry, ...]:
        """Return the checklist of the chosen method, for the chosen credential or the account of the present one."""
        if self.method is None or self.facts is None:
            return ()
        credential = self.facts.target
        if credential is None or credential.method is not self.method:
            account = self.facts.source.account if self.facts.source is not None else ""
            credential = UserCredential.of_values({"name": "", "account": account})
        return build_checklist(self.method, credential)

    def settings(self) -> list[SettingRow]:
        """Return the rows of the checklist."""
        return [self._setting(one) for one in self.entries()]

    def _setting(self, entry: ChecklistEntry) -> SettingRow:
        where, shape = translate_message(entry.where), "todo"
        spoken = tr("not confirmed yet")
        where = translate(where)
        if entry.confirmed_by is None:
            shape, spoken = "off", translate(ELSEWHERE)
            where = f"{where}; {spoken}"
        elif self._is_confirmed(entry):
            shape, spoken = "good", tr("confirmed by the probe")
        elif self.probe is not None:
            shape, spoken = "notice", tr("not confirmed by the probe")
        return SettingRow(shape, translate(entry.name), translate(entry.value), where, spoken)

    def _is_confirmed(self, entry: ChecklistEntry) -> bool:
        row = self.probe_rows.get(entry.confirmed_by) if entry.confirmed_by is not None else None
        return row is not None and row.state is RowState.OK

    def comparison_heads(self) -> tuple[str, str]:
        """Return the heads of the columns before and after."""
        facts = self.facts
        before = facts.source.method if facts is not None and facts.source is not None else SignInMethod.BASIC
        heads = [tr("Before, {method}", method=translate(SHORT_METHODS[before]))]
        after = translate(SHORT_METHODS[self.method]) if self.method is not None else ""
        heads.append(tr("After, {method}", method=after) if after else tr("After"))
        return heads[0], heads[1]

    def comparison_rows(self) -> list[PartRow]:
        """Return the rows of the comparison as they are shown."""
        return [
            PartRow(
                (translate(row.name), translate_message(row.before), translate_message(row.after)),
                VERDICT_SHAPES[row.verdict],
                translate(VERDICT_WORDS[row.verdict]),
            )
            for row in self.comparison()
        ]


def show_stored_probe(presenter: MovePresenter, stored: SignInProbe | None) -> None:
    """Let a page show the probe in the store; its own one stays, as the texts of that can be translated."""
    shown = presenter.probe
    if presenter.probing or (stored is not None and shown is not None and shown.at == stored.at):
        return
    presenter.probe = stored
    presenter.probe_rows = {row.row: row for row in stored.rows} if stored is not None else {}


def reason_wordings(presenter: MovePresenter) -> tuple[str, ...]:
    """Return why the switch cannot be made yet, in wordings for less and less room."""
    reason = presenter.reason()
    step = next((one.name for one in presenter.steps() if one.state is StepState.NEXT), "")
    return (reason, tr("{step} first", step=step)) if reason and step else (reason,)


def restriction_texts(found: Restriction | None) -> tuple[str, str]:
    """Return what is known of the restriction, and of its date."""
    if found is None:
        return tr("Reading whether this instance restricts basic authentication."), ""
    at = date_time(found.enforced_from) if found.enforced_from is not None else ""
    if found.state is RestrictionState.ENFORCED:
        return tr("This instance blocks basic authentication."), tr("Since {date}", date=at) if at else ""
    if found.state is RestrictionState.TRACKED:
        caption = tr("It blocks it from {date}", date=at) if at else tr("No date is set")
        return tr("This instance records basic authentication."), caption
    if found.state is RestrictionState.OFF:
        return tr("This instance does not restrict basic authentication."), tr("The switch is off")
    caption = at or tr("Its date cannot be read with this account")
    return tr("This instance may block basic authentication."), caption


def changes(facts: MoveFacts | None) -> list[tuple[str, str]]:
    """Return what the switch changes."""
    if facts is None:
        return []
    count = facts.open_requests
    polled = facts.next_poll_s
    return [
        (tr("Credential now"), facts.source.name if facts.source is not None else "-"),
        (tr("Credential then"), facts.target.name if facts.target is not None else "-"),
        (tr("Open requests"), tr("{count}, not touched", count=number(count)) if count else tr("None")),
        (
            tr("Next call with it"),
            tr("Polling, in {seconds} s", seconds=number(polled))
            if polled is not None
            else tr("The next call"),
        ),
        (tr("Undo"), tr("1 click, any time")),
    ]
