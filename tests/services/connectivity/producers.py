"""How each fault of the catalogue is brought about: on the practice instance, or with real sockets and certificates."""

import contextlib
import gzip
import random
import socket
import ssl
import threading
import warnings
from dataclasses import dataclass, field

from models.approval_process import CANCEL_SERVICE, CREATE_SERVICE, STATUS_SERVICE
from services.common.secret import Secret
from services.connectivity import all_faults
from services.servicenow import SignIn
from services.transport.response_body import RESPONSE_MAX_BYTES
from tests.proxying import ConnectProxy
from tests.services.connectivity.conftest import Authority, answering, reply

SERVICES = {
    "service_create": CREATE_SERVICE,
    "service_status": STATUS_SERVICE,
    "service_cancel": CANCEL_SERVICE,
}
GONE = "0" * 32
SIGNED_OUT = reply("401 Unauthorized", b'{"error":{}}', "Content-Type: application/json")


@dataclass(frozen=True)
class Produced:
    """One fault on the practice instance: the place it shows at, the faults to switch on, values of the process."""

    stage: str
    id: str
    faults: tuple = ()
    process: dict = field(default_factory=dict)

    @property
    def place(self):
        return self.stage, self.id


def _service_faults():
    for stage, name in SERVICES.items():
        own = f"{stage.removeprefix('service_')}_service"
        for fault_id, fault in (
            ("service-missing", "service_missing"),
            ("service-inactive", "service_inactive"),
            ("service-silent", "service_silent"),
            ("service-duplicate", "service_duplicate"),
            ("service-contract", "input_missing"),
            ("service-description-invalid", "wsdl_broken"),
            ("rights-missing", "service_forbidden"),
            ("rights-missing", "wsdl_refused"),
            ("service-input-type", "input_typed"),
            ("wsdl-address-elsewhere", "wsdl_elsewhere"),
        ):
            yield Produced(stage, fault_id, ((fault, {"service": name}),))
        yield Produced(stage, "service-name-differs", (("service_renamed", {"service": name}),))
        yield Produced(stage, "service-name-differs", (), {own: name.lower()})
        other = CANCEL_SERVICE if name != CANCEL_SERVICE else STATUS_SERVICE
        yield Produced(stage, "service-swapped", (), {own: other})


def _one(stage, fault_id, fault, **options):
    return Produced(stage, fault_id, ((fault, options),))


PRACTICE = [
    _one("http", "redirect-elsewhere", "redirect_elsewhere"),
    _one("http", "server-error", "server_error"),
    _one("instance", "instance-hibernating", "hibernating"),
    _one("instance", "instance-maintenance", "maintenance"),
    _one("instance", "login-page", "login_page"),
    _one("instance", "sso-redirect", "sso_redirect"),
    _one("instance", "html-instead-of-data", "foreign_page"),
    _one("instance", "not-servicenow", "not_servicenow"),
    _one("authentication", "authentication-refused", "unauthorised"),
    _one("authentication", "authentication-mfa", "mfa_required"),
    _one("authentication", "rate-limited", "rate_limited", limit=1000),
    _one("http", "reply-damaged", "cut_body"),
    _one("authentication", "access-policy-refused", "page_forbidden"),
    _one("authentication", "query-ignored", "query_ignored"),
    _one("authentication", "rights-missing", "user_forbidden"),
    _one("account", "account-inactive", "account_inactive"),
    _one("account", "account-locked", "account_locked"),
    _one("account", "account-interactive", "account_interactive"),
    _one("roles", "rights-missing", "lists_forbidden"),
    _one("roles", "role-admin-left", "role_admin_left"),
    _one("roles", "role-missing", "role_missing"),
    _one("roles", "role-soap-missing", "role_soap_missing"),
    _one("limits", "transaction-cancelled", "error_in_200"),
    _one("limits", "transaction-cancelled", "lists_cut"),
    _one("limits", "rate-limit-low", "rate_limit_told", limit=60),
    _one("clock", "clock-differs", "clock_off", seconds=90),
    _one("request_item", "request-item-missing", "item_missing"),
    _one("request_item", "request-item-unseen", "domain_separated"),
    _one("request_item", "request-item-unseen", "user_criteria"),
    _one("request_item", "request-item-unseen", "query_acl"),
    _one("request_item", "request-item-hidden", "empty_pages"),
    Produced("request_item", "request-item-unseen", (("item_missing", {}),), {"request_item_id": GONE}),
    Produced("request_item", "request-item-stale", (), {"request_item_id": GONE}),
    _one("request_item", "request-item-inactive", "item_inactive"),
    _one("request_item", "request-item-category-inactive", "category_inactive"),
    _one("request_item", "request-item-catalogue-inactive", "catalogue_inactive"),
    _one("request_item", "request-item-not-orderable", "item_not_orderable"),
    _one("request_item", "request-item-variables", "variable_missing", variable="PMFilePath"),
    *_service_faults(),
    _one("status_call", "accepted-only", "accepted"),
    _one("status_call", "reply-contract", "outputs_missing"),
    _one("status_call", "reply-contract", "outputs_doubled"),
    _one("status_call", "reply-malformed", "not_well_formed"),
    _one("status_call", "reply-malformed", "dtd"),
    _one("status_call", "status-unknown", "unknown_status", word="in_review"),
    _one("status_call", "soap-fault", "soap_fault"),
    _one("status_call", "status-call-not-invalid", "unknown_status", word="pending"),
    Produced("status_call", "status-call-slow", (("slow_script", {"seconds": 1.1}),), {"check_every_s": 10}),
    _one("approval_flow", "approval-flow-missing", "item_without_flow"),
    _one("approval_flow", "approval-flow-inactive", "workflow_inactive"),
    _one("approval_flow", "approvers-missing", "approvers_missing"),
    _one("approval_flow", "approvers-missing", "approvers_inactive"),
    _one("approval_flow", "approval-not-requested", "nobody_asked"),
]


class Network:
    """Brings about the faults below the sign-in; each method is named after its fault and gives settings."""

    def __init__(self, folder, ports):
        self.folder, self.ports = folder, ports
        self.authority = Authority(folder)
        self.trusting = {"ca_bundle": str(self.authority.bundle)}

    @contextlib.asynccontextmanager
    async def serving(self, context=None, answer=SIGNED_OUT, scheme="https", **settings):
        async with answering(answer, context) as (port, _):
            yield {"base_url": f"{scheme}://localhost:{port}/", **settings}

    @contextlib.asynccontextmanager
    async def at(self, base_url, **settings):
        yield {"base_url": base_url, **settings}

    def produce(self, stage, fault_id):
        name = fault_id.replace("-", "_")
        return getattr(self, f"{name}_at_{stage}", getattr(self, name))()

    def connection_lost_at_tls(self):
        """What an asyncio server does when a handshake fails: it hangs up."""
        context = self.authority.context()
        context.sni_callback = lambda *_: ssl.ALERT_DESCRIPTION_INTERNAL_ERROR
        return self.serving(context, **self.trusting)

    @contextlib.asynccontextmanager
    async def refusing(self, context):
        """Serve handshakes that fail, in a thread: a server of asyncio hangs up without the alert that says why."""
        with socket.socket() as listening:
            listening.bind(("127.0.0.1", 0))
            listening.listen()

            def serve():
                while True:
                    try:
                        taken, _ = listening.accept()
                    except OSError:
                        return
                    with taken, contextlib.suppress(OSError):
                        context.wrap_socket(taken, server_side=True).close()

            thread = threading.Thread(target=serve)
            thread.start()
            try:
                yield {"base_url": f"https://localhost:{listening.getsockname()[1]}/", **self.trusting}
            finally:
                listening.shutdown(socket.SHUT_RDWR)
                listening.close()
                thread.join(10)

    def url_invalid(self):
        return self.at("https://acme.example/nav_to.do")

    def dns_unknown_host(self):
        return self.at("https://no-such-host.invalid/")

    def proxy_invalid(self):
        return self.at("https://acme.example/", proxy="socks5://127.0.0.1:1")

    def proxy_unreachable(self):
        return self.at("https://acme.example/", proxy=f"http://127.0.0.1:{self.ports['closed']}")

    def proxy_timeout(self):
        return self.at("https://acme.example/", proxy=f"http://127.0.0.1:{self.ports['dead']}")

    @contextlib.asynccontextmanager
    async def _proxy(self, status, *headers):
        async with answering(reply(status, b"", *headers)) as (port, _):
            yield {"base_url": "https://acme.example/", "proxy": f"http://127.0.0.1:{port}"}

    def proxy_sign_in(self):
        return self._proxy("407 Proxy Authentication Required")

    def proxy_sign_in_unsupported(self):
        offered = "Proxy-Authenticate: Negotiate, NTLM"
        return self._proxy("407 Proxy Authentication Required", offered)

    @contextlib.asynccontextmanager
    async def proxy_sign_in_refused(self):
        async with ConnectProxy("proxy.user", "right") as proxy:
            wrong = SignIn("proxy.user", Secret("wrong-4714"))
            yield {"base_url": "https://acme.example/", "proxy": proxy.url, "proxy_sign_in": wrong}

    def proxy_refuses(self):
        return self._proxy("403 Forbidden")

    def tcp_refused(self):
        return self.at(f"http://127.0.0.1:{self.ports['closed']}/")

    def tcp_timeout(self):
        return self.at(f"http://127.0.0.1:{self.ports['dead']}/")

    def tls_certificate_expired(self):
        return self.serving(self.authority.context(days=-1, since=90), **self.trusting)

    def tls_certificate_not_yet_valid(self):
        return self.serving(self.authority.context(since=-30), **self.trusting)

    def tls_wrong_host(self):
        return self.serving(self.authority.context(host="other.example"), **self.trusting)

    def tls_untrusted(self):
        return self.serving(self.authority.context())

    def tls_self_signed(self):
        return self.serving(self.authority.self_signed())

    def tls_intercepted(self):
        return self.serving(Authority(self.folder, "Zscaler Intermediate Root CA").context())

    def tls_protocol_old(self):
        context = self.authority.context()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
        context.set_ciphers("DEFAULT:@SECLEVEL=0")
        return self.refusing(context)

    def tls_not_spoken(self):
        return self.at(f"https://127.0.0.1:{self.ports['plain']}/")

    def tls_timeout(self):
        return self.at(f"https://127.0.0.1:{self.ports['silent']}/")

    def tls_failed(self):
        context = self.authority.context()
        context.sni_callback = lambda *_: ssl.ALERT_DESCRIPTION_INTERNAL_ERROR
        return self.refusing(context)

    def tls_file_unreadable(self):
        return self.at(f"https://127.0.0.1:{self.ports['silent']}/", ca_bundle=str(self.folder / "none.pem"))

    def tls_certificate_expires_soon(self):
        return self.serving(self.authority.context(days=20), **self.trusting)

    def timeout(self):
        return self.at(f"http://127.0.0.1:{self.ports['silent']}/")

    def answer_too_large(self):
        packed = gzip.compress(bytes(RESPONSE_MAX_BYTES + 1))
        return self.serving(answer=reply("200 OK", packed, "Content-Encoding: gzip"), scheme="http")

    def connection_lost(self):
        return self.serving(answer=b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx", scheme="http")


NETWORK = [
    (stage, f.id)
    for f in all_faults()
    for stage in f.stages
    if hasattr(Network, f.id.replace("-", "_")) and stage in ("url", "dns", "proxy", "tcp", "tls", "http")
]
BY_TEST = [("dns", "dns-timeout")]
"""Brought about by a name server that does not answer, in `test_reaching`: no test has one of its own to silence."""


def pairs(count, seed):
    """Return `count` pairs of faults that can be on at once, the same ones for the same seed."""
    chosen, found = random.Random(seed), []
    while len(found) < count:
        pair = tuple(chosen.sample(PRACTICE, 2))
        if not _touched(pair[0]) & _touched(pair[1]):
            found.append(pair)
    return found


def _touched(fault):
    """Return the switches and names a fault takes for itself: two faults that share one are one fault."""
    return (
        {name for name, _ in fault.faults}
        | set(fault.process.values())
        | {value for _, options in fault.faults for key, value in options.items() if key == "service"}
    )
