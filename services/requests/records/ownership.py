"""The rule whether a requested item belongs to a request.

An item belongs to a request if it carries the request's PMApprovalId. If the account does not see that variable, the item
has to be of the process's request item, and other facts have to identify it.
"""

from collections.abc import Collection
from enum import StrEnum

from services.common.errors import Problem, RefusedError
from services.common.uuid_text import parse_uuid
from services.requests.records.item_fields import (
    APPROVAL_ID_VARIABLE,
    VARIABLE_NAME_FIELD,
    VARIABLE_VALUE_FIELD,
)
from services.servicenow.encoded_query import Operator, TableQuery, equals, where


class RecordOwnership(StrEnum):
    """How an item relates to a request. The values are parts of sentences, used as evidence."""

    CARRIES = "carries its PMApprovalId"
    BELONGS = "shows no PMApprovalId, and is of the request item of its process"
    FOREIGN = "carries another PMApprovalId"
    UNPROVEN = "shows no PMApprovalId, and is not of the request item of its process"

    @property
    def is_own(self) -> bool:
        """Whether the item is treated as the request's own."""
        return self in (RecordOwnership.CARRIES, RecordOwnership.BELONGS)


class RecordNotOwnedError(RefusedError):
    """Items were found by the ids of a request, and none of them is known to be its own.

    `contradicted` is False if the id from Create names one of them, and nothing is known that supports or contradicts it.
    """

    def __init__(self, problem: Problem, *, contradicted: bool = True) -> None:
        super().__init__(problem)
        self.contradicted = contradicted


class IdSharedError(RefusedError):
    """The id of a request also names other items, or another item only: no service may be called with it."""


def is_same_id(one: str, other: str) -> bool:
    """Whether two texts are the same id; UUIDs may be written in different forms."""
    known = parse_uuid(one)
    return one == other or (known is not None and known == parse_uuid(other))


def approval_id_query(approval_id: str) -> TableQuery:
    """Return the query of VARIABLE_TABLE for the rows that hold `approval_id`, in any form of a UUID."""
    known = parse_uuid(approval_id)
    if known is None:
        return equals(**{VARIABLE_NAME_FIELD: APPROVAL_ID_VARIABLE, VARIABLE_VALUE_FIELD: approval_id})
    forms = dict.fromkeys((approval_id, str(known), f"{{{known}}}", known.hex, f"{{{known.hex}}}"))
    return where(VARIABLE_NAME_FIELD, Operator.IS, APPROVAL_ID_VARIABLE).where(
        VARIABLE_VALUE_FIELD, Operator.IN, *forms
    )


def record_ownership(
    approval_id: str, visible_ids: Collection[str], cat_item: str, request_items: Collection[str]
) -> RecordOwnership:
    """Return how an item relates to the request with `approval_id`.

    `visible_ids` are the values of PMApprovalId that the account sees at the item, `cat_item` is the request item that was
    ordered, and `request_items` are those of the request's process.
    """
    seen = [text for text in visible_ids if text]
    if seen and approval_id:
        return (
            RecordOwnership.CARRIES
            if all(is_same_id(text, approval_id) for text in seen)
            else RecordOwnership.FOREIGN
        )
    return RecordOwnership.BELONGS if cat_item and cat_item in request_items else RecordOwnership.UNPROVEN
