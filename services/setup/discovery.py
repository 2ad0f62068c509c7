"""The whole set-up on an instance whose items exist: look what is there, then make the four objects in one step.

Knows servicenow, catalogue, configuration and the vault. `discover` only reads; `create` writes one transaction, and
takes the secrets back out of the vault when that transaction fails.
"""

import uuid
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from models.addresses import normalise_base_url
from models.approval_process import ApprovalProcess
from models.approval_type import ApprovalType
from models.base import NAME_MAX, name_key
from models.foreign_system import ForeignSystem
from models.kinds import Kind
from models.secret_names import SecretName
from models.user_credential import UserCredential
from services.common.errors import (
    FieldError,
    InvalidError,
    Owner,
    Problem,
    RefusedError,
    ReplyError,
)
from services.common.fault_ids import FaultId
from services.common.progress import Progress, ignore_progress

if TYPE_CHECKING:
    from services.common.secret import Secret
    from services.configuration import Configuration
    from services.servicenow import ServiceNowClient
    from services.servicenow.contract import ContractComparison
    from services.servicenow.request_item_search import RequestItem
    from services.transport.sign_in import ServerSignIn
    from services.vault import Vault

NAMES = {
    Kind.USER_CREDENTIAL: "ServiceNow",
    Kind.FOREIGN_SYSTEM: "ServiceNow Server",
    Kind.APPROVAL_PROCESS: "ServiceNow Approval Process",
    Kind.APPROVAL_TYPE: "ServiceNow Execute Application Request Type",
}
"""What the guide calls the objects it has people make."""
HOSTED_DOMAINS = (".service-now.com", ".servicenowservices.com")
"""Domains under which the first label of a host is the name of the instance."""

SERVICE_ROLES = ("create", "status", "cancel")


@dataclass(frozen=True, slots=True)
class DiscoveredService:
    """One scripted service that was looked for: its name on the instance, or "" when there is none like it."""

    role: str
    name: str
    verdict: "ContractComparison | None" = None

    @property
    def ok(self) -> bool:
        """Whether it is there and keeps the contract."""
        return self.verdict is not None and self.verdict.ok


@dataclass(frozen=True, slots=True)
class DiscoveryResult:
    """What an instance has of what approvals need."""

    items: "list[RequestItem]" = field(default_factory=list)
    services: tuple[DiscoveredService, ...] = ()
    services_doubt: str = ""
    """Why it is unknown whether there are services that were not found, as a sentence without a full stop."""
    item_doubt: str = ""

    @property
    def item(self) -> "RequestItem | None":
        """The request item that carries the contract's variables, or None."""
        return self.items[0] if self.items else None

    @property
    def complete(self) -> bool:
        """Whether everything is there to set approvals up."""
        return (
            self.item is not None
            and len(self.services) == len(SERVICE_ROLES)
            and all(s.ok for s in self.services)
        )

    def service(self, role: str) -> str:
        """Return the name of the service in a role."""
        return next(s.name for s in self.services if s.role == role)


@dataclass(frozen=True, slots=True)
class CreatedSetup:
    """The four objects that were made."""

    credential: UserCredential
    server: ForeignSystem
    process: ApprovalProcess
    approval_type: ApprovalType


@dataclass(frozen=True, slots=True)
class ItemsAssessment:
    """What the check says of the items of an instance, for one Approval Process or for the stock names.

    `meant` are the three names to use where the services are there under other ones; then `services` is False.
    """

    services: bool
    item: bool
    meant: tuple[str, ...] = ()
    services_say: str = ""
    item_says: str = ""


async def assess_items(
    instance: "ServiceNowClient", process: "ApprovalProcess | None" = None
) -> ItemsAssessment:
    """Look at the three services and the request item with the stages of the check; raises the errors of the client."""
    from models.approval_process import ApprovalProcess
    from services.common.tasks import gather_or_cancel
    from services.connectivity.report import StageResult
    from services.connectivity.servicenow.stages.request_item import RequestItemCheck
    from services.connectivity.servicenow.stages.scripted_services import ServiceCheck, service_names_by_role
    from services.servicenow.contract import ServiceRole

    def bad(seen: Iterable[str | StageResult]) -> list[StageResult]:
        return [one for one in seen if isinstance(one, StageResult) and one.state == "failed"]

    process = process or ApprovalProcess(name="Stock names")
    services = ServiceCheck(instance, process)
    *looks, item = await gather_or_cancel(
        *(services.look(role) for role in ServiceRole), RequestItemCheck(instance, process).look()
    )
    wrong, item_wrong = bad(looks), bad([item])
    meant: tuple[str, ...] = ()
    if services.meant and len(services.meant) == len(wrong):
        names = {
            role: services.meant.get(role, name) for role, name in service_names_by_role(process).items()
        }
        create, status, cancel = (
            names[role] for role in (ServiceRole.CREATE, ServiceRole.STATUS, ServiceRole.CANCEL)
        )
        as_meant = ApprovalProcess(
            name="As meant", create_service=create, status_service=status, cancel_service=cancel
        )
        renamed = ServiceCheck(instance, as_meant)
        if not bad(await gather_or_cancel(*(renamed.look(role) for role in ServiceRole))):
            meant = tuple(names.values())
    return ItemsAssessment(
        services=not wrong,
        item=not any(one.fault == FaultId.REQUEST_ITEM_MISSING for one in item_wrong),
        meant=meant,
        services_say="; ".join(dict.fromkeys(one.evidence for one in wrong)),
        item_says=item_wrong[0].evidence if item_wrong else "",
    )


def choose_names(
    configuration: "Configuration", base_url: str, *, with_credential: bool = True
) -> dict[Kind, str]:
    """Return what the objects of a set-up on `base_url` will be called; a User Credential only `with_credential`.

    The names of the guide, while all of them are free. Otherwise all are named after the host, so that they can be told
    from those of the other instance. Raises ValueError for what is not a base URL.
    """
    for candidates in _candidate_names(normalise_base_url(base_url)):
        names = {
            kind: name
            for kind, name in candidates.items()
            if with_credential or kind is not Kind.USER_CREDENTIAL
        }
        if not any(configuration.find_by_name(kind, name) for kind, name in names.items()):
            return names
    raise AssertionError  # there is always another candidate


def _candidate_names(base_url: str) -> Iterator[dict[Kind, str]]:
    """Give the sets of names in the order in which they are tried; there is always another one."""
    yield dict(NAMES)
    parts = urlsplit(base_url)
    host = "".join(c for c in parts.netloc if c.isprintable())
    short = next((host.removesuffix(domain) for domain in HOSTED_DOMAINS if host.endswith(domain)), host)
    first = short.split(".")[0] if short != host else host
    for prefix in dict.fromkeys((first, host)):
        yield {kind: _fit_name(prefix, f" {name}") for kind, name in NAMES.items()}
    for number in count(2):
        yield {kind: _fit_name(first, f" {name} ({number})") for kind, name in NAMES.items()}


def _fit_name(prefix: str, rest: str) -> str:
    """Return the two parts of a name, the first one shortened so that the whole is a valid name."""
    while len(prefix + rest) > NAME_MAX or len(name_key(prefix + rest)) > NAME_MAX:
        prefix = prefix[:-1]
    return prefix + rest


async def discover(instance: "ServiceNowClient", progress: Progress = ignore_progress) -> DiscoveryResult:
    """Look for the request item and the three services; raises the errors of the client when nothing can be read."""
    from services.servicenow.contract import propose_service_names
    from services.servicenow.http_client import SERVICE_TABLE
    from services.servicenow.request_item_search import Catalogue
    from services.servicenow.visible_rows import probe_visibility

    progress("Looking for the scripted services", 0, 5)
    listed = await instance.list_soap_services()
    services_doubt = "" if listed else (await probe_visibility(instance, SERVICE_TABLE)).sentence
    rows = [row for row in listed if row.active]
    proposal = propose_service_names([row.name for row in rows])
    names = dict(zip(SERVICE_ROLES, (proposal.create, proposal.status, proposal.cancel), strict=True))
    services = []
    for done, (role, name) in enumerate(names.items(), 1):
        progress(f"Reading {name}" if name else f"No {role} service found", done, 5)
        services.append(await _describe_service(instance, role, name or ""))
    progress("Looking for the Request Item", 4, 5)
    catalogue = Catalogue(instance)
    items = await catalogue.find_by_contract()
    item_doubt = "" if items else (await catalogue.visibility()).sentence
    progress("Looked at everything", 5, 5)
    by_use = sorted(items, key=lambda item: not item.active)
    return DiscoveryResult(by_use, tuple(services), services_doubt, item_doubt)


async def _describe_service(instance: "ServiceNowClient", role: str, name: str) -> DiscoveredService:
    from services.servicenow.contract import ContractComparison, ServiceRole, compare_service
    from services.servicenow.faults import NotFoundOnInstanceError

    if not name:
        return DiscoveredService(role, "")
    try:
        description = await instance.service(name).describe()
    except (NotFoundOnInstanceError, ReplyError) as error:
        # It is listed and cannot be used: said beside its name, so that the others are looked at all the same.
        return DiscoveredService(role, name, ContractComparison(ok=False, text=error.problem.evidence))
    return DiscoveredService(role, name, compare_service(ServiceRole(role), description))


def create_setup(
    configuration: "Configuration",
    vault: "Vault",
    *,
    base_url: str,
    sign_in: "ServerSignIn | UserCredential",
    found: DiscoveryResult,
    server_id: uuid.UUID | None = None,
    client_certificate: str | None = None,
    certificate_passphrase: "Secret | None" = None,
) -> CreatedSetup:
    """Make credential, server, process and type in one transaction, with the secrets bound to the server's destination.

    The server uses the stored credential `sign_in`, or a new one that signs in as `sign_in` does. `client_certificate` is
    the file of the server's client certificate, and `certificate_passphrase` opens it for a new credential. `server_id` is the server's where runs of tasks were written down for it before it was
    stored. Blocks; call it in a thread. Raises RefusedError when `found` is not complete, and whatever vault and store
    raise.
    """
    if not found.complete or found.item is None:
        raise RefusedError(_incomplete())
    try:
        base_url = normalise_base_url(base_url)
    except ValueError as error:
        raise InvalidError([FieldError("base_url", str(error))]) from error
    made = _build_objects(configuration, base_url=base_url, sign_in=sign_in, found=found, server_id=server_id)
    made.server.client_certificate = client_certificate
    with (
        _keeping_secrets(vault, made, sign_in, certificate_passphrase),
        configuration.store.write("ServiceNow approvals set up") as work,
    ):
        return CreatedSetup(
            credential=made.credential
            if isinstance(sign_in, UserCredential)
            else configuration.save_in(work, made.credential),
            server=configuration.save_in(work, made.server),
            process=configuration.save_in(work, made.process),
            approval_type=configuration.save_in(work, made.approval_type),
        )


def _keeping_secrets(
    vault: "Vault", made: CreatedSetup, sign_in: "ServerSignIn | UserCredential", passphrase: "Secret | None"
) -> AbstractContextManager[object]:
    """Store the secrets of a new credential, or bind those of a stored one; when the block fails, the vault is as before."""
    # Imported late: the window reads this module before it is shown.
    from services.credential_secrets import binding_secrets, putting_secrets
    from services.credential_sign_in import sign_in_secrets

    place = made.server.destination
    if isinstance(sign_in, UserCredential):
        return binding_secrets(vault, made.credential, place)
    entered = sign_in_secrets(sign_in)
    if passphrase is not None:
        entered[SecretName.CERTIFICATE_PASSPHRASE] = passphrase
    return putting_secrets(vault, made.credential, entered, [place], tried="Set up ServiceNow approvals")


def _build_objects(
    configuration: "Configuration",
    *,
    base_url: str,
    sign_in: "ServerSignIn | UserCredential",
    found: DiscoveryResult,
    server_id: uuid.UUID | None,
) -> CreatedSetup:
    from services.credential_sign_in import sign_in_fields

    item = found.item
    assert item is not None  # noqa: S101 - `create` has just looked
    if isinstance(sign_in, UserCredential):
        names = choose_names(configuration, base_url, with_credential=False)
        credential = sign_in
    else:
        names = choose_names(configuration, base_url)
        credential = configuration.new(
            UserCredential, name=names[Kind.USER_CREDENTIAL], **sign_in_fields(sign_in)
        )
    known = {} if server_id is None else {"id": server_id}
    server = configuration.new(
        ForeignSystem,
        name=names[Kind.FOREIGN_SYSTEM],
        base_url=base_url,
        credential_id=credential.id,
        **known,
    )
    process = configuration.new(
        ApprovalProcess,
        name=names[Kind.APPROVAL_PROCESS],
        server_id=server.id,
        request_item_id=item.sys_id,
        request_item_name=item.name,
        request_item_category=item.category,
        create_service=found.service("create"),
        status_service=found.service("status"),
        cancel_service=found.service("cancel"),
    )
    approval_type = configuration.new(ApprovalType, name=names[Kind.APPROVAL_TYPE], process_id=process.id)
    return CreatedSetup(credential, server, process, approval_type)


def _incomplete() -> Problem:
    return Problem(
        tried="Set up ServiceNow approvals",
        evidence="The Request Item or one of the three scripted services is missing or does not keep the contract.",
        cause="The instance does not have everything that approvals need.",
        owner=Owner.SERVICENOW,
        remedy="Create the ServiceNow approval request items on the instance, then connect again.",
        fault=FaultId.SETUP_INCOMPLETE,
    )
