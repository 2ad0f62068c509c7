"""The staged check: from the address down to one call of the status service."""

from models.stages import STAGES
from services.connectivity.accounts import Accepted
from services.connectivity.check import run_check
from services.connectivity.faults import CATALOGUE, CheckFault, fault_at
from services.connectivity.results import CheckReport, StageResult

__all__ = [
    "CATALOGUE",
    "STAGES",
    "Accepted",
    "CheckFault",
    "CheckReport",
    "StageResult",
    "fault_at",
    "run_check",
]
