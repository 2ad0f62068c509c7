"""What stops the task, in five parts each: one place for the words."""

from collections.abc import Iterable

from services.errors import ConsoleError, InputError, Owner, Problem, RefusedError

TASK = "Create ServiceNow Approval Request Items"


class StoppedError(RefusedError):
    """A run stopped after it had begun; `receipt` names what it did, to go on with or to undo."""

    def __init__(self, problem: Problem, receipt: str) -> None:
        super().__init__(problem)
        self.receipt = receipt


class TakenOverError(ConsoleError):
    """Another console went on with this run; this one stops without another call."""

    exit_status = 1

    def __init__(self) -> None:
        super().__init__(
            Problem(
                tried=TASK,
                evidence="The receipt of this run was changed by another console.",
                cause="Somebody started the task again while it ran, which goes on where this run is.",
                owner=Owner.CONSOLE,
                remedy="Let the other run end, then look at the plan again.",
                fault="provision-taken-over",
            )
        )


def cannot_plan(evidence: str, cause: str, remedy: str) -> RefusedError:
    """Return the error for an instance on which nothing can be planned, with the reason."""
    return RefusedError(Problem(TASK, evidence, cause, Owner.SERVICENOW, remedy, "provision-cannot-plan"))


def admin_missing(account: str, evidence: str) -> RefusedError:
    """Return the error for an account without the role that making these records takes."""
    return RefusedError(
        Problem(
            tried=TASK,
            evidence=evidence,
            cause=f"“{account}” lacks the role admin, which is required to create these records. Nothing was written this time.",
            owner=Owner.SERVICENOW,
            remedy="Give the account admin for this run and take it away afterwards, or sign in as an administrator "
            "for this run only, or save an update set and have an administrator import it.",
            fault="provision-admin-missing",
        )
    )


def stopped(error: ConsoleError, what: str, receipt: str) -> StoppedError:
    """Return the error for a run that was refused in the middle; cause and owner are those of the refusal."""
    problem = error.problem
    return StoppedError(
        Problem(
            tried=f"{TASK}: {what}",
            evidence=problem.evidence,
            cause=problem.cause,
            owner=problem.owner,
            remedy=f"{problem.remedy} Then run the task again, which goes on from there, or undo receipt {receipt}.",
            fault=problem.fault,
            correlation_id=problem.correlation_id,
        ),
        receipt,
    )


def not_kept(what: str, names: Iterable[str]) -> RefusedError:
    """Return the error for a record that does not read back as it was written."""
    return RefusedError(
        Problem(
            tried=f"{TASK}: {what}",
            evidence=f"These columns do not hold what was written: {', '.join(names)}",
            cause="A business rule, an access rule or the column itself changed the value on its way.",
            owner=Owner.SERVICENOW,
            remedy="Look for a rule on this table that changes these columns.",
            fault="provision-not-kept",
        )
    )


def no_receipt(receipt: str, server: str) -> InputError:
    """Return the error for a receipt that is not known, or belongs to another server."""
    return InputError(
        Problem(
            tried=f"Find receipt {receipt}",
            evidence=f"No run of this task on “{server}” has this receipt.",
            cause="The receipt is mistyped, or belongs to another server or store.",
            owner=Owner.CONSOLE,
            remedy="Take the receipt from the run's result or from its history.",
            fault="provision-receipt-unknown",
        )
    )


def other_instance(origin: str, now: str) -> RefusedError:
    """Return the error for a run on an instance that its server does not lead to any more."""
    return RefusedError(
        Problem(
            tried=f"Undo {TASK}",
            evidence=f"The run was on {origin or 'an instance that it does not name'}; the server leads to {now}.",
            cause="The server's base URL was changed since. Records with the same sys_ids there were not made by the run.",
            owner=Owner.CONSOLE,
            remedy="Undo it with a server that leads to the instance of the run.",
            fault="provision-undo-refused",
        )
    )


def not_made(what: str, made_by: str) -> RefusedError:
    """Return the error for a record that was there already when it was to be made."""
    return RefusedError(
        Problem(
            tried=f"{TASK}: {what}",
            evidence=f"The instance answered with a record that {made_by or 'somebody'} made before.",
            cause="A business rule on this table takes another record in place of a new one.",
            owner=Owner.SERVICENOW,
            remedy="Look for a rule on this table that keeps records from being inserted.",
            fault="provision-not-kept",
        )
    )


def cannot_undo(evidence: str, cause: str, remedy: str) -> RefusedError:
    """Return the error for a run that must not be undone as things are."""
    return RefusedError(
        Problem(
            tried=f"Undo {TASK}",
            evidence=evidence,
            cause=cause,
            owner=Owner.SERVICENOW,
            remedy=remedy,
            fault="provision-undo-refused",
        )
    )
