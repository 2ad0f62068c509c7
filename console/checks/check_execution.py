"""Runs a check and stores its report, for the Check tab and for checks of all servers."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from console.runtime import lazy_imports
from models.kinds import Kind

if TYPE_CHECKING:
    from console.checks.check_subject import CheckSubject
    from console.runtime.context import Context
    from services.connectivity import CheckReport, StageResult


def _ignore_result(result: "StageResult") -> None:
    del result


async def execute_check(
    ctx: "Context", subject: "CheckSubject", on_result: "Callable[[StageResult], None]" = _ignore_result
) -> "CheckReport":
    """Run every stage; `on_result` is called as each of them ends. Raises ConsoleError when the check cannot run."""
    await lazy_imports.ready(ctx, lazy_imports.connectivity)
    from services.connectivity import run_check

    return await run_check(
        subject.settings,
        subject.sign_in,
        subject.process,
        kind=subject.server.kind,
        accepted=subject.last_accepted,
        known_operations=subject.known_operations,
        report=on_result,
    )


async def store_check(ctx: "Context", report: "CheckReport", subject: "CheckSubject") -> None:
    """Store a report among the past checks of the server. Raises StoreError."""
    await lazy_imports.ready(ctx, lazy_imports.connectivity)
    from services.connectivity import check_history

    workspace = await ctx.ready()
    await ctx.call(
        check_history.save_check,
        workspace.store,
        subject.server,
        report,
        subject.process,
        unsaved=subject.unsaved,
        used=subject.sign_in_used,
    )


async def resolve_request_items(ctx: "Context", subject: "CheckSubject") -> list[str]:
    """Look up request items that were applied by name while the server was unreachable; returns what was found."""
    if subject.server.kind is not Kind.FOREIGN_SYSTEM:
        return []
    await lazy_imports.ready(ctx, lazy_imports.transfer)
    from services.transfer import apply_online

    return list(await apply_online.try_resolve_request_items(await ctx.ready(), subject.server.id))
