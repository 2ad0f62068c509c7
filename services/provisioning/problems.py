"""What stops the task, in five parts each: one place for the words."""

from collections.abc import Iterable

from services.common.errors import ConsoleError, InputError, Owner, Problem, RefusedError
from services.common.fault_ids import FaultId

TASK_NAME = "Create ServiceNow Approval Request Items"


class RunStoppedError(RefusedError):
    """A run stopped after it had begun; `receipt` names what it did, to go on with or to undo."""

    def __init__(self, problem: Problem, receipt: str) -> None:
        super().__init__(problem)
        self.receipt = receipt


class RunTakenOverError(ConsoleError):
    """Another console went on with this run; this one stops without another call."""

    exit_status = 1

    def __init__(self) -> None:
        super().__init__(
            Problem(
                tried=TASK_NAME,
                evidence="The receipt of this run was changed by another console.",
                cause="Somebody started the task again while it ran, which goes on where this run is.",
                owner=Owner.CONSOLE,
                remedy="Let the other run end, then look at the plan again.",
                fault=FaultId.PROVISION_TAKEN_OVER,
            )
        )


def cannot_plan_error(evidence: str, cause: str, remedy: str) -> RefusedError:
    """Return the error for an instance on which nothing can be planned, with the reason."""
    return RefusedError(
        Problem(TASK_NAME, evidence, cause, Owner.SERVICENOW, remedy, FaultId.PROVISION_CANNOT_PLAN)
    )


def admin_missing_error(account: str, evidence: str) -> RefusedError:
    """Return the error for an account without the role that making these records takes."""
    return RefusedError(
        Problem(
            tried=TASK_NAME,
            evidence=evidence,
            cause=f"“{account}” lacks the role admin, which is required to create these records. Nothing was written this time.",
            owner=Owner.SERVICENOW,
            remedy="Give the account admin for this run and take it away afterwards, or sign in as an administrator "
            "for this run only, or save an update set and have an administrator import it.",
            fault=FaultId.PROVISION_ADMIN_MISSING,
        )
    )


def run_stopped_error(error: ConsoleError, what: str, receipt: str) -> RunStoppedError:
    """Return the error for a run that was refused in the middle; cause and owner are those of the refusal."""
    problem = error.problem
    return RunStoppedError(
        Problem(
            tried=f"{TASK_NAME}: {what}",
            evidence=problem.evidence,
            cause=problem.cause,
            owner=problem.owner,
            remedy=f"{problem.remedy} Then run the task again, which goes on from there, or undo receipt {receipt}.",
            fault=problem.fault,
            correlation_id=problem.correlation_id,
            candidates=problem.candidates,
        ),
        receipt,
    )


def value_not_stored_error(what: str, names: Iterable[str]) -> RefusedError:
    """Return the error for a record that does not read back as it was written."""
    return RefusedError(
        Problem(
            tried=f"{TASK_NAME}: {what}",
            evidence=f"These columns do not hold what was written: {', '.join(names)}",
            cause="A business rule, an access rule or the column itself changed the value on its way.",
            owner=Owner.SERVICENOW,
            remedy="Look for a rule on this table that changes these columns.",
            fault=FaultId.PROVISION_NOT_KEPT,
        )
    )


def unknown_receipt_error(receipt: str, server: str) -> InputError:
    """Return the error for a receipt that is not known, or belongs to another server."""
    return InputError(
        Problem(
            tried=f"Find receipt {receipt}",
            evidence=f"No run of this task on “{server}” has this receipt.",
            cause="The receipt is mistyped, or belongs to another server or store.",
            owner=Owner.CONSOLE,
            remedy="Take the receipt from the run's result or from its history.",
            fault=FaultId.PROVISION_RECEIPT_UNKNOWN,
        )
    )


def other_instance_error(origin: str, now: str) -> RefusedError:
    """Return the error for a run on an instance that its server does not lead to any more."""
    return RefusedError(
        Problem(
            tried=f"Undo {TASK_NAME}",
            evidence=f"The run was on {origin or 'an instance that it does not name'}; the server leads to {now}.",
            cause="The server's base URL was changed since. Records with the same sys_ids there were not made by the run.",
            owner=Owner.CONSOLE,
            remedy="Undo it with a server that leads to the instance of the run.",
            fault=FaultId.PROVISION_UNDO_REFUSED,
        )
    )


def record_not_created_error(what: str, made_by: str) -> RefusedError:
    """Return the error for a record that was there already when it was to be made."""
    return RefusedError(
        Problem(
            tried=f"{TASK_NAME}: {what}",
            evidence=f"The instance answered with a record that {made_by or 'somebody'} made before.",
            cause="A business rule on this table takes another record in place of a new one.",
            owner=Owner.SERVICENOW,
            remedy="Look for a rule on this table that keeps records from being inserted.",
            fault=FaultId.PROVISION_NOT_KEPT,
        )
    )


def undo_refused_error(evidence: str, cause: str, remedy: str) -> RefusedError:
    """Return the error for a run that must not be undone as things are."""
    return RefusedError(
        Problem(
            tried=f"Undo {TASK_NAME}",
            evidence=evidence,
            cause=cause,
            owner=Owner.SERVICENOW,
            remedy=remedy,
            fault=FaultId.PROVISION_UNDO_REFUSED,
        )
    )
