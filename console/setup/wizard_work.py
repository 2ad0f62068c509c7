"""The work of the set-up wizard on instance, store and vault."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from console.provisioning import operations
from console.runtime import lazy_imports
from console.runtime.unproven_user import notify_unproven_user
from console.setup.missing_plan import PartialRun, provisional_server_id, read_partial_run
from models.kinds import Kind
from services.common.progress import Progress
from services.common.secret import Secret
from services.language import tr

if TYPE_CHECKING:
    from console.provisioning.operations import Administrator, PlanResult
    from console.runtime.context import Context
    from models.foreign_system import ForeignSystem
    from models.user_credential import UserCredential
    from services.connectivity import CheckReport, StageResult
    from services.provisioning import ApplyResult
    from services.servicenow import ServiceNowClient
    from services.setup.discovery import CreatedSetup, DiscoveryResult


@dataclass(frozen=True, slots=True)
class SignInValues:
    """Address and sign-in as they are used and stored: account and password, or a stored User Credential."""

    base_url: str
    account: str
    secret: Secret
    credential: "UserCredential | None" = None
    client_certificate: str | None = None
    """The file of the client certificate that `credential` signs in with."""


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
    await lazy_imports.ready(ctx, lazy_imports.discovery)
    from services.setup import discovery

    workspace = await ctx.ready()
    server = await _make_server(ctx, sign_in)
    async with _open_instance(ctx, server, sign_in) as instance:
        found = await discovery.discover(instance, progress)
        missing = None
        if not found.complete:
            missing = await _plan_missing(ctx, instance, server, progress)
    choose = partial(discovery.choose_names, with_credential=sign_in.credential is None)
    names = await ctx.call(choose, workspace.configuration, sign_in.base_url)
    return InstanceFindings(found, missing, names)


async def _make_server(ctx: "Context", sign_in: SignInValues) -> "ForeignSystem":
    """Return the server object that stands for the one that does not exist yet."""
    from models.foreign_system import ForeignSystem

    workspace = await ctx.ready()
    new = partial(
        workspace.configuration.new,
        ForeignSystem,
        id=provisional_server_id(sign_in.base_url),
        name="ServiceNow Server",
        base_url=sign_in.base_url,
        client_certificate=sign_in.client_certificate,
    )
    return await ctx.call(new)


@asynccontextmanager
async def _open_instance(
    ctx: "Context", server: "ForeignSystem", sign_in: SignInValues, admin: "Administrator | None" = None
) -> "AsyncIterator[ServiceNowClient]":
    """Give the instance, signed in as the person chose, or as the administrator; the connection ends with the block.

    Raises as `Workspace.instance_as` does: the secrets of a User Credential are lent to the server while they are read.
    """
    await lazy_imports.ready(ctx, lazy_imports.servicenow)
    from services import servicenow

    workspace = await ctx.ready()
    settings = workspace.connection_settings_for(server)
    if sign_in.credential is not None and admin is not None:
        # The server shows its client certificate to the administrator as well, opened with its own passphrase.
        settings, _ = await workspace.signing_in_as(server, sign_in.credential)
    credential = sign_in.credential if admin is None else admin.credential
    if credential is not None:
        opened = await workspace.instance_as(server, credential, settings if admin is not None else None)
        async with opened as instance:
            notify_unproven_user(ctx, instance, credential)
            yield instance
        return
    account, secret = (sign_in.account, sign_in.secret) if admin is None else (admin.account, admin.secret)
    async with workspace.instance_for(settings, servicenow.SignIn(account, secret)) as instance:
        yield instance


async def _plan_missing(
    ctx: "Context", instance: "ServiceNowClient", server: "ForeignSystem", progress: Progress
) -> MissingRecords:
    await lazy_imports.ready(ctx, lazy_imports.provisioning)
    from services.provisioning import ItemNames

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
    sign_in: SignInValues,
    admin: "Administrator | None",
    progress: Progress,
    on_applied: "Callable[[ApplyResult], None]",
) -> "ApplyResult":
    """Create on the instance what it lacks, signed in as the administrator where there is one. Raises ConsoleError.

    `on_applied` is called with the result before the connection is closed, which can fail or be cancelled.
    """
    await lazy_imports.ready(ctx, lazy_imports.provisioning)
    from services import provisioning

    workspace = await ctx.ready()
    async with _open_instance(ctx, server, sign_in, admin) as instance:
        applied = await provisioning.apply(
            workspace.store, instance, server, provisioning.ItemNames(), progress=progress
        )
        on_applied(applied)
    return applied


async def create_objects(ctx: "Context", sign_in: SignInValues, found: "DiscoveryResult") -> "CreatedSetup":
    """Create server, process and type, and a User Credential unless one was chosen; all or none. Raises ConsoleError."""
    await lazy_imports.ready(ctx, lazy_imports.discovery)
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
        sign_in=sign_in.credential or SignIn(sign_in.account, sign_in.secret),
        found=found,
        client_certificate=sign_in.client_certificate,
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
