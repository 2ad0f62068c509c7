"""Imports slow service packages in the thread of the store, so that the window never waits for an import.

Each function below is a group: it holds the import statements of what its users need. `ready` runs a group once, in the
thread of the store. A plain import statement after it is instant, typed, and can be followed by every editor:

    await lazy_imports.ready(ctx, lazy_imports.connectivity)
    from services.connectivity import run_check
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from console.context import Context

Group = Callable[[], None]
_imported: set[Group] = set()


async def ready(ctx: "Context", group: Group) -> None:
    """Import a group in the thread of the store, unless that was done before; raises what the import raises."""
    if group not in _imported:
        await ctx.call(group)
        _imported.add(group)


def servicenow() -> None:
    """Import the client of ServiceNow instances."""
    import services.catalogue
    import services.servicenow
    import services.servicenow.contract
    import services.servicenow.roles  # noqa: F401


def vault() -> None:
    """Import the vaults."""
    import services.vault
    import services.vault.session  # noqa: F401


def statistics() -> None:
    """Import figures about past requests and checks."""
    import services.figures
    import services.judgements  # noqa: F401


def connectivity() -> None:
    """Import the staged check, its history and the fault catalog."""
    import services.checks
    import services.connectivity
    import services.connectivity.handbook  # noqa: F401


def provisioning() -> None:
    """Import the task Create ServiceNow Approval Request Items."""
    import services.provisioning
    import services.provisioning.planning
    import services.provisioning.reading
    import services.provisioning.receipts
    import services.provisioning.rights  # noqa: F401


def inbox() -> None:
    """Import what lists and counts requests."""
    import services.requests.filters
    import services.requests.inbox
    import services.requests.saved  # noqa: F401


def requests() -> None:
    """Import what polls, shows and decides requests."""
    import services.requests.acting
    import services.requests.attendant
    import services.requests.clearing
    import services.requests.details
    import services.requests.export
    import services.requests.following
    import services.requests.rehearsal  # noqa: F401


def setup() -> None:
    """Import the set-up of ServiceNow approvals."""
    import services.guide
    import services.setup  # noqa: F401


def transfer() -> None:
    """Import configuration documents."""
    import services.transfer
    import services.transfer.online  # noqa: F401
