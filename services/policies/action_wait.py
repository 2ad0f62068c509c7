"""Waits until an action that was imported is on the server."""

from collections.abc import Callable
from dataclasses import dataclass

from services.common.errors import ConsoleError
from services.coordination.clock import Clock
from services.policies.item_copies import find_items
from services.privilege_manager import PrivilegeManagerClient
from services.privilege_manager.api_items import ActionItem

FIRST_INTERVAL_S = 10.0
LATER_INTERVAL_S = 60.0
FIRST_PHASE_S = 300.0
"""How long the server is asked at the first interval."""


@dataclass(frozen=True, slots=True)
class ActionWait:
    """How a wait ended: the actions of the name, none after the time was over."""

    found: tuple[ActionItem, ...]
    asked: int
    """How often the server was asked."""


async def wait_for_action(
    client: PrivilegeManagerClient,
    name_or_id: str,
    clock: Clock,
    *,
    timeout_s: float,
    report: Callable[[str], None],
) -> ActionWait:
    """Ask for the list of actions until one has the name or GUID, or the time is over.

    What passes by itself, such as a lost connection, is reported and asked again; everything else is raised.
    """
    begun, asked = clock.monotonic(), 0
    while True:
        asked += 1
        try:
            found = find_items(await client.actions(), name_or_id)
        except ConsoleError as error:
            if not error.retryable:
                raise
            report(str(error))
            found = []
        passed = clock.monotonic() - begun
        if found or passed >= timeout_s:
            return ActionWait(tuple(found), asked)
        interval = FIRST_INTERVAL_S if passed < FIRST_PHASE_S else LATER_INTERVAL_S
        await clock.sleep(min(interval, timeout_s - passed))
