"""The set-up of the Privilege Manager side: gone on with after its process was killed, taken back, and its secret."""

import asyncio
import signal
import sys
from pathlib import Path

import pytest

from models.kinds import Kind
from services.common.errors import Owner, Problem, RefusedError
from services.common.fault_ids import FaultId
from services.common.secret import Secret
from services.intake.clients import IntakeClients
from services.practice.privilege_manager import PracticePrivilegeManager
from services.practice.privilege_manager.items import ItemKind
from services.setup import privilege_manager_setup
from services.setup.privilege_manager_run import SetUpPhase, list_set_up_runs, next_phase
from services.setup.privilege_manager_setup import PrivilegeManagerSignIn
from services.setup.privilege_manager_undo import preview_undo, undo_set_up
from services.store import Store, StoreError
from services.store.unit_of_work import UnitOfWork
from services.vault import VaultError
from services.vault.session_vault import SessionVault
from services.workspace import Workspace
from tests.limits import PROGRAM_S
from tests.processes import without_coverage

ROOT = Path(__file__).parents[2]
KINDS = (Kind.USER_CREDENTIAL, Kind.PRIVILEGE_MANAGER_SERVER, Kind.ACTION, Kind.POLICY)


@pytest.fixture
async def practice():
    async with PracticePrivilegeManager(empty=True) as server:
        yield server


@pytest.fixture
async def workspace(tmp_path):
    made = Workspace(Store.open(str(tmp_path / "console.db"), actor="ada"), SessionVault())
    yield made
    await made.aclose()


def create(workspace, practice, *, policy="", secret=None):
    sign_in = PrivilegeManagerSignIn(
        practice.base_url, practice.client_id, Secret(secret or practice.client_secret), policy
    )
    return privilege_manager_setup.create_objects(
        workspace.configuration, workspace.vault, sign_in, None, None
    )


def stored(workspace):
    return [one.name for kind in KINDS for one in workspace.configuration.all(kind)]


async def end_at(point, tmp_path, practice):
    """Run the set-up in a process until it kills itself."""
    copy = tmp_path / "copy.zip"
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.services.set_up_process",
        str(tmp_path / "killed.db"),
        str(copy),
        practice.base_url,
        practice.client_id,
        point,
        cwd=ROOT,
        env=without_coverage(),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(PROGRAM_S):
        process.stdin.write(f"{practice.client_secret}\n".encode())
        if await process.stdout.readline():
            practice.import_items(copy.read_bytes())
            process.stdin.write(b"imported\n")
        assert await process.wait() == -signal.SIGKILL
    return Workspace(Store.open(str(tmp_path / "killed.db"), actor="ada"), SessionVault())


async def test_a_set_up_whose_process_was_killed_is_gone_on_with_and_taken_back(practice, tmp_path):
    workspace = await end_at("add-actions", tmp_path, practice)
    [run] = list_set_up_runs(workspace.store)
    assert (run.is_unfinished, run.task_id) == (True, "task")
    made = privilege_manager_setup.read_objects(workspace.configuration, run)
    credential, server = made.credential, made.server
    # A vault outlives its program; the one of the session stands for it.
    secret = Secret(practice.client_secret)
    workspace.vault.put(credential.id, credential.name, credential.account, secret, [server.destination])
    assert next_phase(workspace.store, made.action) is SetUpPhase.POLICY
    client = await workspace.privilege_manager(run.server_id)
    assert (await privilege_manager_setup.apply_policy(workspace.store, made.server, client, made.policy)).ok
    [policy] = practice.state.items.of_kind(ItemKind.POLICY)
    assert policy.members["Enabled"] is True
    await undo_set_up(workspace, run)
    assert stored(workspace) == []
    assert list_set_up_runs(workspace.store) == []
    assert not workspace.vault.state(credential.id, credential.name).present
    assert (policy.members["Enabled"], policy.ids("ApplicationActionIds")) == (False, [])
    await workspace.aclose()


async def test_the_next_step_follows_from_what_is_stored(workspace, practice, tmp_path):
    made = create(workspace, practice)
    assert next_phase(workspace.store, made.action) is SetUpPhase.EXPORT
    client = await workspace.privilege_manager(made.server.id)
    export = await privilege_manager_setup.read_export(client)
    made = privilege_manager_setup.use_export(workspace.configuration, made, "export.zip", export)
    assert next_phase(workspace.store, made.action) is SetUpPhase.COPY
    privilege_manager_setup.write_copy(workspace.store, made.action, (tmp_path / "copy.zip").write_bytes)
    assert next_phase(workspace.store, made.action) is SetUpPhase.IMPORT
    # Doing it again goes on with the same set-up.
    assert create(workspace, practice).action.id == made.action.id
    [run] = list_set_up_runs(workspace.store)
    assert set(run.made) == set(KINDS)


async def test_an_undo_sets_back_what_was_there_and_leaves_what_others_use(workspace, practice):
    first = create(workspace, practice)
    [run] = list_set_up_runs(workspace.store)
    run.finish()
    other = workspace.configuration.new(Kind.POLICY, name="Installers", server_id=first.server.id)
    other.active = False
    workspace.configuration.save(other)
    again = create(workspace, practice, policy="Installers")
    assert again.action.id == first.action.id
    second, _ = list_set_up_runs(workspace.store)
    preview = preview_undo(workspace.store, second)
    assert (preview.made, preview.changed) == ([], True)
    result = await undo_set_up(workspace, second)
    assert result.done == ["Policy “Installers”: as before"]
    back = workspace.configuration.get(Kind.POLICY, other.id)
    assert (back.active, back.references_to_actions) == (False, [])
    server, credential = (await undo_set_up(workspace, run)).left
    assert server == "Privilege Manager Server “Privilege Manager”: used by Installers"
    assert credential.endswith("used by Privilege Manager")


async def test_an_undo_removes_the_intake_client_of_its_server(workspace, practice):
    made = create(workspace, practice)
    new = workspace.configuration.new
    server = workspace.configuration.save(new(Kind.FOREIGN_SYSTEM, base_url="https://acme.service-now.com/"))
    process = workspace.configuration.save(
        new(Kind.APPROVAL_PROCESS, server_id=server.id, request_item_id="a" * 32, request_item_name="Item")
    )
    approval_type = workspace.configuration.save(new(Kind.APPROVAL_TYPE, process_id=process.id))
    clients = IntakeClients(workspace.store)
    clients.add_for_events("Its webhook", approval_type.id, made.server.id)
    clients.add("Portal", approval_type.id)
    [run] = list_set_up_runs(workspace.store)
    assert [one.name for one in preview_undo(workspace.store, run).clients] == ["Its webhook"]
    await undo_set_up(workspace, run)
    assert [client.name for client, _ in clients.all()] == ["Portal"]
    assert stored(workspace) == []


def fail_to_insert(monkeypatch):
    def breaks(_work, _row):
        raise StoreError(
            Problem("Write", "full", "The disk is full.", Owner.CONSOLE, "Make room.", FaultId.STORE_FULL)
        )

    monkeypatch.setattr(UnitOfWork, "insert", breaks)


async def test_a_failed_set_up_leaves_no_secret(workspace, practice, monkeypatch):
    fail_to_insert(monkeypatch)
    with pytest.raises(StoreError):
        create(workspace, practice)
    assert workspace.vault._entries == {}


async def test_a_failed_set_up_keeps_the_secret_that_was_there(workspace, practice, monkeypatch):
    made = create(workspace, practice)
    [run] = list_set_up_runs(workspace.store)
    run.finish()
    fail_to_insert(monkeypatch)
    with pytest.raises(StoreError):
        create(workspace, practice, secret="another secret")
    secret = workspace.vault.get(made.credential.id, made.credential.name, made.server.destination)
    assert secret.reveal() == practice.client_secret


async def test_a_secret_that_cannot_be_taken_back_is_said(workspace, practice, monkeypatch):
    def refuse(*_given, **_named):
        raise VaultError(
            Problem("Remove", "locked", "It is locked.", Owner.CONSOLE, "Unlock it.", FaultId.VAULT_UNUSABLE)
        )

    fail_to_insert(monkeypatch)
    monkeypatch.setattr(workspace.vault, "_remove", refuse)
    with pytest.raises(RefusedError) as raised:
        create(workspace, practice)
    assert "stays in the vault" in raised.value.problem.cause
