"""Decides what the page Connect Privilege Manager shows, without widgets."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum
from urllib.parse import urlsplit

from console.connect.connect_facts import ServerFacts, StoredFacts
from console.widgets.steps import Step, StepState
from console.widgets.value_rows import ValueRow
from models.delivery import AnswerKind
from models.intake_event import IntakeEvent
from models.translation_marks import tr_later
from services.common.fault_ids import FaultId
from services.common.secret import Secret
from services.intake.event_fields import FILLED_IN, MappingRow, RowState
from services.language import number, plural, short_duration, time_of_day, tr, translate
from services.servicenow.contract import VARIABLES

WEBHOOK_PATH = ("Admin", "Configuration", "Messaging", "Create")
PROCESS_PATH = ("Admin", "Configuration", "General", "Approval Processes", "Create")
"""Where values are entered, in the words of Privilege Manager."""
WEBHOOK_NAME, CREDENTIAL_NAME = "Approval Console", "Approval Console Intake"
WEBHOOK_EVENT, TEMPLATE = "System Approval Request Event", "Manual Approval Process"
HEADER_NAME, SCHEME = "Authorization", "Bearer "
WORKER_COMMAND = "approval-console worker --intake 8443 --intake-host 0.0.0.0 --intake-certificate FILE --intake-key FILE --intake-name HOST"
INTAKE_PATH = "v1/requests"
CANNOT_BE_SEEN = tr_later("Cannot be seen from here")


class ConnectStep(IntEnum):
    """The steps, by their places."""

    SIGN_IN = 0
    RECEIVE = 1
    WEBHOOK = 2
    TEST_EVENT = 3
    MAP = 4
    PROCESS = 5
    ANSWER = 6


STEP_NAMES = {
    ConnectStep.SIGN_IN: tr_later("Sign in to Privilege Manager"),
    ConnectStep.RECEIVE: tr_later("Receive events"),
    ConnectStep.WEBHOOK: tr_later("Set up the webhook"),
    ConnectStep.TEST_EVENT: tr_later("Receive a test event"),
    ConnectStep.MAP: tr_later("Map the fields"),
    ConnectStep.PROCESS: tr_later("Add an Approval Process"),
    ConnectStep.ANSWER: tr_later("Send answers back"),
}


@dataclass(frozen=True, slots=True)
class VariableCell:
    """One row of the mapping table: shape, variable, field, value, the tones of both, and whether it can be changed."""

    variable: str
    shape: str
    source: str
    value: str
    source_tone: str = "muted"
    value_tone: str = "text"


@dataclass(slots=True)
class ConnectPresenter:
    """State of the page. `token` is the new header value, in memory only, until the page closes."""

    stored: StoredFacts | None = None
    server: ServerFacts | None = None
    token: Secret | None = field(default=None, repr=False)
    webhook_secret: Secret | None = field(default=None, repr=False)
    """The secret of the webhook that answers go to, while it is shown once."""
    waiting_since: datetime | None = None
    waiting_for: frozenset[object] = frozenset()
    """Ids of the events that had been received when the waiting began."""

    # -- waiting ---------------------------------------------------------------------------------------------------

    def begin_waiting(self, now: datetime) -> None:
        """Wait for an event that is not there yet."""
        self.waiting_since = now
        self.waiting_for = frozenset(event.id for event in self._arrived)

    def arrived(self) -> IntakeEvent | None:
        """Return the event that was awaited, once it is there."""
        if self.waiting_since is None:
            return None
        return next((event for event in self._arrived if event.id not in self.waiting_for), None)

    @property
    def _arrived(self) -> tuple[IntakeEvent, ...]:
        return self.stored.events if self.stored is not None else ()

    # -- steps -----------------------------------------------------------------------------------------------------

    def steps(self) -> list[Step]:
        """Return the seven steps; what is done was observed."""
        states = (
            self._sign_in(),
            self._receive(),
            self._webhook(),
            self._test_event(),
            self._map(),
            self._process(),
            self._answer(),
        )
        found = [
            Step(translate(STEP_NAMES[ConnectStep(place)]), state, caption)
            for place, (state, caption) in enumerate(states)
        ]
        first = next((place for place, step in enumerate(found) if step.state is StepState.TODO), None)
        if first is not None and not any(step.state is StepState.NEXT for step in found):
            found[first] = Step(found[first].name, StepState.NEXT, found[first].caption)
        return found

    def next_step(self) -> ConnectStep:
        """Return the step to go on with."""
        steps = self.steps()
        for wanted in (
            (StepState.NEXT, StepState.BAD),
            (StepState.NOTICE, StepState.BLOCKED),
            (StepState.TODO,),
        ):
            for place, step in enumerate(steps):
                if step.state in wanted:
                    return ConnectStep(place)
        return ConnectStep.WEBHOOK

    def progress(self) -> str:
        """Return how many steps are done."""
        steps = self.steps()
        done = sum(step.state is StepState.DONE for step in steps)
        return tr("{done} of {count} done", done=done, count=len(steps))

    def badge(self) -> tuple[str, str, str]:
        """Return text, tone and shape of the badge."""
        if self.stored is None:
            return tr("Reading"), "off", "running"
        if self.waiting_since is not None:
            return tr("Waiting for a test event"), "off", "pending"
        steps = self.steps()
        if self.stored.answers.failed:
            return tr("Answers failed"), "bad", "bad"
        if any(step.state is StepState.BAD for step in steps):
            return tr("Needs attention"), "bad", "bad"
        wanted = [step for place, step in enumerate(steps) if place != ConnectStep.PROCESS]
        if all(step.state is StepState.DONE for step in wanted):
            return tr("Connected"), "good", "good"
        return tr("Not connected yet"), "off", "todo"

    def _sign_in(self) -> tuple[StepState, str]:
        if self.server is None:
            return StepState.RUNNING, tr("Signing in")
        if self.server.problem is not None:
            return StepState.BAD, translate(self.server.problem.cause)
        return StepState.DONE, tr("API client, version {version}", version=self.server.version)

    def _receive(self) -> tuple[StepState, str]:
        if self.stored is None:
            return StepState.TODO, ""
        url = self.intake_url
        if url:
            parts = urlsplit(url)
            if parts.scheme == "https":
                return StepState.DONE, tr("Worker listens on port {port} with TLS", port=str(parts.port))
            return StepState.DONE, tr(
                "Worker listens on port {port}, on its own computer", port=str(parts.port)
            )
        if self.stored.running_workers:
            return StepState.NEXT, tr("The worker runs without the intake")
        return StepState.NEXT, tr("No worker is running")

    def _webhook(self) -> tuple[StepState, str]:
        stored = self.stored
        if stored is None or stored.server is None:
            return StepState.TODO, ""
        if stored.client is None:
            return StepState.TODO, tr("Make a header value")
        since = stored.client.token_since or stored.client.created_at
        if any(event.received_at >= since for event in stored.events):
            return StepState.DONE, tr("Its calls arrive with the right header value")
        if stored.refused is not None and stored.refused.received_at >= since:
            return StepState.BAD, tr("A call with another header value was refused")
        return StepState.NEXT, tr("Enter the new header value") if self.token else tr("Enter the values")

    def _test_event(self) -> tuple[StepState, str]:
        if self.waiting_since is not None:
            return StepState.RUNNING, tr("Waiting since {time}", time=time_of_day(self.waiting_since))
        if not self._arrived:
            return StepState.TODO, tr("No event yet")
        newest = self._arrived[0]
        if newest.status >= 400:
            return StepState.BAD, refusal(newest)
        return StepState.DONE, tr("Received at {time}", time=time_of_day(newest.received_at))

    def _map(self) -> tuple[StepState, str]:
        mapping = self.stored.mapping if self.stored is not None else None
        if mapping is None:
            return StepState.TODO, tr("No event yet")
        count = len(VARIABLES)
        text = tr("{done} of {count} variables mapped", done=count - len(mapping.missing), count=count)
        if not mapping.is_learning:
            return StepState.DONE, text
        if mapping.missing:
            begun = len(mapping.missing) < count - len(FILLED_IN) or self._arrived
            return (StepState.NOTICE, text) if begun else (StepState.TODO, tr("No event yet"))
        return StepState.NOTICE, tr("Requests are not raised yet")

    def _process(self) -> tuple[StepState, str]:
        if any(event.request_id is not None for event in self._arrived):
            return StepState.DONE, tr("An event has raised a request")
        return StepState.ELSEWHERE, tr("From template {name}", name=TEMPLATE)

    def _answer(self) -> tuple[StepState, str]:
        client = self.stored.client if self.stored is not None else None
        if client is not None and client.answer_kind == AnswerKind.WEBHOOK:
            return StepState.DONE, tr("To a webhook instead")
        if self.server is None:
            return StepState.TODO, tr("Reading the Swagger document")
        if self.server.problem is not None:
            return StepState.TODO, tr("Privilege Manager cannot be asked")
        if self.server.answer_problem is not None:
            return StepState.BLOCKED, self.answer_obstacle()
        if self.server.setup is None or self.server.setup.is_confirmed:
            done = self.server.setup is not None
            return StepState.DONE if done else StepState.TODO, tr("Approval operation found in Swagger")
        if self.server.setup.problem is not None:
            return StepState.NOTICE, translate(self.server.setup.problem.problem.cause)
        return StepState.NOTICE, tr("Confirm what is filled in")

    def answer_obstacle(self) -> str:
        """Return why the approval operation cannot be used, or nothing."""
        problem = self.server.answer_problem if self.server is not None else None
        if problem is None:
            return ""
        if problem.fault == FaultId.PRIVILEGE_MANAGER_OPERATION_MISSING:
            return tr("This server's Swagger has no approval operation")
        return translate(problem.cause)

    # -- values ----------------------------------------------------------------------------------------------------

    @property
    def intake_url(self) -> str:
        """Where a worker serves the intake; one with TLS first."""
        urls = self.stored.intake_urls if self.stored is not None else ()
        return next((url for url in urls if url.startswith("https")), urls[0] if urls else "")

    def webhook_values(self) -> list[ValueRow]:
        """Return what is entered for the webhook."""
        return [
            ValueRow(tr("Name"), WEBHOOK_NAME),
            ValueRow("Webhook Event", WEBHOOK_EVENT),
            ValueRow("Request URL", f"{self.intake_url or 'https://HOST:8443/'}{INTAKE_PATH}"),
            ValueRow("Credential", CREDENTIAL_NAME),
            ValueRow("Header name", HEADER_NAME),
            self._header_value(),
        ]

    def _header_value(self) -> ValueRow:
        client, token = self.stored.client if self.stored is not None else None, self.token
        if token is not None:
            since = client.token_since or client.created_at if client is not None else None
            note = tr("New since {time}", time=time_of_day(since)) if since is not None else ""
            return ValueRow("Header value", SCHEME, True, lambda: SCHEME + token.reveal(), note)
        note = tr("Shown once, when it was made") if client is not None else tr("Not made yet")
        return ValueRow("Header value", SCHEME, True, None, note)

    # -- the last event ----------------------------------------------------------------------------------------------

    def event_caption(self) -> str:
        """Return when the last event came, from where, and how large it was; or why there is none."""
        if not self._arrived:
            refused = self.stored.refused if self.stored is not None else None
            nothing = tr("No event yet")
            return f"{nothing}. {refusal(refused)}" if refused is not None else nothing
        newest = self._arrived[0]
        parts = [
            time_of_day(newest.received_at, seconds=True),
            tr("from {sender}", sender=newest.sender),
            size_text(newest.size),
        ]
        if newest.status >= 400:
            reason = f"{newest.status} {newest.fault}"
            parts.append(tr("refused: {reason}", reason=reason))
        else:
            empty = sum(row.state in (RowState.NOT_IN_EVENT, RowState.NOT_MAPPED) for row in self.rows())
            if empty:
                parts.append(plural(empty, "{count} variable empty", "{count} variables empty"))
        return ", ".join(parts)

    def more_events(self) -> str:
        """Return the text of the link to the other events, or nothing."""
        more = len(self._arrived) - 1
        return plural(more, "{count} more", "{count} more") if more > 0 else ""

    def variables(self) -> list[VariableCell]:
        """Return the rows of the mapping table."""
        return [_variable_cell(row, has_event=bool(self._arrived)) for row in self.rows()]

    def rows(self) -> tuple[MappingRow, ...]:
        """Return the state of each variable."""
        mapping = self.stored.mapping if self.stored is not None else None
        if mapping is not None:
            return mapping.rows
        return tuple(
            MappingRow(name, RowState.FILLED_IN if name in FILLED_IN else RowState.UNKNOWN)
            for name in VARIABLES
        )

    def suggestions(self) -> dict[str, str]:
        """Return the suggested pointer of each variable that has one."""
        return {row.variable: row.source for row in self.rows() if row.state is RowState.SUGGESTED}

    def mapping_offer(self) -> str:
        """Return what the button above the table does now, or nothing."""
        mapping = self.stored.mapping if self.stored is not None else None
        if mapping is None or not mapping.is_learning:
            return ""
        count = len(self.suggestions())
        if count:
            return plural(count, "Use {count} suggestion", "Use {count} suggestions")
        return "" if mapping.missing else tr("Raise requests")

    # -- answers sent back -------------------------------------------------------------------------------------------

    def answer_figures(self) -> list[tuple[str, str, str]]:
        """Return name, value and tone of each figure."""
        figures = self.stored.answers if self.stored is not None else None
        if figures is None:
            return []
        slowest = short_duration(figures.slowest.total_seconds()) if figures.slowest is not None else "–"
        last = time_of_day(figures.last_at) if figures.last_at is not None else "–"
        if figures.last_number:
            last = f"{figures.last_number}, {last}"
        return [
            (tr("Delivered"), number(figures.delivered), "text"),
            (tr("Pending"), number(figures.pending), "text"),
            (tr("Failed"), number(figures.failed), "bad" if figures.failed else "text"),
            (tr("Slowest"), slowest, "text"),
            (tr("Last delivered"), last, "text"),
        ]


def process_values() -> list[ValueRow]:
    """Return what is entered for the Approval Process in Privilege Manager."""
    return [
        ValueRow("Template", TEMPLATE),
        ValueRow(tr("Name"), WEBHOOK_NAME),
        ValueRow("Webhook Event", WEBHOOK_EVENT),
    ]


def refusal(event: IntakeEvent) -> str:
    """Return when and why a call was refused, and from where it came."""
    reason = f"{event.status} {event.fault}"
    return tr(
        "Refused at {time} from {sender}: {reason}",
        time=time_of_day(event.received_at),
        sender=event.sender,
        reason=reason,
    )


def size_text(size: int) -> str:
    """Return a number of bytes for people."""
    return tr("{size} KB", size=number(size / 1000, 1)) if size >= 1000 else tr("{size} bytes", size=size)


def _variable_cell(row: MappingRow, *, has_event: bool) -> VariableCell:
    choose = tr("Choose a field or a fixed value")
    match row.state:
        case RowState.FILLED_IN:
            return VariableCell(
                row.variable,
                "good",
                tr("Approval Process"),
                tr("Filled in by this console"),
                value_tone="muted",
            )
        case RowState.MAPPED:
            return VariableCell(row.variable, "good", row.source, row.value)
        case RowState.FIXED:
            return VariableCell(row.variable, "good", tr("Fixed value"), row.value)
        case RowState.LEFT_EMPTY:
            return VariableCell(row.variable, "off", tr("Left empty"), "")
        case RowState.SUGGESTED:
            source = tr("{field} suggested", field=row.source)
            return VariableCell(row.variable, "todo", source, row.value, value_tone="muted")
        case RowState.NOT_IN_EVENT:
            return VariableCell(
                row.variable, "off", row.source, tr("Empty in this event"), value_tone="muted"
            )
        case RowState.NOT_MAPPED:
            return VariableCell(row.variable, "notice", tr("Not mapped"), choose, "notice", "link")
        case RowState.UNKNOWN:
            return VariableCell(row.variable, "todo", "–", choose if has_event else "", value_tone="link")
