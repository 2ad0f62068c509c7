"""An hour of polling with a client certificate that is replaced meanwhile, under its name and by another file."""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from models.foreign_system import ForeignSystem
from models.kinds import Kind, RequestOrigin, RequestState
from models.secret_names import SecretName
from models.sign_in import SignInMethod
from models.user_credential import UserCredential
from services.common.errors import ConsoleError
from services.common.fault_ids import FaultId
from services.common.secret import Secret
from services.practice import PracticeInstance
from services.practice.mutual_tls import CERTIFICATE_TABLE, LoadBalancer
from tests.proxying import ConnectProxy
from tests.services.requests import followed
from tests.services.requests.followed import SimulatedClock
from tests.services.servicenow.certificates import Authority, as_pkcs12
from tests.services.transfer.conftest import configuration, empty_store, store, vault, workspace
from tests.sign_in_methods import INTEGRATION

__all__ = ["configuration", "empty_store", "store", "vault", "workspace"]

HOUR_S, INTERVAL_S = 3600, 90
REQUESTS = 20
PASSPHRASE = "planted-passphrase-7"


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def clock():
    return SimulatedClock()


@pytest.fixture
def practice(authority, clock):
    balancer = LoadBalancer(authority.sign(["localhost"]).path, [authority.root.certificate])
    instance = PracticeInstance(balancer=balancer, clock=clock.now)
    yield instance
    instance.stop()


@pytest.fixture
def renewals(authority, tmp_path):
    """Certificates of the same account, one after the other, and the file that the first two are in."""
    file = tmp_path / "client.pem"
    return [authority.sign(["console"], name=f"console {number}") for number in range(3)], file


def take_only(practice, certificate):
    """Map a certificate to the account, and no other one any more; sessions of the former one end."""
    database = practice._database
    for row in database.rows(CERTIFICATE_TABLE):
        database.update(CERTIFICATE_TABLE, row["sys_id"], {"active": "false"})
    practice.map_certificate(certificate, INTEGRATION)
    practice._web._accounts._sessions.clear()


def put(file, signed):
    """Replace a file as programs that renew certificates do."""
    new = file.with_suffix(".new")
    new.write_bytes(Path(signed.path).read_bytes())
    new.replace(file)


def connect(configuration, vault, practice, authority, file, proxy):
    server, _ = followed.configure(configuration, vault, practice, "unused", interval=INTERVAL_S)
    credential = configuration.new(
        Kind.USER_CREDENTIAL, name="mTLS", account=INTEGRATION, sign_in=SignInMethod.CERTIFICATE.value
    )
    server.credential_id = configuration.save(credential).id
    server.ca_bundle, server.proxy, server.client_certificate = authority.bundle, proxy, str(file)
    return configuration.save(server), credential


def enter_another_file(configuration, vault, server, credential, signed):
    """Let the server have a protected file, with its passphrase."""
    stored = configuration.get(ForeignSystem, server.id)
    stored.client_certificate = as_pkcs12(signed, PASSPHRASE.encode())
    put_passphrase(vault, stored, credential)
    configuration.save(stored)


def put_passphrase(vault, server, credential):
    vault.put(
        credential.id,
        credential.name,
        INTEGRATION,
        Secret(PASSPHRASE),
        [server.destination],
        secret_name=SecretName.CERTIFICATE_PASSPHRASE,
    )


async def live_an_hour(practice, workspace, server, clock, records, events):
    """Poll when it is due; every two minutes an approver decides, and `events` happen at their seconds."""
    follower = followed.follower_of(workspace, clock)
    waiting, problems, due = list(records), [], clock.now()
    for second in range(HOUR_S):
        if second in events:
            events[second]()
        if clock.now() >= due:
            done = await follower.round(server.id)
            problems += [done.problem] if done.problem is not None else []
            due = done.next_at
        clock.pass_by(1)
        if second % 120 == 60 and waiting:
            followed.decide(practice, waiting.pop())
    return problems


@pytest.mark.timeout(120)
@pytest.mark.parametrize("through", ["directly", "through a proxy"])
async def test_an_hour_with_certificates_that_are_replaced(
    store, configuration, vault, workspace, authority, practice, clock, renewals, through
):
    (first, second, third), file = renewals
    put(file, first)
    take_only(practice, first.certificate)
    records = followed.fill(practice, clock, REQUESTS)
    practice.start()
    async with ConnectProxy() as proxy:
        way = proxy.url if through != "directly" else None
        server, credential = connect(configuration, vault, practice, authority, file, way)

        def renew():
            put(file, second)
            take_only(practice, second.certificate)

        def enter():
            enter_another_file(configuration, vault, server, credential, third)
            take_only(practice, third.certificate)

        events = {1200: renew, 2400: enter}
        problems = await live_an_hour(practice, workspace, server, clock, records, events)
        await workspace.close_connections()
    assert problems == []
    assert {(call.status, call.account) for call in practice.log} == {(200, INTEGRATION)}
    rows = followed.requests_of(store, origin=RequestOrigin.SERVICENOW)
    assert {row["state"] for row in rows} == {RequestState.APPROVED}
    assert len(rows) == REQUESTS
    assert bool(proxy.asked) is (way is not None)


@pytest.fixture
async def table(configuration, vault, workspace, authority, practice, renewals):
    """A table of the instance, read with the first certificate."""
    (first, *_), file = renewals
    put(file, first)
    take_only(practice, first.certificate)
    practice.start()
    server, _ = connect(configuration, vault, practice, authority, file, None)
    found = (await workspace.instance(server.id)).table("sys_user")
    assert await found.first(None, ("name",))
    yield found
    await workspace.close_connections()


async def test_a_renewed_file_that_is_half_written_changes_nothing_yet(practice, renewals, table):
    (_, second, _), file = renewals
    file.write_bytes(second.certificate.public_bytes(Encoding.PEM)[:200])
    assert await table.first(None, ("name",))
    put(file, second)
    take_only(practice, second.certificate)
    assert await table.first(None, ("name",))


async def test_a_protected_file_is_used_when_its_passphrase_is_entered(
    configuration, vault, practice, renewals, table
):
    (_, second, _), file = renewals
    file.write_bytes(Path(as_pkcs12(second, PASSPHRASE.encode())).read_bytes())
    take_only(practice, second.certificate)
    faults = []
    for _ in range(2):
        with pytest.raises(ConsoleError) as refused:
            await table.first(None, ("name",))
        faults.append(refused.value.problem.fault)
    # The former certificate is refused; only then it is known that the new file is needed.
    assert faults == [FaultId.CERTIFICATE_REFUSED, FaultId.CERTIFICATE_PASSPHRASE_MISSING]
    [credential] = [one for one in configuration.all(UserCredential) if one.sign_in == "certificate"]
    [server] = configuration.all(ForeignSystem)
    put_passphrase(vault, server, credential)
    assert await table.first(None, ("name",))
