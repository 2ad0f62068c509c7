"""What stops a plan for a policy, in five parts each: one place for the words."""

from services.common.errors import (
    ConsoleError,
    InputError,
    Owner,
    Problem,
    RefusedError,
    ReplyError,
    UnreachableError,
)
from services.common.fault_ids import Execution, FaultId


class PolicyRunStoppedError(RefusedError):
    """A run stopped after it had begun; `run_id` names what it did, to go on with or to undo."""

    def __init__(self, problem: Problem, run_id: str) -> None:
        super().__init__(problem)
        self.run_id = run_id


class PolicyBusyError(ConsoleError):
    """Another process applies a plan to the same policy."""


def may_have_run(error: ConsoleError) -> bool:
    """Whether a call may have changed something although it ended with this error."""
    certainly_not = error.problem.fault.execution is Execution.NOT_EXECUTED
    return isinstance(error, UnreachableError | ReplyError) and not certainly_not


def busy_error(policy: str) -> PolicyBusyError:
    """Return the error for a policy that somebody else is changing by this console right now."""
    return PolicyBusyError(
        Problem(
            tried=f"Apply the plan for “{policy}”",
            evidence="A plan for this policy is being applied or undone by another process or window.",
            cause="Two runs at a time could create the policy twice.",
            owner=Owner.CONSOLE,
            remedy="Wait for its end, then plan again.",
            fault=FaultId.POLICY_RUN_BUSY,
        )
    )


def stopped_error(error: ConsoleError, what: str, policy: str, run_id: str) -> PolicyRunStoppedError:
    """Return the error for a run that ended in the middle; cause and owner are those of `error`."""
    problem = error.problem
    return PolicyRunStoppedError(
        Problem(
            tried=f"Apply the plan for “{policy}”: {what}",
            evidence=problem.evidence,
            cause=problem.cause,
            owner=problem.owner,
            remedy=f"{problem.remedy} Then apply the plan again, which goes on from there, or undo run {run_id}.",
            fault=problem.fault,
            correlation_id=problem.correlation_id,
            candidates=problem.candidates,
        ),
        run_id,
    )


def run_unknown_error(run_id: str) -> InputError:
    """Return the error for an id that belongs to no run of a plan."""
    return InputError(
        Problem(
            tried=f"Find run {run_id}",
            evidence="No plan for a policy was applied with this id.",
            cause="The id is mistyped, or belongs to another store.",
            owner=Owner.CONSOLE,
            remedy="Take the id from the result of the run or from the history of the policy.",
            fault=FaultId.POLICY_RUN_UNKNOWN,
        )
    )


def other_server_error(policy: str, origin: str, now: str) -> RefusedError:
    """Return the error for a run on a server that the stored object does not lead to any more."""
    return RefusedError(
        Problem(
            tried=f"Go on with the run for “{policy}”, or undo it",
            evidence=f"The run was on {origin}; the server leads to {now}.",
            cause="The base URL of the server was changed since.",
            owner=Owner.CONSOLE,
            remedy="Use a server that leads to the address of the run.",
            fault=FaultId.POLICY_RUN_ELSEWHERE,
        )
    )


def not_created_error(policy: str, evidence: str) -> RefusedError:
    """Return the error for a policy that is not to be seen after it was created, or more than once."""
    return RefusedError(
        Problem(
            tried=f"Create the policy “{policy}”",
            evidence=evidence,
            cause="What the call did cannot be told for certain, so it is not repeated.",
            owner=Owner.PRIVILEGE_MANAGER,
            remedy="Look at the policies in Privilege Manager.",
            fault=FaultId.POLICY_NOT_CREATED,
        )
    )


def task_unknown_error(evidence: str) -> RefusedError:
    """Return the error for a server whose targeting update task is not known."""
    return RefusedError(
        Problem(
            tried="Update endpoints",
            evidence=evidence,
            cause="The id of the task “Resource and Collection Targeting Update” could not be determined.",
            owner=Owner.CONSOLE,
            remedy="Open the task in Privilege Manager, copy the id from the address of its page, and enter it with"
            " endpoints update --task ID. It is kept for the server.",
            fault=FaultId.POLICY_TARGETING_TASK_UNKNOWN,
        )
    )
