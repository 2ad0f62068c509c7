"""Imports slow service packages in the thread of the store, so that the window never waits for an import.

Each function below is a group: it holds the import statements of what its users need. `ready` runs a group once, in the
thread of the store. A plain import statement after it is instant, typed, and can be followed by every editor:

    await lazy_imports.ready(ctx, lazy_imports.connectivity)
    from services.connectivity import run_check
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from console.runtime.context import Context

Group = Callable[[], None]
_imported: set[Group] = set()


async def ready(ctx: "Context", group: Group) -> None:
    """Import a group in the thread of the store, unless that was done before; raises what the import raises."""
    if group not in _imported:
        await ctx.call(group)
        _imported.add(group)


def servicenow() -> None:
    """Import the client of ServiceNow instances."""


def vault() -> None:
    """Import the vaults."""
    import services.vault
    import services.vault.session_vault  # noqa: F401


def statistics() -> None:
    """Import figures about past requests and checks."""
    import services.statistics.request_statistics
    import services.statistics.timing_advice  # noqa: F401


def connectivity() -> None:
    """Import the staged check, its history and the fault catalog."""
    import services.connectivity
    import services.connectivity.check_history
    import services.connectivity.fault_handbook  # noqa: F401


def provisioning() -> None:
    """Import the task Create ServiceNow Approval Request Items."""


def inbox() -> None:
    """Import what lists and counts requests."""
    import services.requests.inbox.filters
    import services.requests.inbox.inbox
    import services.requests.inbox.saved_filters  # noqa: F401


def requests() -> None:
    """Import what polls, shows and decides requests."""


def setup() -> None:
    """Import the set-up of ServiceNow approvals."""
    import services.setup.checklist
    import services.setup.discovery  # noqa: F401


def transfer() -> None:
    """Import configuration documents."""
    import services.transfer
    import services.transfer.apply_online  # noqa: F401
