"""How each fault of the sign-in with a client certificate is brought about: a practice instance behind a load balancer."""

import contextlib
import socket
import ssl
import threading
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from cryptography.x509.oid import ExtendedKeyUsageOID

from services.common.secret import Secret
from services.practice.mutual_tls import LoadBalancer
from services.practice.server import PracticeInstance
from services.transport.sign_in import CertificateSignIn
from tests.proxying import ConnectProxy
from tests.services.connectivity.conftest import ACCOUNT
from tests.services.servicenow.certificates import Authority, as_pkcs12

SIGN_IN = CertificateSignIn(ACCOUNT)
PASSPHRASE = "planted-passphrase-7"


class MutualTls:
    """A private CA for the server, one for clients, and what they made; each method gives the settings of a check."""

    def __init__(self, folder):
        self.folder = folder
        self.authority = Authority(folder / "ca")
        self.server = self.authority.sign(["localhost", "127.0.0.1"])
        self.mine = self.authority.sign(["console"], name="console")

    @cached_property
    def stranger(self):
        return Authority(self.folder / "stranger", "Another CA")

    @contextlib.asynccontextmanager
    async def serving(self, shown=None, *, mapped=True, user=ACCOUNT, server=None, known=(), **balancer):
        """Serve; `shown` is the certificate of the console, `mapped` whether a user has it."""
        shown = shown or self.mine
        ends = LoadBalancer(
            (server or self.server).path, [self.authority.root.certificate], list(known), **balancer
        )
        async with PracticeInstance(balancer=ends) as practice:
            if mapped:
                practice.map_certificate(shown.certificate, user)
            self.practice = practice
            yield self.settings(practice.base_url, shown.path)

    def settings(self, base_url, certificate):
        return {
            "base_url": base_url,
            "sign_in": SIGN_IN,
            "ca_bundle": self.authority.bundle,
            "client_certificate": certificate,
        }

    @contextlib.asynccontextmanager
    async def with_file(self, path, passphrase=None):
        """Serve; the console has another file, which it cannot use."""
        async with self.serving() as settings:
            yield {**settings, "client_certificate": str(path), **giving(passphrase)}
            assert self.practice.log == []

    # -- the file --------------------------------------------------------------

    def file_unreadable(self):
        return self.with_file(self.folder / "none.p12")

    def passphrase_missing(self):
        return self.with_file(as_pkcs12(self.mine, PASSPHRASE.encode()))

    def passphrase_wrong(self):
        return self.with_file(as_pkcs12(self.mine, PASSPHRASE.encode()), "another")

    def key_missing(self):
        return self.with_file(self.authority.bundle)

    def key_mismatch(self):
        other = self.authority.sign(["console"], name="other")
        mixed = self.folder / "mixed.pem"
        end = "-----END CERTIFICATE-----\n"
        public, _, _ = Path(self.mine.path).read_text().partition(end)
        _, _, key = Path(other.path).read_text().partition(end)
        mixed.write_text(public + end + key)
        return self.with_file(mixed)

    def expired(self):
        return self.with_file(self.authority.sign(["console"], name="old", days=(-9, -1)).path)

    def not_yet_valid(self):
        return self.with_file(self.authority.sign(["console"], name="new", days=(1, 9)).path)

    # -- the handshake and the load balancer -----------------------------------

    @contextlib.asynccontextmanager
    async def refusing(self, shown):
        """Serve handshakes that want a certificate, in a thread: asyncio hangs up without the alert that says why."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.server.path)
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(self.authority.bundle)
        with socket.create_server(("127.0.0.1", 0)) as listening:
            thread = threading.Thread(target=_refuse_all, args=(listening, context))
            thread.start()
            try:
                yield self.settings(f"https://localhost:{listening.getsockname()[1]}/", shown)
            finally:
                listening.shutdown(socket.SHUT_RDWR)
                thread.join(10)

    def required(self):
        return self.refusing(None)

    def rejected(self):
        return self.refusing(self.stranger.sign(["console"], name="console").path)

    def untrusted(self):
        shown = self.stranger.sign(["console"], name="console")
        return self.serving(shown, known=[shown.certificate])

    def wrong_purpose(self):
        shown = self.authority.sign(["console"], name="server", purpose=ExtendedKeyUsageOID.SERVER_AUTH)
        return self.serving(shown, known=[shown.certificate])

    # -- the instance ----------------------------------------------------------

    @contextlib.asynccontextmanager
    async def not_chosen(self):
        async with self.serving() as settings:
            yield {**settings, "client_certificate": None}
            assert all(not call.account for call in self.practice.log)

    def not_requested(self):
        return self.serving(requests_certificate=False)

    def balancer_unsupported(self):
        return self.serving(requests_certificate=False, supports_inner_tls=False)

    def intercepted(self):
        device = Authority(self.folder / "device", "Zscaler Intermediate Root CA")
        self.authority, trusted = device, self.authority
        served = device.sign(["localhost"])
        self.mine = trusted.sign(["console"], name="console")
        return self.serving(server=served, requests_certificate=False)

    def named_as_a_device(self):
        """The certificate is of a host whose name says “inspection”; who made it is no such device."""
        served = self.authority.sign(["localhost"], name="inspection.acme.com")
        return self.serving(server=served, requests_certificate=False)

    def not_mapped(self):
        return self.serving(mapped=False)

    @contextlib.asynccontextmanager
    async def not_mapped_inactive(self):
        async with self.serving() as settings:
            [row] = self.practice.records("sys_user_certificate")
            self.practice.change("sys_user_certificate", row["sys_id"], active="false")
            yield settings

    @contextlib.asynccontextmanager
    async def not_mapped_user_inactive(self):
        async with self.serving() as settings:
            [row] = self.practice.records("sys_user", user_name=ACCOUNT)
            self.practice.change("sys_user", row["sys_id"], active="false")
            yield settings

    @contextlib.asynccontextmanager
    async def not_mapped_off(self):
        async with self.serving() as settings:
            self.practice.faults.set("certificate_sign_in_off")
            yield settings

    def other_account(self):
        return self.serving(user="catalog.admin")

    @contextlib.asynccontextmanager
    async def refused(self):
        """A way on which the handshake cannot be observed: the proxy is reached with TLS."""
        proxied = self.authority.sign(["localhost"], name="proxy")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(proxied.path)
        async with self.serving(mapped=False) as settings, ConnectProxy(ssl=context) as proxy:
            yield {**settings, "proxy": proxy.url}


def _refuse_all(listening, context):
    """Take connections until the port is closed; what is left is read, so that no alert is lost."""
    with contextlib.suppress(OSError):
        while True:
            connection, _ = listening.accept()
            connection.settimeout(5)
            with (
                context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False) as encrypted,
                contextlib.suppress(OSError),
            ):
                with contextlib.suppress(ssl.SSLError):
                    encrypted.do_handshake()
                while socket.socket.recv(encrypted, 65536):
                    pass


def giving(passphrase):
    """Return the setting with which a passphrase is read."""
    if passphrase is None:
        return {}

    async def read():
        return Secret(passphrase)

    return {"certificate_passphrase": read}


@dataclass(frozen=True)
class Case:
    """A fault, the stage it shows at, and what brings it about."""

    stage: str
    id: str
    produce: str

    @property
    def place(self):
        return self.stage, self.id


def _case(stage, name, produce=None):
    return Case(stage, f"certificate-{name}", produce or name.replace("-", "_"))


CASES = [
    *(
        _case("tls", name)
        for name in (
            "file-unreadable",
            "passphrase-missing",
            "passphrase-wrong",
            "key-missing",
            "key-mismatch",
            "expired",
            "not-yet-valid",
        )
    ),
    _case("http", "required"),
    _case("http", "rejected"),
    _case("http", "untrusted"),
    _case("http", "wrong-purpose"),
    _case("authentication", "not-chosen"),
    _case("authentication", "refused"),
    _case("authentication", "not-requested"),
    _case("authentication", "not-requested", "named_as_a_device"),
    _case("authentication", "balancer-unsupported"),
    _case("authentication", "intercepted"),
    _case("authentication", "not-mapped"),
    _case("authentication", "not-mapped", "not_mapped_inactive"),
    _case("authentication", "not-mapped", "not_mapped_user_inactive"),
    _case("authentication", "not-mapped", "not_mapped_off"),
    _case("authentication", "other-account"),
]
PLACES = {case.place for case in CASES}
