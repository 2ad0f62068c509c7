"""What the window of an endpoint and the console's line below it show for a request. No Qt here."""

from dataclasses import dataclass
from enum import StrEnum

from console.actions.text_sets import TextSets
from console.widgets.utf16 import utf16_length
from console.widgets.window_content import REASON_MAX, WindowContent, WindowState
from models.approval_request import ApprovalRequest
from models.kinds import RequestState
from models.window_texts import DEFAULT_LANGUAGE
from services.common.errors import Problem
from services.language import join_names, tr, translate

_WINDOW_STATES = {
    RequestState.SUBMITTING: WindowState.PENDING,
    RequestState.PENDING: WindowState.PENDING,
    RequestState.APPROVED: WindowState.APPROVED,
    RequestState.FAILED: WindowState.ASKING,
}
"""States of the window by states of the request; all others are denied at an endpoint."""


class Work(StrEnum):
    """What is going on."""

    NONE = "none"
    RAISING = "raising"
    ASKING = "asking"
    CANCELLING = "cancelling"


@dataclass(frozen=True, slots=True)
class FootLine:
    """The line below the frame: a status shape and what happened."""

    shape: str
    text: str
    can_open: bool = False


@dataclass(slots=True)
class EndpointState:
    """One window: the texts, the program, the user, and the request once there is one."""

    sets: TextSets
    server_name: str
    application: str
    user: str
    language: str = DEFAULT_LANGUAGE
    reason: str = ""
    request: ApprovalRequest | None = None
    problem: Problem | None = None
    """Why the last call failed."""
    work: Work = Work.NONE
    asked: tuple[str, ...] = ()
    decided: tuple[str, ...] = ()
    """Who is asked to decide, and who has decided."""

    @property
    def window_state(self) -> WindowState:
        """The state of the window."""
        if self.request is None:
            return WindowState.ASKING
        return _WINDOW_STATES.get(RequestState(self.request.state), WindowState.DENIED)

    @property
    def is_open(self) -> bool:
        """Whether there is a request that can still change."""
        return self.request is not None and not RequestState(self.request.state).is_final

    @property
    def content(self) -> WindowContent:
        """What the window shows."""
        state = self.window_state
        words = {
            WindowState.PENDING: tr("Pending"),
            WindowState.APPROVED: tr("Approved"),
            WindowState.DENIED: tr("Denied"),
        }
        return self.sets.content(
            self.language,
            state=state,
            application=self.application,
            user=self.user,
            reason=self.reason,
            status=words.get(state, ""),
            error=translate(self.problem.cause) if self.problem is not None else self._failure,
        )

    @property
    def _failure(self) -> str:
        request = self.request
        failed = request is not None and request.state == RequestState.FAILED
        return request.error if failed and request is not None else ""

    def foot(self, reason: str) -> FootLine:
        """Return the line for a typed reason."""
        if self.work is Work.RAISING:
            return FootLine("running", tr("Raising the request"))
        if self.work is Work.CANCELLING:
            return FootLine("running", tr("Cancelling the request"), can_open=True)
        if self.problem is not None:
            return FootLine("bad", translate(self.problem.remedy), can_open=self.request is not None)
        request = self.request
        if request is None:
            return FootLine(
                "todo",
                tr(
                    "Continue raises a real request, {count} of {most}",
                    count=utf16_length(reason),
                    most=REASON_MAX,
                ),
            )
        shape, text = self._what_happened(request)
        number = request.number or request.external_id or tr("The request")
        return FootLine(shape, tr("{number}, {what}", number=number, what=text), can_open=True)

    def _what_happened(self, request: ApprovalRequest) -> tuple[str, str]:
        state = RequestState(request.state)
        if state is RequestState.PENDING:
            names = list(self.asked) or [name for name in request.waits_for.split("\n") if name]
            if names:
                return "pending", tr("waits for {names}", names=join_names(names))
            return "pending", tr("pending")
        if state is RequestState.SUBMITTING:
            return "pending", tr("not known to ServiceNow yet")
        who = join_names(list(self.decided))
        texts = {
            RequestState.APPROVED: ("good", tr("approved by {name}", name=who) if who else tr("approved")),
            RequestState.REJECTED: ("bad", tr("rejected by {name}", name=who) if who else tr("rejected")),
            RequestState.INVALID: ("bad", tr("unknown in ServiceNow")),
            RequestState.TIMED_OUT: ("off", tr("timed out")),
            RequestState.CANCELLED: ("off", tr("cancelled")),
            RequestState.FAILED: ("bad", tr("not raised")),
        }
        return texts[state]
