"""What this console can do about a link: buttons that run what puts it right, or open the place where it is done."""

from typing import TYPE_CHECKING

from console.checks.remedies import RemedyAction
from console.forms.object_page import FIELD_COMMAND_PREFIX
from console.runtime.page_targets import FOLDER, POLICIES, PROVISIONING, Target
from models.kinds import KINDS, Kind
from models.translation_marks import tr_later
from services.approval_chain import ChainLink, LinkObject, RemedyAct
from services.common.fault_ids import FaultId
from services.language import tr

if TYPE_CHECKING:
    from console.runtime.context import Context

PLAN_TAB = "Plan"
_TEXTS = {
    RemedyAct.WRITE_CORRECTED_COPY: tr_later("Write corrected copy…"),
    RemedyAct.WRITE_COPY: tr_later("Write copy…"),
    RemedyAct.CHOOSE_EXPORT: tr_later("Choose an export…"),
    RemedyAct.ADD_ACTION: tr_later("Add action…"),
    RemedyAct.CREATE_POLICY: tr_later("Plan the policy…"),
    RemedyAct.ENABLE_POLICY: tr_later("Plan the policy…"),
    RemedyAct.APPLY_PLAN: tr_later("Plan the policy…"),
    RemedyAct.OPEN_ITEM: tr_later("Open in Privilege Manager"),
    RemedyAct.CREATE_ACTION: tr_later("New action…"),
    RemedyAct.CREATE_PROCESS: tr_later("New Approval Process…"),
    RemedyAct.PROVISION: tr_later("Review plan"),
    RemedyAct.CHECK_CONNECTION: tr_later("Check connection"),
}
_FIELDS = {
    FaultId.CHAIN_ACTION_NONE: "action_ids",
    FaultId.CHAIN_ACTION_NOT_IN_POLICY: "action_ids",
    FaultId.CHAIN_APPROVAL_TYPE_NONE: "type_id",
    FaultId.CHAIN_APPROVAL_TYPE_UNKNOWN: "approval_type_guid",
    FaultId.CHAIN_PROCESS_MISSING: "process_id",
    FaultId.CHAIN_SERVER_MISSING: "server_id",
    FaultId.CHAIN_POLICY_UNKNOWN: "item_id",
    FaultId.CHAIN_POLICY_INACTIVE: "active",
    FaultId.REQUEST_ITEM_MISSING: "request_item_id",
    FaultId.REQUEST_ITEM_UNSEEN: "request_item_id",
    FaultId.REQUEST_ITEM_STALE: "request_item_id",
}
"""The field in which a link is put right, where its remedy opens an object."""
_IN_FIELD = (RemedyAct.OPEN_OBJECT, RemedyAct.ADD_ACTION)
_IN_PLAN = (RemedyAct.CREATE_POLICY, RemedyAct.ENABLE_POLICY, RemedyAct.APPLY_PLAN)
_COMMANDS = {
    RemedyAct.WRITE_CORRECTED_COPY: "write_copy",
    RemedyAct.WRITE_COPY: "write_copy",
    RemedyAct.CHOOSE_EXPORT: "choose_export",
    RemedyAct.OPEN_ITEM: "open_item",
}
"""The command of an object's page that puts a link right."""
_WITHOUT_OBJECT = {
    RemedyAct.ADD_ACTION: (tr_later("Choose a policy…"), Target(POLICIES)),
    RemedyAct.CREATE_ACTION: (
        _TEXTS[RemedyAct.CREATE_ACTION],
        Target(f"{FOLDER}:{Kind.ACTION.value}", run="new"),
    ),
    RemedyAct.CREATE_PROCESS: (
        _TEXTS[RemedyAct.CREATE_PROCESS],
        Target(f"{FOLDER}:{Kind.APPROVAL_PROCESS.value}", run="new"),
    ),
}
"""Text and place where a link is put right that has no object here."""


def object_target(link: ChainLink) -> Target | None:
    """Return the page of the object of a link, or None where it is not here."""
    return Target(link.object.kind.value, link.object.id) if link.object is not None else None


def remedy_target(link: ChainLink) -> Target | None:
    """Return where a link is put right in this console, or None."""
    place = link.place or link.object
    if place is None or link.act is RemedyAct.NONE:
        return None
    kind, object_id = place.kind.value, place.id
    if link.act is RemedyAct.CHECK_CONNECTION:
        return Target(kind, object_id, tab="Check", run="check")
    if link.act is RemedyAct.PROVISION:
        return Target(PROVISIONING, tab=str(object_id))
    if link.act in _IN_PLAN:
        return Target(kind, object_id, tab=PLAN_TAB)
    field = _FIELDS.get(FaultId.parse(link.fault or "") or FaultId.CONSOLE_FAULT)
    if link.act in _IN_FIELD and field is not None:
        return Target(kind, object_id, tab="Details", run=f"{FIELD_COMMAND_PREFIX}{field}")
    return Target(kind, object_id, tab="Details", run=_COMMANDS.get(link.act, ""))


def remedy_actions(ctx: "Context", link: ChainLink) -> list[RemedyAction]:
    """Return the buttons of a finding: what puts it right first, then the object itself."""
    found: list[RemedyAction] = []
    elsewhere = _WITHOUT_OBJECT.get(link.act)
    if elsewhere is not None and link.place is None and link.object is None:
        text, there = elsewhere
        return [RemedyAction(tr(text), lambda: ctx.navigate(there))]
    target, place = remedy_target(link), link.place or link.object
    if target is not None and place is not None:
        text = tr(_TEXTS[link.act]) if link.act in _TEXTS else _open_text(place)
        found.append(RemedyAction(text, lambda: ctx.navigate(target)))
    if place is not None and link.act is not RemedyAct.OPEN_OBJECT:
        shown = Target(place.kind.value, place.id)
        found.append(RemedyAction(_open_text(place), lambda: ctx.navigate(shown)))
    return found


def _open_text(place: LinkObject) -> str:
    if place.kind is Kind.PRIVILEGE_MANAGER_SERVER or place.kind is Kind.FOREIGN_SYSTEM:
        return tr("Open server")
    return tr("Open {kind}", kind=tr(KINDS[place.kind].singular))
