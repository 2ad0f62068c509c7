"""Errors of calls that cannot be carried out as given."""

from services.common.errors import InputError, Owner, Problem
from services.common.fault_ids import FaultId


def call_error(
    tried: str, evidence: str, remedy: str, cause: str = "The call cannot be carried out as it is."
) -> InputError:
    """Return the error for arguments that do not go together or have no valid value."""
    return input_error(tried, evidence, cause, remedy, FaultId.CALL_INVALID)


def input_error(tried: str, evidence: str, cause: str, remedy: str, fault: FaultId) -> InputError:
    """Return an error of the input, owned by this console."""
    return InputError(
        Problem(tried=tried, evidence=evidence, cause=cause, owner=Owner.CONSOLE, remedy=remedy, fault=fault)
    )
