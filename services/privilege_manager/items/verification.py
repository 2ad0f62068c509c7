"""Reads a written copy again and compares it with what it must be, before anybody gets it."""

from dataclasses import dataclass

from services.common.errors import ConsoleError
from services.common.fault_ids import FaultId
from services.language import tr_message
from services.privilege_manager.items.approval_action import ApprovalAction, choose_action
from services.privilege_manager.items.document_error import ItemDocumentError
from services.privilege_manager.items.names import BUILT_IN_ATTRIBUTES, BUILT_IN_IDS
from services.privilege_manager.items.reader import read_items


@dataclass(slots=True)
class Expectation:
    """What a copy must contain. `members` are name space and name in their order."""

    item_id: str
    name: str
    description: str | None
    approval_type_id: str | None
    require_logon: bool | None
    texts: dict[str, dict[str, str]]
    members: list[tuple[str, str]]


def verify_copy(xml: bytes, source: ApprovalAction, expected: Expectation) -> None:
    """Raise ItemDocumentError (action-copy-not-verified) where the copy is not as expected."""
    try:
        copy = choose_action(read_items(xml), expected.item_id)
    except ConsoleError as error:
        raise not_verified(error.problem.evidence) from error
    differences = [name for name, holds in _compare(copy, source, expected).items() if not holds]
    if differences:
        raise not_verified(", ".join(differences))


def _compare(copy: ApprovalAction, source: ApprovalAction, expected: Expectation) -> dict[str, bool]:
    return {
        "number of items": len(copy.document.items) == 1,
        "item id": copy.item.item_id == expected.item_id and expected.item_id not in BUILT_IN_IDS,
        "name": copy.item.name == expected.name,
        "description": copy.item.description == expected.description,
        "attributes": not BUILT_IN_ATTRIBUTES & set(copy.item.attributes),
        "contract": copy.item.element.key == source.item.element.key,
        "approval type": copy.approval_type_id == expected.approval_type_id,
        "require authentication": copy.require_logon == expected.require_logon,
        "order of members": list(copy.item.member_order) == expected.members,
        "texts": copy.texts == expected.texts,
        "names of the view model": _bound(copy) == _bound(source),
    }


def _bound(action: ApprovalAction) -> set[str]:
    return set(action.window.bindings) if action.window is not None else set()


def not_verified(evidence: str) -> ItemDocumentError:
    """Return the error for a copy that must not be handed over."""
    return ItemDocumentError(
        FaultId.ACTION_COPY_NOT_VERIFIED,
        tr_message("The copy does not read as it was asked for."),
        evidence=evidence,
    )
