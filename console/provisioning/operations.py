"""Calls of the page into `services.provisioning`, signed in with the server's own account or as an administrator."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Self

from console.runtime import lazy_imports
from console.runtime.unproven_user import notify_unproven_user
from models.secret_names import SecretName
from services.common.errors import ConsoleError, Problem
from services.common.fault_ids import FaultId
from services.common.progress import Progress
from services.common.secret import Secret

if TYPE_CHECKING:
    from console.runtime.context import Context
    from models.foreign_system import ForeignSystem
    from models.user_credential import UserCredential
    from services.provisioning import ApplyResult, ItemNames, ProvisionPlan, Receipt, UndoResult, Verification
    from services.provisioning.plan_changes import Baseline
    from services.servicenow import ServiceNowClient


@dataclass(frozen=True, slots=True)
class Administrator:
    """Who signs in for one run: a stored User Credential, or an account with its password.

    `keep` stores an account as a User Credential after the run.
    """

    account: str
    secret: Secret
    keep: bool = False
    credential: "UserCredential | None" = None

    @classmethod
    def of(cls, credential: "UserCredential") -> Self:
        """Return the administrator that a stored User Credential signs in, with whatever method."""
        return cls(credential.account, Secret(""), credential=credential)


@dataclass(frozen=True, slots=True)
class Overwrite:
    """The conflicts that a run overwrites: all of them, or the records with these keys."""

    keys: frozenset[str] = frozenset()
    everything: bool = False


@dataclass(frozen=True, slots=True)
class PlanResult:
    """A plan, the baseline it was compared with, and the account that would carry it out."""

    plan: "ProvisionPlan"
    baseline: "Baseline"
    account: str
    lacks_admin: Problem | None
    """Why the account cannot carry out the plan, or None when it has the role admin."""
    read_at: datetime
    seconds: float
    """How long reading and comparing took."""


@contextlib.asynccontextmanager
async def open_instance(
    ctx: "Context", server: "ForeignSystem", admin: Administrator | None = None
) -> AsyncIterator["ServiceNowClient"]:
    """Yield the shared client of a server, or for an administrator a client that is closed afterwards."""
    workspace = await ctx.ready()
    if admin is None:
        yield await workspace.instance(server.id)
        return
    if admin.credential is not None:
        # Its secrets are lent to the server for this run only.
        async with await workspace.instance_as(server, admin.credential) as instance:
            notify_unproven_user(ctx, instance, admin.credential)
            yield instance
        return
    await lazy_imports.ready(ctx, lazy_imports.servicenow)
    from services import servicenow

    settings = workspace.connection_settings_for(server)
    sign_in = servicenow.SignIn(admin.account, admin.secret)
    async with workspace.instance_for(settings, sign_in) as instance:
        yield instance


async def make_plan(
    ctx: "Context", server: "ForeignSystem", names: "ItemNames", overwrite: Overwrite
) -> PlanResult:
    """Read the records of an instance and plan what to change. Writes nothing."""
    async with open_instance(ctx, server) as instance:
        return await make_plan_on(ctx, instance, server, names, overwrite)


async def make_plan_on(
    ctx: "Context",
    instance: "ServiceNowClient",
    server: "ForeignSystem",
    names: "ItemNames",
    overwrite: Overwrite = Overwrite(),
) -> PlanResult:
    """Plan as `make_plan` does, through a client that is open already."""
    await lazy_imports.ready(ctx, lazy_imports.provisioning)
    from services.provisioning import account_rights, current_records, plan_changes, run_receipts
    from services.servicenow.account_roles import signed_in_account

    started = time.perf_counter()
    present = await current_records.read_instance_state(instance, names)
    lacks = None
    try:
        await account_rights.require_admin(instance)
    except ConsoleError as error:
        if error.problem.fault != FaultId.PROVISION_ADMIN_MISSING:
            raise
        lacks = error.problem
    account = await signed_in_account(instance)
    workspace = await ctx.ready()
    baseline = await run_receipts.load_baseline(workspace.store, server, names)
    plan = await asyncio.to_thread(
        plan_changes.make_plan, names, present, baseline, _overwritten_keys(overwrite)
    )
    return PlanResult(
        plan, baseline, account, lacks, datetime.now().astimezone(), time.perf_counter() - started
    )


async def replan(ctx: "Context", planned: PlanResult, overwrite: Overwrite) -> PlanResult:
    """Plan again from the records read before, with other conflicts overwritten."""
    await lazy_imports.ready(ctx, lazy_imports.provisioning)
    from services.provisioning import plan_changes

    old = planned.plan
    plan = await asyncio.to_thread(
        plan_changes.make_plan, old.names, old.present, planned.baseline, _overwritten_keys(overwrite)
    )
    return replace(planned, plan=plan)


def _overwritten_keys(overwrite: Overwrite) -> tuple[str, ...]:
    from services.provisioning.plan_changes import OVERWRITE_ALL

    return (OVERWRITE_ALL,) if overwrite.everything else tuple(overwrite.keys)


async def apply_plan(
    ctx: "Context",
    server: "ForeignSystem",
    names: "ItemNames",
    overwrite: Overwrite,
    admin: Administrator | None,
    progress: Progress,
) -> "ApplyResult":
    """Plan and apply on the instance, continuing a run that stopped before its end. Raises ConsoleError."""
    await lazy_imports.ready(ctx, lazy_imports.provisioning)
    from services import provisioning

    workspace = await ctx.ready()
    async with open_instance(ctx, server, admin) as instance:
        result = await provisioning.apply(
            workspace.store,
            instance,
            server,
            names,
            overwrite=_overwritten_keys(overwrite),
            progress=progress,
        )
    await lazy_imports.ready(ctx, lazy_imports.transfer)
    from services.transfer import apply_online

    await apply_online.try_resolve_request_items(workspace, server.id)
    return result


async def undo_run(
    ctx: "Context",
    server: "ForeignSystem",
    receipt_id: str,
    overwrite: Overwrite,
    admin: Administrator | None,
    progress: Progress,
) -> "UndoResult":
    """Undo the run with a receipt. Raises ConsoleError."""
    await lazy_imports.ready(ctx, lazy_imports.provisioning)
    from services import provisioning

    workspace = await ctx.ready()
    async with open_instance(ctx, server, admin) as instance:
        return await provisioning.undo(
            workspace.store,
            instance,
            server,
            receipt_id,
            overwrite=_overwritten_keys(overwrite),
            progress=progress,
        )


async def verify(ctx: "Context", server: "ForeignSystem", names: "ItemNames") -> "Verification":
    """Compare every record with the baseline, and call the Status service once."""
    await lazy_imports.ready(ctx, lazy_imports.provisioning)
    from services import provisioning

    workspace = await ctx.ready()
    baseline = await provisioning.load_baseline(workspace.store, server, names)
    async with open_instance(ctx, server) as instance:
        return await provisioning.verify(instance, names, baseline)


async def list_runs(ctx: "Context", server: "ForeignSystem") -> "list[Receipt]":
    """Return the runs on a server, newest first."""
    await lazy_imports.ready(ctx, lazy_imports.provisioning)
    from services import provisioning

    workspace = await ctx.ready()
    return await provisioning.Receipt.list_for_server(workspace.store, server)


async def store_administrator(
    ctx: "Context", server: "ForeignSystem", admin: Administrator
) -> "UserCredential":
    """Store an administrator as a User Credential whose password is bound to the server."""
    from console.forms import vault_access  # imports Qt, which the presenter does not need
    from models.user_credential import UserCredential

    workspace = await ctx.ready()
    configuration = workspace.configuration

    def save() -> UserCredential:
        taken = {c.name.casefold() for c in configuration.all(UserCredential)}
        name = wanted = f"{server.name} administrator"
        number = 2
        while name.casefold() in taken:
            name, number = f"{wanted} {number}", number + 1
        made = configuration.new(UserCredential, name=name, account=admin.account)
        return configuration.get(UserCredential, configuration.save(made).id)

    credential = await ctx.call(save)
    await vault_access.store_secrets(ctx, credential, {SecretName.PASSWORD: admin.secret}, server.destination)
    return credential
