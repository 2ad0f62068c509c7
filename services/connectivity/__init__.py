"""The staged check of a server, from its address down to what it is needed for: calls of services, or actions and policies."""

from models.check_stages import STAGES
from services.connectivity import answer_faults as _answer_faults  # noqa: F401 -- declares its faults
from services.connectivity import chain_faults as _chain_faults  # noqa: F401 -- declares its faults
from services.connectivity.fault_catalog import CheckFault, all_faults, find_fault
from services.connectivity.report import CheckReport, SkipReason, StageResult, StageState
from services.connectivity.runner import run_check
from services.connectivity.sign_in import PreviousSignIn

__all__ = [
    "STAGES",
    "CheckFault",
    "CheckReport",
    "PreviousSignIn",
    "SkipReason",
    "StageResult",
    "StageState",
    "all_faults",
    "find_fault",
    "run_check",
]
