"""The work of the wizard's Privilege Manager step on server, store and vault."""

import asyncio
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from console.actions.action_file import read_export_file
from console.runtime import lazy_imports
from services.common.errors import RefusedError
from services.common.file_writing import save_file, write_problem
from services.common.progress import Progress
from services.language import tr_message

if TYPE_CHECKING:
    from console.runtime.context import Context
    from models.approval_type import ApprovalType
    from services.policies import ApplyResult
    from services.policies.endpoints import EndpointUpdate
    from services.setup.privilege_manager_run import SetUpPhase, SetUpRun
    from services.setup.privilege_manager_setup import PrivilegeManagerObjects, PrivilegeManagerSignIn
    from services.setup.privilege_manager_undo import SetUpUndo, UndoPreview

FIRST_INTERVAL_S, LATER_INTERVAL_S = 3.0, 30.0
"""Seconds between two questions for the copy: in the first minutes, and later."""
FIRST_QUESTIONS = 100


async def create(
    ctx: "Context", sign_in: "PrivilegeManagerSignIn", approval_type: "ApprovalType | None"
) -> "tuple[PrivilegeManagerObjects, bool]":
    """Log on, read the export where the server gives one, and create the objects; returns whether it did.

    Nothing is stored unless the server takes the API client. Raises ConsoleError.
    """
    await lazy_imports.ready(ctx, lazy_imports.privilege_manager_setup)
    await lazy_imports.ready(ctx, lazy_imports.servicenow)
    from services.setup import privilege_manager_setup
    from services.transport.connection_settings import ConnectionSettings
    from services.transport.sign_in import SignIn

    workspace = await ctx.ready()
    settings = ConnectionSettings(name="Privilege Manager", base_url=sign_in.base_url)
    async with workspace.privilege_manager_for(settings, SignIn(sign_in.client_id, sign_in.secret)) as client:
        await client.actions()
        export = await privilege_manager_setup.read_export(client)
    make = partial(
        privilege_manager_setup.create_objects,
        workspace.configuration,
        workspace.vault,
        sign_in,
        approval_type,
        export,
    )
    # Not in the thread of the store: a vault may ask the user to unlock it.
    return await asyncio.to_thread(make), export is not None


async def find_last_run(ctx: "Context") -> "SetUpRun | None":
    """Return the newest set-up that was not taken back, an unfinished one before others."""
    await lazy_imports.ready(ctx, lazy_imports.privilege_manager_setup)
    from services.setup.privilege_manager_run import list_set_up_runs

    runs = await ctx.call(list_set_up_runs, (await ctx.ready()).store)
    return next((run for run in runs if run.is_unfinished), runs[0] if runs else None)


async def find_run(ctx: "Context", objects: "PrivilegeManagerObjects") -> "SetUpRun | None":
    """Return the set-up that made or found these objects."""
    await lazy_imports.ready(ctx, lazy_imports.privilege_manager_setup)
    from services.setup.privilege_manager_run import list_set_up_runs

    runs = await ctx.call(list_set_up_runs, (await ctx.ready()).store)
    ids = {one.kind: one.id for one in objects.all()}
    return next((run for run in runs if run.objects == ids), None)


async def go_on(ctx: "Context", run: "SetUpRun") -> "tuple[PrivilegeManagerObjects, SetUpPhase, str]":
    """Return the objects of a set-up, what it needs next, and the name of the export it has. Raises ConsoleError."""
    await lazy_imports.ready(ctx, lazy_imports.privilege_manager_setup)
    await lazy_imports.ready(ctx, lazy_imports.servicenow)
    from services.actions.progress import load_progress
    from services.setup import privilege_manager_setup
    from services.setup.privilege_manager_run import SetUpPhase, next_phase

    workspace = await ctx.ready()
    objects = await ctx.call(privilege_manager_setup.read_objects, workspace.configuration, run)
    phase = await ctx.call(next_phase, workspace.store, objects.action)
    if phase is SetUpPhase.EXPORT:
        client = await workspace.privilege_manager(objects.server.id)
        export = await privilege_manager_setup.read_export(client)
        if export is not None:
            keep = partial(privilege_manager_setup.use_export, workspace.configuration, objects)
            objects = await asyncio.to_thread(keep, f"{objects.action.copy_of}.zip", export)
            phase = await ctx.call(next_phase, workspace.store, objects.action)
    known = await ctx.call(load_progress, workspace.store, objects.action.id)
    return objects, phase, known.export_name


async def preview_undo(ctx: "Context", run: "SetUpRun") -> "UndoPreview":
    """Return what the undo of a set-up will do."""
    await lazy_imports.ready(ctx, lazy_imports.privilege_manager_setup)
    from services.setup import privilege_manager_undo

    return await ctx.call(privilege_manager_undo.preview_undo, (await ctx.ready()).store, run)


async def undo(ctx: "Context", run: "SetUpRun", confirmed: int, progress: Progress) -> "SetUpUndo":
    """Take a set-up back. Raises ConsoleError."""
    await lazy_imports.ready(ctx, lazy_imports.privilege_manager_setup)
    await lazy_imports.ready(ctx, lazy_imports.servicenow)
    from services.setup import privilege_manager_undo

    workspace = await ctx.ready()
    return await privilege_manager_undo.undo_set_up(workspace, run, confirmed=confirmed, progress=progress)


async def use_export(
    ctx: "Context", objects: "PrivilegeManagerObjects", path: Path
) -> "PrivilegeManagerObjects":
    """Keep an export that a person made, with the GUID of its Approval Type. Raises ConsoleError."""
    await lazy_imports.ready(ctx, lazy_imports.privilege_manager_setup)
    from services.setup import privilege_manager_setup

    workspace = await ctx.ready()

    def keep() -> "PrivilegeManagerObjects":
        content = read_export_file(path)
        return privilege_manager_setup.use_export(workspace.configuration, objects, path.name, content)

    return await asyncio.to_thread(keep)


async def save_copy(ctx: "Context", objects: "PrivilegeManagerObjects", path: Path) -> None:
    """Write the copy for *Import Items* into a file. Raises ConsoleError."""
    await lazy_imports.ready(ctx, lazy_imports.privilege_manager_setup)
    from services.setup import privilege_manager_setup

    store = (await ctx.ready()).store

    def write() -> None:
        try:
            privilege_manager_setup.write_copy(
                store, objects.action, lambda content: save_file(path, content)
            )
        except OSError as error:
            raise RefusedError(write_problem(tr_message("Save the copy"), path, error)) from error

    await asyncio.to_thread(write)


async def wait_for_copy(
    ctx: "Context", objects: "PrivilegeManagerObjects", on_asked: Callable[[int], None]
) -> str:
    """Ask the server until it shows the copy; returns its item id.

    `on_asked` gets how often it was asked in vain. Raises ConsoleError for what does not pass by itself.
    """
    await lazy_imports.ready(ctx, lazy_imports.privilege_manager_setup)
    from services.actions.progress import load_progress
    from services.common.errors import ConsoleError
    from services.setup import privilege_manager_setup

    workspace = await ctx.ready()
    asked = 0
    while True:
        client = await workspace.privilege_manager(objects.server.id)
        try:
            if await privilege_manager_setup.is_copy_there(workspace.store, client, objects.action):
                known = await ctx.call(load_progress, workspace.store, objects.action.id)
                return known.item_id
        except ConsoleError as error:
            if not error.retryable:
                raise
        asked += 1
        on_asked(asked)
        await asyncio.sleep(FIRST_INTERVAL_S if asked < FIRST_QUESTIONS else LATER_INTERVAL_S)


async def apply(ctx: "Context", objects: "PrivilegeManagerObjects", progress: Progress) -> "ApplyResult":
    """Add the action to the policy and make it active. Raises ConsoleError."""
    await lazy_imports.ready(ctx, lazy_imports.privilege_manager_setup)
    from services.setup import privilege_manager_setup

    workspace = await ctx.ready()
    client = await workspace.privilege_manager(objects.server.id)
    return await privilege_manager_setup.apply_policy(
        workspace.store, objects.server, client, objects.policy, progress=progress
    )


async def update_endpoints(
    ctx: "Context", objects: "PrivilegeManagerObjects", task_id: str
) -> "EndpointUpdate":
    """Start the targeting update. Raises ConsoleError."""
    await lazy_imports.ready(ctx, lazy_imports.policies)
    from services.policies.endpoints import Endpoints

    workspace = await ctx.ready()
    client = await workspace.privilege_manager(objects.server.id)
    return await Endpoints(workspace.store, objects.server, client).update(task_id)
