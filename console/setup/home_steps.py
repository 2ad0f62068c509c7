"""What the steps of the guide offer, and where their states were read; without widgets."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from console.runtime.page_targets import FOLDER, PROVISIONING, Target
from models.kinds import Kind
from models.reference_lists import dump_references
from models.translation_marks import tr_later
from services.language import time_of_day, tr

if TYPE_CHECKING:
    from services.setup.checklist import SetupFacts
    from services.setup.guide_step import GuidePhase, GuideStep

PROVISIONING_STEPS = (7, 8)
"""The steps about the items in ServiceNow; they open the provisioning page with the server chosen."""
ACTION_NAME = "ServiceNow Approval Request Form Action"
"""The name that the guide gives the action."""
REHEARSAL_STEP = 22
"""The step that raises a request; it starts a rehearsal."""
STORE_CAPTIONS = (
    tr_later("Every step of the guide with its true state, read from the store at {now}"),
    tr_later("Every step with its true state, read from the store at {now}"),
    tr_later("Read from the store at {now}"),
    tr_later("Read at {now}"),
)
SERVER_CAPTIONS = (
    tr_later("Every step of the guide with its true state, read from the store and from {name} at {now}"),
    tr_later("Every step with its true state, read from the store and from {name} at {now}"),
    tr_later("Read from the store and from {name} at {now}"),
    tr_later("Read at {now}"),
)
"""Where the states of the steps were read, longest wording first."""


@dataclass(frozen=True, slots=True)
class StepOffer:
    """What a step offers: to open `target`, to create an object of `new_kind` with `values`, or an external task."""

    word: str
    target: Target | None = None
    new_kind: Kind | None = None
    values: dict[str, object] = field(default_factory=dict)
    external: "GuideStep | None" = None
    """The step whose task in another program is shown."""


def step_offer(step: "GuideStep", facts: "SetupFacts") -> StepOffer | None:
    """Return what a step offers; None for a step that needs nothing."""
    if step.kind is None:
        return _other_offer(step)
    provisioning = step.number in PROVISIONING_STEPS and step.object_id is not None
    word = tr("Open") if step.object_id is not None else tr("Create")
    if step.number == REHEARSAL_STEP:
        word = tr("Rehearse")
    elif provisioning:
        word = tr("Review plan")
    action = facts.privilege_manager.action
    if step.number == REHEARSAL_STEP and action is not None and facts.privilege_manager.copy_seen:
        return StepOffer(tr("Try the window…"), Target(Kind.ACTION.value, action.id, run="try_window"))
    if step.number == REHEARSAL_STEP and facts.process is not None:
        return StepOffer(word, Target(Kind.APPROVAL_PROCESS.value, facts.process.id, run="rehearse"))
    if provisioning:
        return StepOffer(word, Target(PROVISIONING, tab=str(step.object_id)))
    if step.object_id is not None:
        return StepOffer(word, Target(str(step.kind), step.object_id))
    kind = Kind(step.kind)
    return StepOffer(word, new_kind=kind, values=_new_values(kind, facts))


def _other_offer(step: "GuideStep") -> StepOffer | None:
    """Return the offer of a step without an object: a node of the tree, or a task in another program."""
    if step.folder:
        return StepOffer(tr("Show"), Target(f"{FOLDER}:{step.folder}"))
    if step.external is not None:
        return StepOffer(tr("How"), external=step)
    return None


def _new_values(kind: Kind, facts: "SetupFacts") -> dict[str, object]:
    """Return the values of a new object that refer to what exists already."""
    if kind is Kind.FOREIGN_SYSTEM and facts.credential is not None:
        return {"credential_id": facts.credential.id}
    if kind is Kind.APPROVAL_PROCESS and facts.server is not None:
        return {"server_id": facts.server.id}
    if kind is Kind.APPROVAL_TYPE and facts.process is not None:
        return {"process_id": facts.process.id}
    there = facts.privilege_manager
    server_id = None if there.server is None else there.server.id
    if kind is Kind.ACTION:
        type_id = None if facts.approval_type is None else facts.approval_type.id
        return {"server_id": server_id, "type_id": type_id, "name": ACTION_NAME}
    if kind is Kind.POLICY:
        used = [] if there.action is None else [there.action.id]
        return {"server_id": server_id, "action_ids": dump_references(used)}
    return {}


def caption_texts(facts: "SetupFacts") -> list[str]:
    """Return where and when the states were read, longest wording first."""
    now = time_of_day(datetime.now(UTC))
    from_server = facts.services_found is not None and facts.server is not None
    name = facts.server.name if from_server and facts.server else ""
    return [tr(text, name=name, now=now) for text in (SERVER_CAPTIONS if from_server else STORE_CAPTIONS)]


def count_text(phases: "tuple[GuidePhase, ...]", *, short: bool) -> str:
    """Return how many steps are done, or an empty text without any step."""
    done = sum(phase.done for phase in phases)
    total = sum(len(phase.steps) for phase in phases)
    if not total:
        return ""
    if short:
        return tr("{done} of {total}", done=done, total=total)
    return tr("{done} of {total} steps done", done=done, total=total)
