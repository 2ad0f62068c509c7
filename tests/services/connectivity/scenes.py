"""Faults that need a scene of their own: a vault without the password, a proxy that changes its mind, an odd answer."""

import asyncio
import contextlib
import uuid

from models.addresses import Destination, Origin
from models.approval_process import ApprovalProcess
from models.foreign_system import ForeignSystem
from models.secret_names import SecretName
from models.user_credential import UserCredential
from services.common.secret import Secret
from services.store import Store
from services.vault.base import EntryKey, VaultEntry
from services.vault.environment_vault import EnvVault, secret_variable
from services.vault.session_vault import SessionVault
from services.workspace import Workspace
from tests.services.connectivity.conftest import ACCOUNT, PASSWORD, Authority, answering, reply

SCENES = {}
LONG = "x" * 70_000
"""A name that no address can carry."""


def scene(stage, fault_id):
    """Register what brings a fault about; each takes a practice instance and a folder, and gives settings of a check."""

    def register(function):
        SCENES[stage, fault_id] = contextlib.asynccontextmanager(function)
        return function

    return register


def signing_in(folder, practice, vault, credential):
    """Return the settings of a check that signs in as the console does: with what the vault holds."""
    store = Store.open(str(folder / "scene.db"), actor="ada")
    try:
        server = ForeignSystem(name="Server", base_url=practice.base_url)
        return {
            "base_url": practice.base_url,
            "sign_in": Workspace(store, vault).sign_in_source_for(server, credential),
        }
    finally:
        store.close()


def integration():
    return UserCredential(id=uuid.uuid4(), name="ServiceNow", account=ACCOUNT)


@scene("authentication", "credential-missing")
async def nobody_signs_in(practice, folder):
    yield signing_in(folder, practice, SessionVault(), None)


@scene("authentication", "secret-missing")
async def no_password_was_entered(practice, folder):
    yield signing_in(folder, practice, SessionVault(), integration())


@scene("authentication", "secret-not-for-host")
async def the_password_is_for_another_host(practice, folder):
    vault, credential = SessionVault(), integration()
    elsewhere = [Origin.of("https://acme.service-now.com/")]
    vault.put(credential.id, credential.name, ACCOUNT, Secret(PASSWORD), elsewhere)
    yield signing_in(folder, practice, vault, credential)


@scene("authentication", "password-masked")
async def the_vault_holds_dots(practice, folder):
    vault, credential = SessionVault(), integration()
    dots = VaultEntry(ACCOUNT, Secret("••••••••"), [Destination(Origin.of(practice.base_url))])
    vault._store(EntryKey(credential.id, credential.name, SecretName.PASSWORD), dots)
    yield signing_in(folder, practice, vault, credential)


@scene("authentication", "vault-unusable")
async def what_passwords_are_for_cannot_be_read(practice, folder):
    bindings = folder / "bindings.json"
    bindings.write_text("no bindings", encoding="utf-8")
    vault = EnvVault({secret_variable("ServiceNow"): PASSWORD}, bindings)
    yield signing_in(folder, practice, vault, integration())


@scene("authentication", "proxy-failed")
async def a_proxy_lets_only_the_first_call_through(practice, folder):
    authority = Authority(folder)
    refusal = reply(
        "401 Unauthorized", b'{"error":{}}', "Server: ServiceNow", "Content-Type: application/json"
    )
    async with answering(refusal, authority.context()) as (port, _), _proxy(1) as proxy:
        yield {"base_url": f"https://localhost:{port}/", "proxy": proxy, "ca_bundle": str(authority.bundle)}


@contextlib.asynccontextmanager
async def _proxy(tunnels):
    """Run a proxy that makes so many tunnels and refuses every one after them."""
    running, made = set(), 0

    async def pump(reader, writer):
        with contextlib.suppress(ConnectionError):
            while chunk := await reader.read(65536):
                writer.write(chunk)
                await writer.drain()
        writer.close()

    async def serve(reader, writer):
        nonlocal made
        running.add(asyncio.current_task())
        try:
            head = await reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError:  # the stage that only opens a connection
            writer.close()
            return
        made += 1
        if made > tunnels:
            writer.write(reply("403 Forbidden"))
            writer.close()
            return
        host, _, port = head.split()[1].decode().rpartition(":")
        there_reader, there_writer = await asyncio.open_connection(host, int(port))
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        await asyncio.gather(pump(reader, there_writer), pump(there_reader, writer))

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        await server.wait_closed()
        await asyncio.gather(*running)


def _answered(status):
    async def everything_is_answered_so(practice, folder):
        answer = reply(
            status, b'{"error":{"message":"No"}}', "Server: ServiceNow", "Content-Type: application/json"
        )
        async with answering(answer) as (port, _):
            yield {"base_url": f"http://127.0.0.1:{port}/"}

    return everything_is_answered_so


scene("authentication", "record-missing")(_answered("404 Not Found"))
scene("authentication", "operation-aborted")(_answered("400 Bad Request"))


@scene("authentication", "basic-auth-not-offered")
async def a_gateway_wants_tokens(practice, folder):
    told = ("Server: ServiceNow", "WWW-Authenticate: Bearer realm=x", "Content-Type: application/json")
    async with answering(reply("401 Unauthorized", b'{"error":{}}', *told)) as (port, _):
        yield {"base_url": f"http://127.0.0.1:{port}/"}


@scene("authentication", "reply-malformed")
async def a_record_comes_without_a_result(practice, folder):
    answer = reply("200 OK", b"{}", "Server: ServiceNow", "Content-Type: application/json")
    async with answering(answer) as (port, _):
        yield {"base_url": f"http://127.0.0.1:{port}/"}


def _unsendable(stage, field):
    async def a_name_is_too_long_for_an_address(practice, folder):
        yield {"base_url": practice.base_url, "process": ApprovalProcess(name="Process", **{field: LONG})}

    scene(stage, "input-unsendable")(a_name_is_too_long_for_an_address)


for _stage, _field in (
    ("service_create", "create_service"),
    ("service_status", "status_service"),
    ("service_cancel", "cancel_service"),
):
    _unsendable(_stage, _field)
