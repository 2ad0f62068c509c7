"""Declaration of the stages that run after the sign-in.

A module of `services.connectivity.stages` declares its stages with `@signed_in_stages`; the runner imports every module
of that package, so a new module needs no entry anywhere else than in `models.check_stages` (name, group, order). Faults
that only its stages have are declared there too (`fault_catalog.declare_faults`); their ids are in `FaultId`.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from models.approval_process import ApprovalProcess
from services.common.errors import Problem
from services.connectivity.report import StageResult
from services.servicenow.http_client import ServiceNowClient

StageFunction = Callable[[], Awaitable[str | StageResult]]
"""Runs a stage. A text is the evidence of a good result; errors become its failure."""


@dataclass(frozen=True, slots=True)
class SignedInCheck:
    """What stages after the sign-in work with."""

    instance: ServiceNowClient
    account: str
    process: ApprovalProcess | None
    """The Approval Process that is checked with the server, if any."""
    note_unreadable: Callable[[Problem], None]
    """Is called with the reason why a list could not be read; the stages `roles` and `limits` report it."""


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage: its key in `models.check_stages`, and how it runs.

    It starts when the stage `needs` has ended; by default only if that did not fail. Without that, or where `is_possible`
    is false by then, it is reported as skipped.
    """

    key: str
    run: StageFunction
    needs: str = ""
    needs_success: bool = True
    is_possible: Callable[[], bool] = lambda: True


StageFactory = Callable[[SignedInCheck], Sequence[Stage]]
_FACTORIES: list[tuple[int, StageFactory]] = []


def signed_in_stages(*, priority: int = 10) -> Callable[[StageFactory], StageFactory]:
    """Declare stages: the decorated function returns those for one check, none where they do not apply.

    Two calls are in flight at a time, so stages with a lower `priority` get their results earlier.
    """

    def register(factory: StageFactory) -> StageFactory:
        _FACTORIES.append((priority, factory))
        return factory

    return register


def create_stages(check: SignedInCheck) -> list[Stage]:
    """Return all declared stages for one check, by priority."""
    ordered = sorted(_FACTORIES, key=lambda entry: entry[0])
    return [stage for _, factory in ordered for stage in factory(check)]
