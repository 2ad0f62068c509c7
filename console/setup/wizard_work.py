"""The work of the set-up wizard on instance, store and vault."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from console.provisioning import operations
from console.runtime import lazy_imports
from console.setup.missing_plan import PartialRun, provisional_server_id, read_partial_run
from models.kinds import Kind
from services.common.progress import Progress
from services.common.secret import Secret
from services.language import tr

if TYPE_CHECKING:
    from console.provisioning.operations import PlanResult
    from console.runtime.context import Context
    from models.foreign_system import ForeignSystem
    from services.connectivity import CheckReport, StageResult
    from services.provisioning import ApplyResult
    from services.servicenow import ServiceNowClient
    from services.setup.discovery import CreatedSetup, DiscoveryResult


@dataclass(frozen=True, slots=True)
class SignInValues:
    """Address, account and password as they are used and stored."""

    base_url: str
    account: str
    secret: Secret


@dataclass(frozen=True, slots=True)
class MissingRecords:
    """The plan of what an instance lacks. `server` stands for the server object that does not exist yet."""

    server: "ForeignSystem"
    planned: "PlanResult"
    written: PartialRun


@dataclass(frozen=True, slots=True)
class InstanceFindings:
    """What was found on an instance, and the names that the new objects get."""

    found: "DiscoveryResult"
    missing: MissingRecords | None
    names: dict[Kind, str]


async def read_instance(ctx: "Context", sign_in: SignInValues, progress: Progress) -> InstanceFindings:
    """Look for item and services on the instance, and plan what it lacks. Raises ConsoleError."""
    await lazy_imports.ready(ctx, lazy_imports.setup)
    await lazy_imports.ready(ctx, lazy_imports.servicenow)
    from services import servicenow
    from services.setup import discovery

    settings = servicenow.ConnectionSettings(name="ServiceNow Server", base_url=sign_in.base_url)
    workspace = await ctx.ready()
    credentials = servicenow.SignIn(sign_in.account, sign_in.secret)
    async with workspace.instance_for(settings, credentials) as instance:
        found = await discovery.discover(instance, progress)
        missing = None
        if not found.complete:
            missing = await _plan_missing(ctx, instance, sign_in.base_url, progress)
    names = await ctx.call(discovery.choose_names, workspace.configuration, sign_in.base_url)
    return InstanceFindings(found, missing, names)


async def _plan_missing(
    ctx: "Context", instance: "ServiceNowClient", base_url: str, progress: Progress
) -> MissingRecords:
    await lazy_imports.ready(ctx, lazy_imports.provisioning)
    from models.foreign_system import ForeignSystem
    from services.provisioning import ItemNames

    workspace = await ctx.ready()
    new = partial(
        workspace.configuration.new,
        ForeignSystem,
        id=provisional_server_id(base_url),
        base_url=base_url,
    )
    server = await ctx.call(new)
    progress(tr("Planning what is missing"))
    planned = await operations.make_plan_on(ctx, instance, server, ItemNames())
    return MissingRecords(server, planned, await read_partial_run(ctx, server, ItemNames()))


async def read_written(ctx: "Context", server: "ForeignSystem") -> PartialRun:
    """Return what a run of the wizard that stopped has written. Raises ConsoleError."""
    await lazy_imports.ready(ctx, lazy_imports.provisioning)
    from services.provisioning import ItemNames

    return await read_partial_run(ctx, server, ItemNames())


async def apply_missing(
    ctx: "Context",
    server: "ForeignSystem",
    account: str,
    secret: Secret,
    progress: Progress,
    on_applied: "Callable[[ApplyResult], None]",
) -> "ApplyResult":
    """Create on the instance what it lacks. Raises ConsoleError.

    `on_applied` is called with the result before the connection is closed, which can fail or be cancelled.
    """
    await lazy_imports.ready(ctx, lazy_imports.provisioning)
    await lazy_imports.ready(ctx, lazy_imports.servicenow)
    from services import provisioning, servicenow

    workspace = await ctx.ready()
    settings = workspace.connection_settings_for(server)
    async with workspace.instance_for(settings, servicenow.SignIn(account, secret)) as instance:
        applied = await provisioning.apply(
            workspace.store, instance, server, provisioning.ItemNames(), progress=progress
        )
        on_applied(applied)
    return applied


async def create_objects(ctx: "Context", sign_in: SignInValues, found: "DiscoveryResult") -> "CreatedSetup":
    """Create credential, server, process and type, all or none of them. Raises ConsoleError."""
    await lazy_imports.ready(ctx, lazy_imports.setup)
    await lazy_imports.ready(ctx, lazy_imports.servicenow)
    from services.servicenow import SignIn
    from services.setup import discovery

    workspace = await ctx.ready()
    # Runs on this address were stored under the provisional id; the server takes it unless another one has.
    wanted = provisional_server_id(sign_in.base_url)
    servers = await ctx.call(workspace.configuration.all, Kind.FOREIGN_SYSTEM)
    create = partial(
        discovery.create_setup,
        workspace.configuration,
        workspace.vault,
        base_url=sign_in.base_url,
        sign_in=SignIn(sign_in.account, sign_in.secret),
        found=found,
        server_id=None if any(server.id == wanted for server in servers) else wanted,
    )
    # Not in the thread of the store: a vault may ask the user to unlock it.
    return await asyncio.to_thread(create)


async def check_objects(
    ctx: "Context", created: "CreatedSetup", on_result: "Callable[[StageResult], None]"
) -> "tuple[CheckReport, Callable[[], object]]":
    """Check the objects that were created. Returns the report and a blocking function that stores it."""
    await lazy_imports.ready(ctx, lazy_imports.connectivity)
    await lazy_imports.ready(ctx, lazy_imports.servicenow)
    from services import connectivity
    from services.connectivity import check_history

    workspace = await ctx.ready()
    vault, server, credential = workspace.vault, created.server, created.credential
    used = await asyncio.to_thread(check_history.get_check_sign_in, vault, server, credential)
    report = await connectivity.run_check(
        workspace.connection_settings_for(server),
        workspace.sign_in_source_for(server, credential),
        created.process,
        report=on_result,
    )
    store = partial(check_history.save_check, workspace.store, server, report, created.process, used=used)
    return report, store
