"""The contract between Privilege Manager and the three scripted SOAP services.

Source: the vendor's set-up page for ServiceNow; names of inputs and outputs are fixed, names of the services are not.
"""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from models.approval_process import CANCEL_SERVICE, CREATE_SERVICE, ITEM_NAME, STATUS_SERVICE
from services.common.closest_match import closest_match
from services.language import plural_message

VARIABLES = (
    "PMApprovalId",
    "PMInitiatorId",
    "PMInitiatorName",
    "PMPolicyId",
    "PMPolicyName",
    "PMAgentId",
    "PMAgentName",
    "PMProcessId",
    "PMProcessName",
    "PMFilePath",
    "PMUserReason",
)
"""The variables of the request item, and the inputs of the create service."""

FURTHER_VARIABLES = (
    "PMFileCommandLine",
    "PMFileCompanyName",
    "PMFileDescription",
    "PMFileProductName",
    "PMFileProductVersion",
    "PMFileVersion",
    "PMFileSha1Hash",
    "PMFileOriginalFileName",
    "PMParentFileSha1Hash",
    "PMSecondaryFileSha1Hash",
    "PMInitiatorSID",
    "PMInitiatorUserName",
    "PMApprovalStatus",
    "PMApproverId",
    "PMApproverName",
    "PMApproverSID",
    "PMIsEndpointApproval",
)
"""What newer versions send besides, as it was seen in the field: the vendor does not document these names."""

CREATE_INPUTS = VARIABLES
CREATE_OUTPUT = "PMRequestId"
REQUEST_ID_MAX = 256
STATUS_INPUT = "PMGetRequestId"
STATUS_OUTPUT = "PMApprovalStatus"
COMMENT_OUTPUT = "PMComment"
CANCEL_ID_INPUT = "PMCancelRequestId"
CANCEL_COMMENT_INPUT = "PMCancelComment"
CANCEL_OUTPUTS = ("TmsCancelResult", "PMCancelResult")
"""The documented name, and the one that stock scripts use. The value is ignored, and neither is required."""

ITEM_NAMES = (ITEM_NAME, "Execute Application Workflow")


class ApprovalStatus(StrEnum):
    """The four words the status service may answer with."""

    APPROVED = "approved"
    REJECTED = "rejected"
    PENDING = "pending"
    INVALID = "invalid"


class ServiceRole(StrEnum):
    """What a service is for."""

    CREATE = "create"
    STATUS = "status"
    CANCEL = "cancel"


DEFAULT_SERVICE_NAMES = {
    ServiceRole.CREATE: CREATE_SERVICE,
    ServiceRole.STATUS: STATUS_SERVICE,
    ServiceRole.CANCEL: CANCEL_SERVICE,
}


@dataclass(frozen=True, slots=True)
class ServiceDescription:
    """What the WSDL of a service says. `wsdl_host_differs` marks an address that points to another host."""

    name: str
    operation: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    address: str
    wsdl_host_differs: bool = False
    typed_inputs: tuple[tuple[str, str], ...] = ()
    """Inputs that do not take every text, each with its type."""


@dataclass(frozen=True, slots=True)
class ContractComparison:
    """Whether a service keeps the contract, in a sentence, with what is missing."""

    ok: bool
    text: str
    missing_inputs: tuple[str, ...] = ()
    missing_outputs: tuple[str, ...] = ()
    typed_inputs: tuple[str, ...] = ()
    """Inputs that are there and do not take every text, each with its type."""


def required_parameters(role: ServiceRole) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the inputs and outputs that a service of `role` has; of cancel's outputs one is expected, and none required."""
    match role:
        case ServiceRole.CREATE:
            return CREATE_INPUTS, (CREATE_OUTPUT,)
        case ServiceRole.STATUS:
            return (STATUS_INPUT,), (STATUS_OUTPUT,)
        case ServiceRole.CANCEL:
            return (CANCEL_ID_INPUT, CANCEL_COMMENT_INPUT), CANCEL_OUTPUTS


def compare_service(role: ServiceRole, found: ServiceDescription) -> ContractComparison:
    """Compare a service with what `role` asks for."""
    inputs, outputs = required_parameters(role)
    missing_in = tuple(n for n in inputs if n not in found.inputs)
    present = [n for n in outputs if n in found.outputs]
    missing_out = tuple(n for n in outputs if n not in found.outputs)
    if role is ServiceRole.CANCEL:
        missing_out = ()  # Privilege Manager ignores its outputs
    if missing_in or missing_out:
        parts = [
            f"lacks the {what} {', '.join(names[:3])}{' …' if len(names) > 3 else ''}"
            for what, names in (
                ("inputs" if len(missing_in) != 1 else "input", missing_in),
                ("output", missing_out),
            )
            if names
        ]
        return ContractComparison(
            ok=False,
            text=f"Found, but {' and '.join(parts)}",
            missing_inputs=missing_in,
            missing_outputs=missing_out,
        )
    typed = tuple(f"{name} as {kind}" for name, kind in found.typed_inputs if name in inputs)
    if typed:
        text = f"Found, but declares {', '.join(typed[:3])}{' …' if len(typed) > 3 else ''}"
        return ContractComparison(ok=False, text=text, typed_inputs=typed)
    count = plural_message(len(found.inputs), "{count} input", "{count} inputs")
    returns = f"returns {present[0]}" if present else f"declares no {outputs[0]}, whose value is ignored"
    return ContractComparison(ok=True, text=f"Found, active. {count}, {returns}")


@dataclass(frozen=True, slots=True)
class ServiceNameProposal:
    """The three service names that an instance most likely means; empty where none fits."""

    create: str = ""
    status: str = ""
    cancel: str = ""


def propose_service_names(names: Sequence[str]) -> ServiceNameProposal:
    """Choose the three services among `names`: the stock name if it is there, else the nearest one of its role."""
    return ServiceNameProposal(*(_best_service_name(role, names) for role in ServiceRole))


_ROLE_STEMS = {ServiceRole.CREATE: "create", ServiceRole.STATUS: "status", ServiceRole.CANCEL: "cancel"}


def _best_service_name(role: ServiceRole, names: Sequence[str]) -> str:
    stock = DEFAULT_SERVICE_NAMES[role]
    if stock in names:
        return stock
    fitting = [n for n in names if _ROLE_STEMS[role] in n.casefold() and "appro" in n.casefold()]
    close = difflib.get_close_matches(stock, fitting, n=1, cutoff=0.6)
    return close[0] if close else closest_service_name(role, stock, names) or ""


def closest_service_name(role: ServiceRole, name: str, names: Sequence[str]) -> str | None:
    """Return the one of `names` that `name` most likely means, but none that by its own words is for another role."""
    foreign = [stem for other, stem in _ROLE_STEMS.items() if other is not role]
    own = [
        n
        for n in names
        if _ROLE_STEMS[role] in n.casefold() or not any(stem in n.casefold() for stem in foreign)
    ]
    return closest_match(name, own)
