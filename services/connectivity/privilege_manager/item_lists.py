"""Reads a list of items and says whether all of it came."""

from collections.abc import Awaitable, Callable, Sized
from typing import TypeVar

from services.common.errors import ConsoleError
from services.common.fault_ids import FaultId
from services.connectivity.privilege_manager.stage import LoggedOnCheck
from services.privilege_manager.api_items import AnyItem, ItemList

ListT = TypeVar("ListT", bound=Sized)


async def read_list(check: LoggedOnCheck, what: str, read: Callable[[], Awaitable[ListT]]) -> ListT:
    """Return what `read` returns; the stage `roles` is told of a refusal, and of what came. An empty list tells nothing."""
    try:
        found = await read()
    except ConsoleError as error:
        if error.problem.fault == FaultId.PRIVILEGE_MANAGER_FORBIDDEN:
            check.note_refused(what, error.problem)
        raise
    if len(found):
        check.note_read(what)
    return found


def describe_count(found: ItemList[AnyItem], singular: str, plural: str) -> str:
    """Return how many items came, of how many, and how many have no id."""
    count = len(found)
    text = f"{count} {singular if count == 1 else plural}"
    if found.total is not None and found.total != count + found.unreadable:
        text += f" of {found.total}"
    if found.unreadable:
        text += f", {found.unreadable} more without an id"
    return text


def is_cut(found: ItemList[AnyItem]) -> bool:
    """Return whether the server says that it has more items than came."""
    return found.total is not None and found.total != len(found) + found.unreadable
