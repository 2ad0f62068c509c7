"""What the page asks of the service, each on the right instance: the server's own account, or an administrator's."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Collection
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from console.forms import vault_access
from console.runtime import lazy_imports
from models.kinds import Kind
from services.common.errors import ConsoleError, Problem
from services.common.fault_ids import FaultId
from services.common.secret import Secret

ADMIN_MISSING = FaultId.PROVISION_ADMIN_MISSING
OVERWRITE_ALL = "all"
"""What names every conflict at once."""


@dataclass(frozen=True, slots=True)
class Administrator:
    """Who signs in for one run, and whether that is kept afterwards because the person asked for it."""

    account: str
    secret: Secret
    keep: bool = False


@dataclass(frozen=True, slots=True)
class PlanResult:
    """A plan, what it was compared with, and what is known of the account that would carry it out."""

    plan: Any
    baseline: Any
    account: str
    lacks_admin: Problem | None
    read_at: datetime
    seconds: float


@contextlib.asynccontextmanager
async def open_instance(ctx: Any, server: Any, admin: Administrator | None = None) -> AsyncIterator[Any]:
    """Give the instance of a server; for an administrator one of its own, closed and forgotten afterwards."""
    workspace = await ctx.ready()
    if admin is None:
        yield await workspace.instance(server.id)
        return
    await lazy_imports.ready(ctx, lazy_imports.servicenow)
    from services import servicenow

    settings = workspace.connection_settings_for(server)
    sign_in = servicenow.SignIn(admin.account, admin.secret)
    async with workspace.instance_for(settings, sign_in) as instance:
        yield instance


async def make_plan(ctx: Any, server: Any, names: Any, overwrite: Collection[str]) -> PlanResult:
    """Read what is there, compare it, and look whether the server's own account could carry it out. Only reads."""
    async with open_instance(ctx, server) as instance:
        return await make_plan_on(ctx, instance, server, names, overwrite)


async def make_plan_on(
    ctx: Any, instance: Any, server: Any, names: Any, overwrite: Collection[str] = ()
) -> PlanResult:
    """Make the plan of a server through an instance that is open already."""
    await lazy_imports.ready(ctx, lazy_imports.provisioning)
    from services.provisioning import account_rights, current_records, plan_changes, run_receipts

    started = time.perf_counter()
    present = await current_records.read_instance_state(instance, names)
    lacks = None
    try:
        await account_rights.require_admin(instance)
    except ConsoleError as error:
        if error.problem.fault != ADMIN_MISSING:
            raise
        lacks = error.problem
    account = await account_rights.signed_in_account(instance)
    workspace = await ctx.ready()
    baseline = await run_receipts.load_baseline(workspace.store, server, names)
    made = await asyncio.to_thread(plan_changes.make_plan, names, present, baseline, overwrite)
    return PlanResult(
        made, baseline, account, lacks, datetime.now().astimezone(), time.perf_counter() - started
    )


async def replan(ctx: Any, planned: PlanResult, overwrite: Collection[str]) -> PlanResult:
    """Decide anew which conflicts are written over; nothing is read for it."""
    await lazy_imports.ready(ctx, lazy_imports.provisioning)
    from services.provisioning import plan_changes

    old = planned.plan
    made = await asyncio.to_thread(
        plan_changes.make_plan, old.names, old.present, planned.baseline, overwrite
    )
    return replace(planned, plan=made)


async def apply_plan(
    ctx: Any,
    server: Any,
    names: Any,
    overwrite: Collection[str],
    admin: Administrator | None,
    progress: Callable[..., None],
) -> Any:
    """Apply; a run that stopped in the middle is gone on with. Returns what was done."""
    await lazy_imports.ready(ctx, lazy_imports.provisioning)
    from services import provisioning

    workspace = await ctx.ready()
    async with open_instance(ctx, server, admin) as instance:
        done = await provisioning.apply(
            workspace.store, instance, server, names, overwrite=tuple(overwrite), progress=progress
        )
    await lazy_imports.ready(ctx, lazy_imports.transfer)
    from services.transfer import apply_online

    await apply_online.try_resolve_request_items(workspace, server.id)
    return done


async def undo_run(
    ctx: Any,
    server: Any,
    receipt: str,
    overwrite: Collection[str],
    admin: Administrator | None,
    progress: Callable[..., None],
) -> Any:
    """Undo the run with a receipt. Returns what was taken back."""
    await lazy_imports.ready(ctx, lazy_imports.provisioning)
    from services import provisioning

    workspace = await ctx.ready()
    async with open_instance(ctx, server, admin) as instance:
        return await provisioning.undo(
            workspace.store, instance, server, receipt, overwrite=tuple(overwrite), progress=progress
        )


async def verify(ctx: Any, server: Any, names: Any) -> Any:
    """Read everything back, compare it with how it was last found good, and call Status once."""
    await lazy_imports.ready(ctx, lazy_imports.provisioning)
    from services import provisioning

    workspace = await ctx.ready()
    baseline = await provisioning.load_baseline(workspace.store, server, names)
    async with open_instance(ctx, server) as instance:
        return await provisioning.verify(instance, names, baseline)


async def list_runs(ctx: Any, server: Any) -> list[Any]:
    """Return the runs on a server, the newest first."""
    await lazy_imports.ready(ctx, lazy_imports.provisioning)
    from services import provisioning

    workspace = await ctx.ready()
    found: list[Any] = await provisioning.Receipt.list_for_server(workspace.store, server)
    return found


async def store_administrator(ctx: Any, server: Any, admin: Administrator) -> Any:
    """Store an administrator as a User Credential whose password is bound to the server; returns it."""
    workspace = await ctx.ready()
    configuration = workspace.configuration

    def save() -> Any:
        taken = {c.name.casefold() for c in configuration.all(Kind.USER_CREDENTIAL)}
        name = wanted = f"{server.name} administrator"
        number = 2
        while name.casefold() in taken:
            name, number = f"{wanted} {number}", number + 1
        return configuration.save(configuration.new(Kind.USER_CREDENTIAL, name=name, account=admin.account))

    credential = await ctx.call(save)
    await vault_access.store_secret(ctx, credential, admin.secret, server.destination)
    return credential
