"""What the page of the workflow shows for what its servers say. No Qt here."""

from dataclasses import dataclass

from console.actions.text_sets import TextSets
from console.demo.workflow_facts import ItemApproval, WorkflowFacts
from console.widgets.steps import Step, StepState
from console.widgets.window_content import WindowContent, WindowState
from models.delivery import DeliveryState
from models.kinds import RequestState
from models.window_texts import DEFAULT_LANGUAGE
from services.language import join_names, tr

PENDING, APPROVED, DENIED = "Pending", "Approved", "Denied"
"""States of an approval as Privilege Manager writes them."""
_WINDOW_STATES = {APPROVED: WindowState.APPROVED, DENIED: WindowState.DENIED}
_SHAPES = {"approved": "good", APPROVED: "good", "rejected": "bad", DENIED: "bad", "requested": "pending"}


@dataclass(frozen=True, slots=True)
class FactRow:
    """A row of a pane: its name, what a server says, and a status shape."""

    name: str
    value: str = ""
    shape: str = ""


def window_state(facts: WorkflowFacts) -> WindowState:
    """Return the state of the endpoint's window: what Privilege Manager says of the approval."""
    if facts.approval is None:
        return WindowState.ASKING
    return _WINDOW_STATES.get(facts.approval.status, WindowState.PENDING)


def window_content(
    facts: WorkflowFacts, sets: TextSets, entered: tuple[str, str, str], error: str
) -> WindowContent:
    """Return the endpoint's window; `entered` are program, user and reason."""
    application, user, reason = entered
    state = window_state(facts)
    words = {
        WindowState.PENDING: tr("Pending"),
        WindowState.APPROVED: tr("Approved"),
        WindowState.DENIED: tr("Denied"),
    }
    if facts.approval is not None:
        application, user = facts.approval.file_path, facts.approval.user
    return sets.content(
        DEFAULT_LANGUAGE,
        state=state,
        application=application,
        user=user,
        reason=reason,
        status=words.get(state, ""),
        error=error,
    )


def waiting_approval(facts: WorkflowFacts) -> ItemApproval | None:
    """Return the approval that waits for its approver."""
    approvals = facts.item.approvals if facts.item is not None else ()
    return next((one for one in approvals if one.state == "requested"), None)


def steps(facts: WorkflowFacts, *, working: bool) -> list[Step]:
    """Return the way of the approval: each part is done when it was observed."""
    request, delivery, approval = facts.request, facts.delivery, facts.approval
    taken = facts.event_status is not None and 200 <= facts.event_status < 300
    is_final = request is not None and RequestState(request.state).is_final
    decided = [one for one in facts.item.approvals if one.state in _SHAPES] if facts.item is not None else []
    who = join_names([one.approver for one in decided])
    answered = approval is not None and approval.status in _WINDOW_STATES
    captions = (
        approval.computer if approval is not None else tr("A program needs approval"),
        tr("HTTP {status}", status=facts.event_status) if facts.event_status is not None else "",
        facts.item.number if facts.item is not None else "",
        who if request is not None else "",
        _answer_caption(facts) if delivery is not None else "",
    )
    done = (approval is not None, taken, facts.item is not None, is_final, answered)
    names = (
        tr("Endpoint asks"),
        tr("Event received"),
        tr("Raised in ServiceNow"),
        tr("Approver decides"),
        tr("Answer arrived"),
    )
    next_place = done.index(False) if False in done else len(done)
    failed = (delivery is not None and delivery.state == DeliveryState.FAILED and 4) or -1
    return [
        Step(name, _state(place, next_place, working=working, failed=place == failed), caption)
        for place, (name, caption) in enumerate(zip(names, captions, strict=True))
    ]


def _state(place: int, next_place: int, *, working: bool, failed: bool) -> StepState:
    if failed:
        return StepState.BAD
    if place < next_place:
        return StepState.DONE
    if place > next_place:
        return StepState.TODO
    return StepState.RUNNING if working else StepState.NEXT


def _answer_caption(facts: WorkflowFacts) -> str:
    """Return how the answer stands, as the outbox has it."""
    delivery = facts.delivery
    if delivery is None:
        return ""
    texts = {
        DeliveryState.PENDING: tr("pending"),
        DeliveryState.DELIVERED: tr("delivered"),
        DeliveryState.FAILED: tr("failed"),
    }
    return texts[DeliveryState(delivery.state)]


def servicenow_rows(facts: WorkflowFacts) -> list[FactRow]:
    """Return the pane of ServiceNow: the requested item and its approvals."""
    item = facts.item
    if item is None:
        names = (
            tr("Requested item"),
            tr("Policy"),
            tr("Program"),
            tr("Reason"),
            tr("Computer"),
            tr("Approval"),
        )
        return [FactRow(name, "–") for name in names]
    values = item.variables
    rows = [
        FactRow(tr("Requested item"), f"{item.number}, {item.approval}", _SHAPES.get(item.approval, "")),
        FactRow(tr("Policy"), values.get("PMPolicyName", "")),
        FactRow(tr("Program"), values.get("PMFilePath", "")),
        FactRow(tr("Reason"), values.get("PMUserReason", "")),
        FactRow(tr("Computer"), values.get("PMAgentName", "")),
    ]
    for one in item.approvals:
        said = tr("{approver}: {state}", approver=one.approver, state=one.state)
        rows.append(FactRow(tr("Approval"), said, _SHAPES.get(one.state, "")))
        rows.append(FactRow(tr("Comment"), one.comment or "–"))
    return rows


def privilege_manager_rows(facts: WorkflowFacts) -> list[FactRow]:
    """Return the pane of Privilege Manager: the policy, and the approval with the answer that arrived."""
    policy, approval = facts.policy, facts.approval
    states = {True: tr("active"), False: tr("inactive"), None: tr("unknown")}
    shapes = {True: "good", False: "off", None: "off"}
    name = tr("{name}, {state}", name=policy.name, state=states[policy.active]) if policy.name else "–"
    rows = [
        FactRow(tr("Policy"), name, shapes[policy.active] if policy.name else ""),
        FactRow(tr("Action"), ", ".join(policy.actions) or "–"),
        FactRow(tr("Computers"), ", ".join(policy.computers) or "–"),
    ]
    if approval is None:
        names = (tr("Approval"), tr("Status"), tr("Comment"))
        return rows + [FactRow(name, "–") for name in names]
    status = approval.status or PENDING
    return [
        *rows,
        FactRow(tr("Approval"), approval.approval_id),
        FactRow(tr("Status"), status, _SHAPES.get(status, "pending")),
        FactRow(tr("Comment"), approval.comment or "–"),
    ]


def console_line(facts: WorkflowFacts) -> tuple[str, str]:
    """Return shape and text of what this console knows: the request, and its answer."""
    request, delivery = facts.request, facts.delivery
    if request is None:
        return "todo", tr("Continue asks Privilege Manager for an approval")
    number = request.number or request.approval_id
    if delivery is None:
        return "pending", tr("{number}, {state}", number=number, state=request.state)
    shape = {DeliveryState.PENDING: "running", DeliveryState.FAILED: "bad"}
    text = tr(
        "{number}, {state}, answer {answer}",
        number=number,
        state=request.state,
        answer=_answer_caption(facts),
    )
    return shape.get(DeliveryState(delivery.state), "good"), text
