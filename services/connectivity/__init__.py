"""The staged check of a server, from its address down to what it is needed for: calls of services, or actions and policies."""

from typing import TYPE_CHECKING

from services.common.lazy_exports import lazy_exports

if TYPE_CHECKING:
    from models.check_stages import STAGES
    from services.connectivity.complete_catalog import all_faults, find_fault
    from services.connectivity.fault_catalog import CheckFault
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

__getattr__ = lazy_exports(
    __name__,
    {
        "models.check_stages": ("STAGES",),
        "services.connectivity.complete_catalog": ("all_faults", "find_fault"),
        "services.connectivity.fault_catalog": ("CheckFault",),
        "services.connectivity.report": ("CheckReport", "SkipReason", "StageResult", "StageState"),
        "services.connectivity.runner": ("run_check",),
        "services.connectivity.sign_in": ("PreviousSignIn",),
    },
)
