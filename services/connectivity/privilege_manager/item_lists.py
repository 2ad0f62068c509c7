"""Reads a list of items and says whether all of it came."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from services.common.errors import ConsoleError
from services.common.fault_ids import FaultId
from services.connectivity.privilege_manager.stage import LoggedOnCheck
from services.privilege_manager.api_items import AnyItem, ItemList

ListT = TypeVar("ListT")


async def read_list(check: LoggedOnCheck, what: str, read: Callable[[], Awaitable[ListT]]) -> ListT:
    """Return what `read` returns; a refusal is also told to the stage `roles`."""
    try:
        return await read()
    except ConsoleError as error:
        if error.problem.fault == FaultId.PRIVILEGE_MANAGER_FORBIDDEN:
            check.note_refused(what, error.problem)
        raise


def describe_count(listing: ItemList[AnyItem], singular: str, plural: str) -> str:
    """Return how many items came, of how many, and how many have no id."""
    count = len(listing)
    text = f"{count} {singular if count == 1 else plural}"
    if listing.total is not None and listing.total != count + listing.unreadable:
        text += f" of {listing.total}"
    if listing.unreadable:
        text += f", {listing.unreadable} more without an id"
    return text


def is_cut(listing: ItemList[AnyItem]) -> bool:
    """Return whether the server says that it has more items than came."""
    return listing.total is not None and listing.total != len(listing) + listing.unreadable
