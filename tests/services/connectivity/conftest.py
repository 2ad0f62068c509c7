"""Fixtures for checks: the practice instance, ports that behave badly, and certificates of an authority of our own."""

import asyncio
import contextlib
import ipaddress
import socket
import ssl
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from models.approval_process import ApprovalProcess
from services.common.secret import Secret
from services.connectivity import run_check, time_limits
from services.practice import PracticeInstance
from services.servicenow import ConnectionSettings, SignIn
from tests.limits import WAIT_S

PASSWORD = "practice password"
ACCOUNT = "privman.integration"
SIGN_IN = SignIn(ACCOUNT, Secret(PASSWORD))
HASTY_S = 0.5
"""For a stage that is to run out of time: enough for those before it on a busy machine."""


@pytest.fixture
def practice():
    instance = PracticeInstance(password=PASSWORD).start()
    yield instance
    instance.stop()


async def check(base_url, sign_in=SIGN_IN, process=None, report=None, **settings):
    """Check an address as the account of the integration, with a process that has the stock names."""
    process = process or ApprovalProcess(name="Process")
    more = {"report": report} if report else {}
    return await run_check(ConnectionSettings("Server", base_url, **settings), sign_in, process, **more)


def states(report):
    return {s.stage: s.state for s in report.stages}


def findings(report):
    """Return what a report warns of or calls failed, as stage and fault."""
    return [(s.stage, s.fault) for s in report.stages if s.state in ("warning", "failed")]


@pytest.fixture(autouse=True)
def patient(monkeypatch):
    """Let a busy machine take its time for a stage; a test of the limit itself sets it to HASTY_S."""
    monkeypatch.setattr(time_limits, "STAGE_TIMEOUT_S", WAIT_S)
    monkeypatch.setattr(time_limits, "CHECK_TIMEOUT_S", 10 * WAIT_S)


@pytest.fixture
def silent_port():
    """A port that takes connections and never says anything."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        yield listening.getsockname()[1]


@pytest.fixture
def dead_port():
    """A port whose host does not even refuse: its queue is full, so a connection is never answered."""
    with contextlib.ExitStack() as stack:
        listening = stack.enter_context(socket.socket())
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        for _ in range(4):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                waiting.connect(listening.getsockname())
        yield listening.getsockname()[1]


@pytest.fixture
def closed_port():
    """A port where nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


class Authority:
    """A certificate authority that no machine trusts, and the certificates it makes."""

    def __init__(self, folder, name="An authority for tests"):
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        made = self._builder(self._name, self._key, 3650, 0)
        usage = x509.KeyUsage(*[False] * 5, True, True, False, False)
        made = made.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        self._certificate = made.add_extension(usage, critical=True).sign(self._key, hashes.SHA256())
        self.bundle = folder / "authority.pem"
        self.bundle.write_bytes(self._certificate.public_bytes(serialization.Encoding.PEM))

    def _builder(self, subject, key, days, since, issuer=None):
        now = datetime.now(UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer or self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=since + 1))
            .not_valid_after(now + timedelta(days=days))
        )

    def context(self, host="localhost", days=90, since=0):
        """Return a server's context with a certificate for `host` that is good for `days`."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
        names = [x509.DNSName(host), x509.IPAddress(ipaddress.ip_address("127.0.0.2"))]
        builder = self._builder(subject, key, days, since)
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        builder = builder.add_extension(authority, critical=False)
        certificate = builder.sign(self._key, hashes.SHA256())
        return self._served(key, certificate)

    def self_signed(self, host="localhost"):
        """Return a server's context with a certificate that the server made itself."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
        builder = self._builder(subject, key, 90, 0, issuer=subject)
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        return self._served(key, builder.sign(key, hashes.SHA256()))

    def _served(self, key, certificate):
        file = self._folder / "server.pem"
        file.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
            + certificate.public_bytes(serialization.Encoding.PEM)
        )
        made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        made.load_cert_chain(file)
        return made


@pytest.fixture
def authority(tmp_path):
    return Authority(tmp_path)


@contextlib.asynccontextmanager
async def answering(reply, context=None, *, at_once=False):
    """Serve one reply to everything that is asked (`at_once`: before it is); gives the port and what arrived."""
    arrived, running = [], set()

    async def answer(reader, writer):
        running.add(asyncio.current_task())
        if at_once:
            writer.write(reply)
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            arrived.append(await reader.readuntil(b"\r\n\r\n"))
            writer.write(reply)
            await writer.drain()
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()

    server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context)
    try:
        yield server.sockets[0].getsockname()[1], arrived
    finally:
        server.close()
        await server.wait_closed()
        await asyncio.gather(*running)


def reply(status, body=b"", *headers):
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close", *headers]
    return "\r\n".join((*lines, "", "")).encode() + body
