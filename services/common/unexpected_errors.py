"""Converts unexpected exceptions to errors with a log entry; used by loops that continue after a failure."""

import logging
import traceback

from services.common.errors import ConsoleError, Owner, Problem
from services.common.fault_ids import FaultId

UNEXPECTED_FAULT = FaultId.UNEXPECTED_ERROR


class UnexpectedError(ConsoleError):
    """An unexpected exception; the log contains the traceback under the same correlation id."""


def to_console_error(log: logging.Logger, tried: str, error: Exception) -> ConsoleError:
    """Return `error` if it is a ConsoleError; else log its traceback and return an UnexpectedError."""
    if isinstance(error, ConsoleError):
        return error
    frames = traceback.extract_tb(error.__traceback__)
    place = f" ({frames[-1].name}, line {frames[-1].lineno})" if frames else ""
    problem = Problem(
        tried=tried,
        evidence=f"{type(error).__name__}: {error}"[:500] + place,
        cause="Unexpected internal error.",
        owner=Owner.CONSOLE,
        remedy="The log has the details under this id; a support bundle contains them. It is tried again, less and less"
        " often.",
        fault=UNEXPECTED_FAULT,
    )
    log.error("%s: unexpected internal error %s", tried, problem.correlation_id, exc_info=error)
    return UnexpectedError(problem)
