"""A password goes to the host it was entered for: whatever stands elsewhere gets none of it, by any way there is."""

import pytest

from models.approval_process import ApprovalProcess
from models.kinds import Kind
from services.common.errors import ConsoleError
from services.common.secret import Secret
from services.connectivity import run_check
from services.practice import PracticeInstance
from services.servicenow import ConnectionSettings
from services.servicenow.contract import STATUS_INPUT, STATUS_OUTPUT
from services.vault import VaultKind
from services.workspace import Workspace
from tests.canary import ACCOUNT, SECRET, Listener, forward_to, leaks, leaks_below, password_of, reply


@pytest.fixture
def practice():
    instance = PracticeInstance(password=SECRET).start()
    yield instance
    instance.stop()


@pytest.fixture
def home(practice):
    """The password's own host, in front of the practice instance: sees every byte that arrives."""
    listener = Listener(forward_to(int(practice.base_url.rstrip("/").rsplit(":", 1)[1])))
    yield listener
    listener.close()


@pytest.fixture
def elsewhere():
    """Another host, which would like to have the password."""
    listener = Listener(lambda _request: reply(401, "", WWW_Authenticate='Basic realm="Service-now"'))
    yield listener
    listener.close()


EVERY_VAULT = pytest.mark.parametrize(
    "workspace", [VaultKind.SESSION, VaultKind.FILE, VaultKind.ENV], indirect=True
)


@pytest.fixture
def workspace(request, tmp_path, monkeypatch):
    monkeypatch.setenv("APPROVAL_CONSOLE_PASSPHRASE", "correct horse battery staple")
    monkeypatch.setenv("APPROVAL_CONSOLE_SECRET_CANARY", SECRET)
    opened = Workspace.open(
        str(tmp_path / "console.db"), getattr(request, "param", VaultKind.SESSION), tmp_path
    )
    yield opened
    opened.store.close()


def save(workspace, kind, **values):
    return workspace.configuration.save(workspace.configuration.new(kind, **values))


@pytest.fixture
def server(workspace, home):
    """A server whose password was entered for its own host."""
    credential = save(workspace, Kind.USER_CREDENTIAL, name="Canary", account=ACCOUNT)
    made = save(workspace, Kind.FOREIGN_SYSTEM, name="Server", base_url=home.url, credential_id=credential.id)
    if workspace.vault.kind is VaultKind.ENV:
        workspace.vault.bind(credential.id, credential.name, made.origin)
    else:
        workspace.vault.put(credential.id, credential.name, ACCOUNT, Secret(SECRET), [made.origin])
    return made


async def look(workspace, server):
    """Ask for a record and run the check; returns what was said."""
    instance = await workspace.instance(server.id)
    said = []
    try:
        said.append(repr(await instance.table("sys_user").first(None, ("user_name",))))
    except ConsoleError as error:
        said.append(error.problem.fault)
    found = await run_check(ConnectionSettings.of(server), instance.sign_in)
    said += [s.fault for s in found.stages if s.fault]
    await instance.aclose()
    return said


def signed_in(listener):
    return [password_of(request) for request in listener.requests if password_of(request)]


def nothing_but_the_header(listener):
    """Return what is left of all requests without their Authorization headers."""
    lines = [
        line for line in listener.received.split(b"\r\n") if not line.startswith(b"Authorization: Basic ")
    ]
    return b"\r\n".join(lines)


@EVERY_VAULT
async def test_the_own_host_gets_it_in_its_header_and_nowhere_else(workspace, server, home, tmp_path):
    said = await look(workspace, server)
    assert "user_name" in said[0]
    assert set(signed_in(home)) == {SECRET}
    assert leaks(nothing_but_the_header(home)) == []
    assert leaks_below(tmp_path) == {}


async def test_a_redirect_is_not_followed(workspace, server, home, elsewhere, practice):
    practice.faults.set("redirect_elsewhere", to=f"{elsewhere.url}api/now/table/sys_user")
    said = await look(workspace, server)
    assert "redirect-elsewhere" in said
    assert SECRET in signed_in(home)
    assert elsewhere.requests == []


@EVERY_VAULT
async def test_a_changed_base_url_waits_until_it_is_entered_anew(workspace, server, home, elsewhere):
    await look(workspace, server)
    server.base_url = elsewhere.url
    server = workspace.configuration.save(server)
    assert (await look(workspace, server))[0] == "secret-not-for-host"
    assert signed_in(elsewhere) == []
    assert leaks(elsewhere.received) == []
    if workspace.vault.kind is not VaultKind.ENV:
        credential = workspace.configuration.named(Kind.USER_CREDENTIAL, "Canary")
        workspace.vault.put(credential.id, credential.name, ACCOUNT, Secret("another one"), [server.origin])
        assert "authentication-refused" in await look(workspace, server)
        assert set(signed_in(elsewhere)) == {"another one"}


async def test_the_same_machine_by_another_name_is_another_host(workspace, server, home):
    server.base_url = home.url.replace("127.0.0.1", "localhost")
    server = workspace.configuration.save(server)
    assert (await look(workspace, server))[0] == "secret-not-for-host"
    assert signed_in(home) == []


async def test_a_description_that_points_elsewhere_is_not_followed(
    workspace, server, home, elsewhere, practice
):
    practice.faults.set("wsdl_elsewhere", to=elsewhere.url)
    instance = await workspace.instance(server.id)
    service = instance.service("GetExecuteAppApprovalRequestStatus")
    description = await service.describe()
    assert description.wsdl_host_differs
    await service.call({STATUS_INPUT: "made up"}, (STATUS_OUTPUT,))
    await instance.aclose()
    assert SECRET in signed_in(home)
    assert elsewhere.requests == []


async def test_http_in_place_of_https_gets_nothing(workspace, server, home):
    """The password was entered for https; whoever makes the address http would read it on the way."""
    server.base_url = home.url.replace("http://", "https://")
    server = workspace.configuration.save(server)
    credential = workspace.configuration.named(Kind.USER_CREDENTIAL, "Canary")
    workspace.vault.put(credential.id, credential.name, ACCOUNT, Secret(SECRET), [server.origin])
    await look(workspace, server)
    server.base_url = home.url
    server = workspace.configuration.save(server)
    said = await look(workspace, server)
    assert said[0] == "secret-not-for-host"
    assert "secret-not-for-host" in said[1:]
    assert signed_in(home) == []
    assert leaks(home.received) == []


async def test_a_check_calls_no_address_of_a_description(workspace, server, home, elsewhere, practice):
    """Not even with the services of a process: each names another host, and each is called at its own."""
    practice.faults.set("wsdl_elsewhere", to=elsewhere.url)
    instance = await workspace.instance(server.id)
    process = ApprovalProcess(name="Process")
    found = await run_check(ConnectionSettings.of(server), instance.sign_in, process)
    assert [s.fault for s in found.stages if s.fault] == ["wsdl-address-elsewhere"] * 3
    assert SECRET in signed_in(home)
    assert elsewhere.requests == []


async def test_a_check_follows_no_redirect(workspace, server, elsewhere, practice):
    for fault in ("redirect_elsewhere", "sso_redirect"):
        practice.faults.set(fault, to=f"{elsewhere.url}saml2/login")
        instance = await workspace.instance(server.id)
        found = await run_check(ConnectionSettings.of(server), instance.sign_in)
        practice.faults.clear()
        assert found.verdict == "failed"
    assert elsewhere.requests == []


async def test_a_proxy_never_sees_a_password_that_is_for_this_machine(workspace, server, home, elsewhere):
    server.proxy = elsewhere.url
    server = workspace.configuration.save(server)
    await look(workspace, server)
    assert signed_in(elsewhere) == []
    assert leaks(elsewhere.received) == []


async def test_proxies_of_the_environment_do_not_count(workspace, server, home, elsewhere, monkeypatch):
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, elsewhere.url)
    await look(workspace, server)
    assert SECRET in signed_in(home)
    assert elsewhere.requests == []
