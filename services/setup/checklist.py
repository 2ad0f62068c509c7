"""The set-up guide as a checklist: its 25 steps, and the true state of each, read from the store and the instance."""

import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from models.kinds import Kind, RequestState
from models.sign_in import SignInMethod
from services.connectivity.report import StageState
from services.language import tr_message
from services.setup.guide_step import (
    ExternalTask,
    GuidePhase,
    GuideStep,
    GuideStepState,
    console_step,
    external_step,
    not_needed_step,
)
from services.setup.privilege_manager_steps import (
    PrivilegeManagerFacts,
    build_privilege_manager_steps,
    read_privilege_manager_facts,
    setup_page,
)
from services.setup.setup_objects import GuideCredential, GuideProcess, GuideServer, GuideType

if TYPE_CHECKING:
    from services.setup.guide_source import GuideSource
    from services.store import Store

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class SetupFacts:
    """What is true for one server: its objects, and what its instance was seen to have (None when not asked)."""

    credential: GuideCredential | None = None
    has_password: bool = False
    server: GuideServer | None = None
    process: GuideProcess | None = None
    approval_type: GuideType | None = None
    services_found: bool | None = None
    item_found: bool | None = None
    meant: tuple[str, ...] = ()
    """The names of the services on the instance, where the Approval Process or the stock has others."""
    services_say: str = ""
    item_says: str = ""
    account_checked: bool | None = None
    """Whether the last check accepted account and roles; None when the server was not checked."""
    privilege_manager: PrivilegeManagerFacts = field(default_factory=PrivilegeManagerFacts)
    requests: int = 0
    decided: int = 0
    approved: int = 0


def load_setup_facts(store: "Store", server_id: uuid.UUID | None = None) -> SetupFacts:
    """Read what an open store says of the set-up around one server; see `read_setup_facts`."""
    from services.setup.guide_source import StoredGuideSource

    return read_setup_facts(StoredGuideSource(store), server_id)


def read_setup_facts(source: "GuideSource", server_id: uuid.UUID | None = None) -> SetupFacts:
    """Read what the store says of the set-up around one server (the first by name when none is given). Blocks."""
    servers, credentials = source.all(GuideServer), source.all(GuideCredential)
    server = _first(servers, lambda s: server_id is None or s.id == server_id)
    credential = _first(credentials, lambda c: server is None or c.id == server.credential_id)
    if credential is None:
        credential = _first(credentials, lambda _c: True)
    processes = source.all(GuideProcess)
    process = _first(processes, lambda p: server is not None and p.server_id == server.id)
    if process is None:
        process = _first(processes, lambda p: p.server_id is None)
    types = source.all(GuideType)
    approval_type = _first(types, lambda t: process is not None and t.process_id == process.id)
    counts = {} if process is None else source.count_requests(process.id)
    approved = counts.get(RequestState.APPROVED, 0)
    return SetupFacts(
        credential=credential,
        server=server,
        process=process,
        approval_type=approval_type,
        account_checked=None if server is None else _account_checked(source, server.id),
        privilege_manager=read_privilege_manager_facts(source, approval_type),
        requests=sum(counts.values()),
        decided=approved + counts.get(RequestState.REJECTED, 0),
        approved=approved,
    )


ACCOUNT_STAGES = ("authentication", "account", "roles")
"""The stages of a check that judge the account."""
CALL_STAGE = "status_call"
"""The stage that calls a service, which the instance refuses without the roles."""
RECENT_CHECKS = 5


def _account_checked(source: "GuideSource", server_id: uuid.UUID) -> bool | None:
    """Return whether a server accepted its account and roles in the last check that tells; None where none does.

    Most instances do not show an account its roles. There a service that was called proves them.
    """
    for states in source.recent_checks(server_id, RECENT_CHECKS):
        judged = {states.get(stage) for stage in ACCOUNT_STAGES}
        if StageState.FAILED in judged:
            return False
        if states.get("roles") == StageState.SKIPPED and states.get(CALL_STAGE) == StageState.OK:
            judged.discard(StageState.SKIPPED)
        if judged == {StageState.OK}:
            return True
    return None


def _first(items: Iterable[T], wanted: Callable[[T], bool]) -> T | None:
    return next((item for item in items if wanted(item)), None)


def build_checklist(facts: SetupFacts) -> tuple[GuidePhase, ...]:
    """Return the guide with the state of each step; computed from facts alone."""
    return (
        GuidePhase(tr_message("Prepare"), _prepare(facts)),
        GuidePhase(tr_message("Credential and server"), _server(facts)),
        GuidePhase(tr_message("Items in ServiceNow"), _items(facts)),
        GuidePhase(tr_message("Approval Process"), _process(facts)),
        GuidePhase(tr_message("Approval Type, action and policy"), _type(facts)),
        GuidePhase(tr_message("First request"), _requests(facts)),
    )


def next_step(phases: tuple[GuidePhase, ...]) -> GuideStep | None:
    """Return the first step that can be done here now, or None when there is none."""
    return next((s for phase in phases for s in phase.steps if s.state is GuideStepState.TODO), None)


SERVICES_RENAMED = tr_message("On the instance, under other names")
FOUND_TEXTS = {
    True: tr_message("On the instance"),
    False: tr_message("Not on the instance"),
    None: tr_message("Not asked yet"),
}


REQUIRED_ROLES = ("web_service_admin", "approval_admin")
"""The roles of the account, as the guide has them."""


def _prepare(facts: SetupFacts) -> tuple[GuideStep, ...]:
    server = facts.server
    users = ExternalTask(
        tr_message("ServiceNow"),
        f"{server.base_url}nav_to.do?uri=sys_user_list.do" if server is not None else "",
        "User Administration > Users",
        ((tr_message("Roles"), ", ".join(REQUIRED_ROLES)),),
    )
    said = {
        True: tr_message("Signs in, with the rights it needs"),
        False: tr_message("The last check found a fault"),
        None: tr_message("In ServiceNow, with roles"),
    }[facts.account_checked]
    connector = setup_page(facts.privilege_manager)
    return (
        external_step(1, tr_message("Choose the account"), said, users, done=bool(facts.account_checked)),
        not_needed_step(
            2,
            tr_message("Open the Setup page"),
            tr_message("Not needed: this is the tool"),
            external=connector,
        ),
        not_needed_step(
            3, tr_message("Install the connector"), tr_message("Not needed: no plug-in"), external=connector
        ),
        not_needed_step(
            4,
            tr_message("Go to User Credentials"),
            tr_message("Not needed: one window"),
            folder=Kind.USER_CREDENTIAL.value,
        ),
    )


def _server(facts: SetupFacts) -> tuple[GuideStep, ...]:
    credential, server = facts.credential, facts.server
    if credential is None:
        said = tr_message("None yet")
    else:
        has = tr_message("{name}, password set", name=credential.name)
        lacks = tr_message("{name}, no password yet", name=credential.name)
        if credential.sign_in != SignInMethod.BASIC:
            has = tr_message("{name}, secrets set", name=credential.name)
            lacks = tr_message("{name}, secret missing", name=credential.name)
        said = has if facts.has_password else lacks
    host = tr_message("None yet") if server is None else server.base_url.split("//", 1)[-1].rstrip("/")
    return (
        console_step(
            5,
            tr_message("User Credential"),
            credential and facts.has_password,
            said,
            Kind.USER_CREDENTIAL,
            credential,
        ),
        console_step(
            6,
            tr_message("ServiceNow Server"),
            server and server.credential_id,
            host,
            Kind.FOREIGN_SYSTEM,
            server,
        ),
    )


def _items(facts: SetupFacts) -> tuple[GuideStep, ...]:
    waits = 6 if facts.server is None else 0
    # A service that was renamed is there: to create it would make a second one.
    there = bool(facts.services_found or facts.meant)
    found = there and bool(facts.item_found)
    words, kind, server = FOUND_TEXTS, Kind.FOREIGN_SYSTEM, facts.server
    services = SERVICES_RENAMED if facts.meant else facts.services_say or words[facts.services_found]
    if facts.item_found is None:
        run_says: str = words[None]
    elif found:
        run_says = SERVICES_RENAMED if facts.meant else facts.item_says or words[True]
    else:
        run_says = words[False] if there else facts.services_say or words[False]
    run = console_step(7, tr_message("Create the request items"), found, run_says, kind, server, waits)
    verify = console_step(8, tr_message("Verify the three services"), there, services, kind, server, waits)
    return (run, verify)


def _service_names_text(facts: SetupFacts) -> str:
    if facts.process is None:
        return tr_message("None yet")
    if facts.meant:
        return tr_message("Use {names}", names=", ".join(facts.meant))
    return facts.services_say or FOUND_TEXTS[facts.services_found]


def _process(facts: SetupFacts) -> tuple[GuideStep, ...]:
    process, kind = facts.process, Kind.APPROVAL_PROCESS
    waits = 0 if process is not None else 10
    named = process is not None and process.request_item_id
    return (
        not_needed_step(
            9,
            tr_message("Open the console"),
            tr_message("Not needed: same tree"),
            folder=Kind.APPROVAL_PROCESS.value,
        ),
        console_step(
            10,
            tr_message("New Approval Process"),
            process,
            process.name if process else tr_message("None yet"),
            kind,
            process,
            0 if facts.server else 6,
        ),
        console_step(
            11, tr_message("Open it"), process, tr_message("One click in the tree"), kind, process, waits
        ),
        console_step(
            12,
            tr_message("Choose the server"),
            process and process.server_id,
            facts.server.name
            if process and process.server_id and facts.server
            else tr_message("None chosen"),
            kind,
            process,
            waits,
        ),
        console_step(
            13,
            tr_message("Choose the Request Item"),
            named,
            process.request_item_name if process and named else tr_message("None chosen"),
            kind,
            process,
            waits,
        ),
        console_step(
            14,
            tr_message("Name the three services"),
            process and facts.services_found,
            _service_names_text(facts),
            kind,
            process,
            waits,
        ),
    )


def _type(facts: SetupFacts) -> tuple[GuideStep, ...]:
    made = facts.approval_type
    return (
        console_step(
            15,
            tr_message("Approval Type"),
            made,
            made.name if made else tr_message("None yet"),
            Kind.APPROVAL_TYPE,
            made,
            0 if facts.process else 10,
        ),
        *build_privilege_manager_steps(facts.privilege_manager, made),
    )


def _requests(facts: SetupFacts) -> tuple[GuideStep, ...]:
    waits = 0 if facts.approval_type else 15
    kind, made = Kind.APPROVAL_TYPE, facts.approval_type
    raised = (
        tr_message("{requests} raised", requests=facts.requests)
        if facts.requests
        else tr_message("None yet; a rehearsal counts")
    )
    return (
        console_step(22, tr_message("Raise a request"), facts.requests, raised, kind, made, waits),
        console_step(
            23,
            tr_message("Find it in My Approvals"),
            facts.decided,
            tr_message("Seen by its approver") if facts.decided else tr_message("Not yet"),
            kind,
            made,
            waits or (0 if facts.requests else 22),
        ),
        console_step(
            24,
            tr_message("Decide it"),
            facts.decided,
            tr_message("{decided} decided", decided=facts.decided)
            if facts.decided
            else tr_message("None yet"),
            kind,
            made,
            waits or (0 if facts.requests else 22),
        ),
        console_step(
            25,
            tr_message("See it approved"),
            facts.approved,
            tr_message("{approved} approved", approved=facts.approved)
            if facts.approved
            else tr_message("None yet"),
            kind,
            made,
            waits or (0 if facts.decided else 24),
        ),
    )
