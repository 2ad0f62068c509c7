"""How each fault of a Privilege Manager server is brought about: on the practice server, or with replies over real sockets."""

import contextlib
import random
import uuid
from dataclasses import dataclass

from models.kinds import Kind
from services.common.secret import Secret
from services.connectivity import run_check
from services.practice.privilege_manager import ADMINISTRATORS
from services.practice.privilege_manager import built_in_ids as ids
from services.practice.privilege_manager.items import ItemKind
from services.servicenow import ConnectionSettings, SignIn
from tests.services.connectivity.conftest import answering, reply

READ_STAGES = ("version", "actions", "policies")
READING_REFUSED = ("roles", "privilege-manager-reading-refused")


@dataclass(frozen=True)
class PmProduced:
    """One fault on the practice server: the place it shows at, the faults to switch on, and what it brings along."""

    stage: str
    id: str
    faults: tuple = ()
    also: tuple = ()
    """Other findings that are true at the same time."""
    role: str = ADMINISTRATORS
    arrange: object = None
    """Changes the practice server in a way that it has no fault for."""

    @property
    def place(self):
        return self.stage, self.id


def _one(stage, fault_id, fault, *, also=(), **options):
    return PmProduced(stage, f"privilege-manager-{fault_id}", ((fault, options),), tuple(also))


def _call_faults():
    for stage in READ_STAGES:
        told = [READING_REFUSED] if stage != "version" else []
        yield _one(stage, "forbidden", "forbidden", operation=stage, also=told)
        yield _one(stage, "operation-missing", "not_found", operation=stage)
        yield _one(stage, "status-error", "status_error", operation=stage)
        yield _one(stage, "server-error", "html_500", operation=stage)
        yield _one(stage, "reply-malformed", "not_json", operation=stage)


def _remove(practice, *item_ids):
    for item_id in item_ids:
        practice.state.items.remove(item_id)


def _without_approval_actions(practice):
    own = (ids.APPROVAL_FORM, ids.APPROVAL_FORM_OFFLINE, ids.APPROVAL_FORM_ITEM_NUMBER, ids.MACOS_MESSAGE)
    others = [
        one.id
        for one in practice.state.items.of_kind(ItemKind.ACTION)
        if one.id != ids.ADD_ADMINISTRATIVE_RIGHTS
    ]
    _remove(practice, *own, *others)


def _without_actions(practice):
    _remove(practice, *[one.id for one in practice.state.items.of_kind(ItemKind.ACTION)])


def _without_policies(practice):
    _remove(practice, *[one.id for one in practice.state.items.of_kind(ItemKind.POLICY)])


def _with_one_policy(practice):
    _remove(practice, *[one.id for one in practice.state.items.of_kind(ItemKind.POLICY)][1:])


def _user_as_client(practice):
    practice.client().client_id = "ada@corp.example"


def _keep_tokens(practice):
    practice.sessions.log_off = lambda token: None


PM_PRACTICE = [
    _one("http", "server-error", "html_500"),
    PmProduced("http", "redirect-elsewhere", (("redirect_elsewhere", {}),)),
    PmProduced("http", "reply-damaged", (("cut_body", {}),)),
    PmProduced("http", "timeout", (("slow", {"seconds": 30.0, "operation": "swagger"}),)),
    PmProduced("http", "connection-lost", (("call_lost", {}),)),
    PmProduced("clock", "clock-differs", (("clock_off", {"seconds": 90.0}),)),
    _one("instance", "path-wrong", "not_found"),
    _one("instance", "login-redirect", "login_redirect"),
    _one("instance", "login-redirect", "login_page"),
    _one("instance", "maintenance", "maintenance"),
    _one("instance", "not-recognised", "foreign_page"),
    _one("instance", "not-recognised", "other_json"),
    _one("instance", "swagger-missing", "swagger_missing"),
    _one("instance", "swagger-unreadable", "swagger_invalid"),
    _one("instance", "swagger-refused", "swagger_refused"),
    _one("authentication", "log-on-refused", "logon_refused"),
    _one("authentication", "api-unavailable", "api_disabled"),
    _one("authentication", "token-refused", "token_expired"),
    _one("authentication", "log-on-reply", "other_json", operation="log_on"),
    _one("authentication", "server-error", "html_500", operation="log_on"),
    PmProduced("authentication", "rate-limited", (("rate_limited", {"operation": "log_on"}),)),
    PmProduced("account", "privilege-manager-user-account", arrange=_user_as_client),
    _one("account", "log-off-failed", "html_500", operation="log_off"),
    PmProduced("account", "privilege-manager-token-outlives-log-off", arrange=_keep_tokens),
    PmProduced(
        *READING_REFUSED,
        role="",
        also=tuple((stage, "privilege-manager-forbidden") for stage in ("actions", "policies")),
    ),
    _one("version", "version-too-old", "wrong_version", version="10.7.1.12"),
    _one("version", "version-limited", "wrong_version", version="10.8.2.3"),
    _one("version", "version-unreadable", "wrong_version", version="current"),
    *(
        _one("version", "server-operations-missing", "operation_missing", which=which)
        for which in ("version", "run_task", "run_report", "send_answer")
    ),
    _one(
        "version",
        "server-operations-missing",
        "operation_missing",
        which="log_off",
        also=[("account", "privilege-manager-log-off-failed")],
    ),
    PmProduced("actions", "privilege-manager-actions-empty", arrange=_without_actions),
    PmProduced("actions", "privilege-manager-approval-actions-missing", arrange=_without_approval_actions),
    _one("actions", "actions-incomplete", "list_truncated", operation="actions"),
    _one(
        "actions",
        "actions-without-ids",
        "ids_missing",
        also=[("policies", "privilege-manager-policies-without-ids")],
    ),
    *(
        _one("actions", "action-operations-missing", "operation_missing", which=which)
        for which in ("actions", "action")
    ),
    PmProduced("policies", "privilege-manager-policies-empty", arrange=_without_policies),
    PmProduced(
        "policies",
        "privilege-manager-policies-hidden",
        (("list_truncated", {"operation": "policies"}),),
        arrange=_with_one_policy,
    ),
    _one("policies", "policies-incomplete", "list_truncated", operation="policies"),
    _one("policies", "policies-incomplete", "list_truncated", operation="filters"),
    _one(
        "policies",
        "policies-without-ids",
        "ids_missing",
        also=[("actions", "privilege-manager-actions-without-ids")],
    ),
    _one("policies", "policy-members-missing", "members_missing"),
    *(
        _one("policies", "policy-operations-missing", "operation_missing", which=which)
        for which in (
            "policies",
            "policy",
            "filters",
            "filter",
            "create_policy",
            "add_actions",
            "remove_actions",
            "add_filters",
            "remove_filters",
            "set_active",
        )
    ),
    *_call_faults(),
]

HTML = "Content-Type: text/html"
BARE = {
    ("instance", "privilege-manager-servicenow-address"): reply(
        "401 Unauthorized", b'{"error":{}}', "Server: ServiceNow", "Content-Type: application/json"
    ),
    ("instance", "privilege-manager-site-missing"): reply(
        "404 Not Found", b"<html><body>Not Found</body></html>", "Server: Microsoft-HTTPAPI/2.0", HTML
    ),
    ("instance", "privilege-manager-application-pool"): reply(
        "503 Service Unavailable", b"<html></html>", "Server: Microsoft-HTTPAPI/2.0", HTML
    ),
    ("instance", "privilege-manager-setup-unfinished"): reply("302 Found", b"", "Location: /TMS/Setup/Home"),
    ("instance", "privilege-manager-sso-redirect"): reply(
        "302 Found", b"", "Location: https://login.example/adfs/ls/?wa=wsignin1.0"
    ),
    ("instance", "privilege-manager-windows-sign-in"): reply(
        "401 Unauthorized",
        b"",
        "Server: Microsoft-IIS/10.0",
        "WWW-Authenticate: Negotiate",
        "WWW-Authenticate: NTLM",
    ),
    ("instance", "privilege-manager-address-refused"): reply(
        "403 Forbidden", b"<html></html>", "Server: Microsoft-IIS/10.0", HTML
    ),
}
"""Faults that something in front of the server answers with, by stage and id, as the whole reply."""


PM_BY_TEST = {("version", "privilege-manager-operations-changed")}
"""Faults that take two checks, by stage and id."""


def sign_in_of(practice, role=ADMINISTRATORS):
    client = practice.client(role)
    return SignIn(client.client_id, Secret(client.secret))


async def check_pm(base_url, sign_in, report=None, **settings):
    """Check an address as a Privilege Manager server."""
    more = {"report": report} if report else {}
    return await run_check(
        ConnectionSettings("Privilege Manager", base_url, **settings),
        sign_in,
        kind=Kind.PRIVILEGE_MANAGER_SERVER,
        **more,
    )


@contextlib.asynccontextmanager
async def bare_server(answer):
    """Give the address of something that answers everything with one reply."""
    async with answering(answer) as (port, arrived):
        yield f"http://127.0.0.1:{port}/TMS/", arrived


async def produce(practice, *faults: PmProduced):
    """Switch faults on and check, with the first role that is not an administrator's."""
    for produced in faults:
        for name, options in produced.faults:
            practice.faults.set(name, **options)
        if produced.arrange is not None:
            produced.arrange(practice)
    role = next((one.role for one in faults if one.role != ADMINISTRATORS), ADMINISTRATORS)
    return await check_pm(practice.base_url, sign_in_of(practice, role))


def pm_pairs(count, seed):
    """Return `count` pairs of faults that can be on at once, the same ones for the same seed."""
    chosen, found = random.Random(seed), []
    while len(found) < count:
        first, second = chosen.sample(PM_PRACTICE, 2)
        shared = {name for name, _ in first.faults} & {name for name, _ in second.faults}
        roles = any(one.role != ADMINISTRATORS for one in (first, second))
        if not shared and not (roles and any(one.arrange for one in (first, second))):
            found.append((first, second))
    return found


def stranger():
    return SignIn(str(uuid.uuid4()), Secret("no secret of this server"))
