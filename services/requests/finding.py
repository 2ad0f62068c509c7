"""Looks for a request on its instance by its PMApprovalId, where the answer with its id was lost.

Found, proven absent, or neither: an account that may not read variables sees the same as one that looks at an empty
table, so that an empty answer alone proves nothing.
"""

from dataclasses import dataclass
from typing import Any

from models.approval_process import ApprovalProcess
from services.errors import ConsoleError, RefusedError, ReplyError
from services.requests.reading import ANSWER_OF, ANSWERS, NAME, VALUE, is_active
from services.requests.resolving import VARIABLE, carriers, same_id
from services.servicenow.faults import RateLimitedError
from services.servicenow.instance import Instance
from services.servicenow.queries import Operator, Query, where
from services.servicenow.records import Row

_FIELDS = (
    ANSWER_OF, NAME, VALUE, f"{ANSWER_OF}.number", f"{ANSWER_OF}.approval", f"{ANSWER_OF}.state", f"{ANSWER_OF}.active",
    f"{ANSWER_OF}.request",
    f"{ANSWER_OF}.request.number", f"{ANSWER_OF}.request.approval", f"{ANSWER_OF}.sys_created_on",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class FoundItem:
    """A requested item that carries a PMApprovalId, with the order it belongs to; states are stored values."""

    record_id: str
    number: str
    approval: str
    state: str
    order_id: str
    order_number: str
    order_approval: str
    created_on: str = ""
    active: bool = True

    def observed(self) -> dict[str, Any]:
        """Return what a request's observed columns say of this item."""
        return {
            "record_id": self.record_id,
            "number": self.number,
            "servicenow_state": self.approval,
            "record_state": self.state,
            "record_closed": not self.active,
            "order_id": self.order_id,
            "order_number": self.order_number,
            "order_state": self.order_approval,
        }


@dataclass(frozen=True, slots=True)
class Sighting:
    """What a look found, oldest first. Without items, `absent` says that there are none; else `reason` why nobody knows."""

    items: tuple[FoundItem, ...] = ()
    absent: bool = False
    reason: str = ""

    @property
    def item(self) -> FoundItem | None:
        """The requested item, or None."""
        return self.items[0] if self.items else None


async def find(instance: Instance, approval_id: str, process: ApprovalProcess) -> Sighting:
    """Look for the requested items that carry `approval_id` on the instance of `process`.

    Every row is compared with what was asked for. Raises ConsoleError where a later look may say more: the instance
    cannot be reached, or asks to wait.
    """
    asked = carriers(approval_id)
    try:
        rows = await _rows(instance, asked)
        # An instance compares without case and end.
        items = sorted(
            {_item(row) for row in rows if same_id(row[VALUE], approval_id) and row[ANSWER_OF]},
            key=lambda item: (item.created_on, item.record_id),
        )
        if items:
            return Sighting(tuple(items))
        reason = await _doubt(instance, asked, process)
    except RateLimitedError:
        raise
    except (RefusedError, ReplyError) as error:
        return Sighting(reason=_said(error))
    return Sighting(absent=not reason, reason=reason)


async def _rows(instance: Instance, query: Query, limit: int | None = None) -> list[Row]:
    table = instance.table(ANSWERS)
    return [row async for row in table.rows(query, fields=_FIELDS, limit=limit)]


async def _doubt(instance: Instance, asked: Query, process: ApprovalProcess) -> str:
    """Return why nothing seen does not mean nothing there, or an empty text.

    It takes the sight of the same variable of another request of this item: whoever sees that would see this one.
    """
    if await instance.table(ANSWERS).count(asked):
        return "The instance counts it, but hides it from this account."
    others = where(NAME, Operator.IS, VARIABLE)
    if process.request_item_id:
        others = others.where(f"{ANSWER_OF}.cat_item", Operator.IS, process.request_item_id)
    for row in await _rows(instance, others, limit=1):
        if row[VALUE] and row[ANSWER_OF]:
            return ""
    return f"This account sees no request at all that carries {VARIABLE}."


def _item(row: Row) -> FoundItem:
    return FoundItem(
        record_id=row[ANSWER_OF],
        number=row[f"{ANSWER_OF}.number"],
        approval=row[f"{ANSWER_OF}.approval"],
        state=row[f"{ANSWER_OF}.state"],
        order_id=row[f"{ANSWER_OF}.request"],
        order_number=row[f"{ANSWER_OF}.request.number"],
        order_approval=row[f"{ANSWER_OF}.request.approval"],
        created_on=row[f"{ANSWER_OF}.sys_created_on"],
        active=is_active(row[f"{ANSWER_OF}.active"]),
    )


def _said(error: ConsoleError) -> str:
    return f"{error.problem.tried}: {error.problem.cause}"
