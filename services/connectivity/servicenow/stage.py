"""What stages after the sign-in to a ServiceNow instance work with, and how they are declared."""

from collections.abc import Callable
from dataclasses import dataclass

from models.approval_process import ApprovalProcess
from services.common.errors import Problem
from services.connectivity.stage import StageRegistry
from services.servicenow.http_client import ServiceNowClient


@dataclass(frozen=True, slots=True)
class SignedInCheck:
    """What stages after the sign-in work with."""

    instance: ServiceNowClient
    account: str
    process: ApprovalProcess | None
    """The Approval Process that is checked with the server, if any."""
    note_unreadable: Callable[[Problem], None]
    """Is called with the reason why a list could not be read; the stages `roles` and `limits` report it."""


REGISTRY: StageRegistry[SignedInCheck] = StageRegistry()
signed_in_stages = REGISTRY.declare
