"""Declaration of the stages that run after the sign-in, for each kind of system.

A package of stages has one `StageRegistry`. Its modules declare their stages with `registry.declare`; `load_stages`
imports every module of the package, so a new module needs no entry anywhere else than in `models.check_stages` (name,
group, order). Faults that only its stages have are declared there too (`fault_catalog.declare_faults`); their ids are in
`FaultId`.
"""

import importlib
import pkgutil
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from services.connectivity.report import StageResult

StageFunction = Callable[[], Awaitable[str | StageResult]]
"""Runs a stage. A text is the evidence of a good result; errors become its failure."""
CheckT = TypeVar("CheckT")


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


class StageRegistry(Generic[CheckT]):
    """The stages of one kind of system. `CheckT` is what they work with."""

    def __init__(self) -> None:
        self._factories: list[tuple[int, Callable[[CheckT], Sequence[Stage]]]] = []

    def declare(
        self, *, priority: int = 10
    ) -> Callable[[Callable[[CheckT], Sequence[Stage]]], Callable[[CheckT], Sequence[Stage]]]:
        """Declare stages: the decorated function returns those for one check, none where they do not apply.

        Two calls are in flight at a time, so stages with a lower `priority` get their results earlier.
        """

        def register(
            factory: Callable[[CheckT], Sequence[Stage]],
        ) -> Callable[[CheckT], Sequence[Stage]]:
            self._factories.append((priority, factory))
            return factory

        return register

    def create(self, check: CheckT) -> list[Stage]:
        """Return all declared stages for one check, by priority."""
        ordered = sorted(self._factories, key=lambda entry: entry[0])
        return [stage for _, factory in ordered for stage in factory(check)]


def load_stages(path: Iterable[str], package: str) -> None:
    """Import every module of a package of stages, so that its stages are declared."""
    for module in pkgutil.iter_modules(path, f"{package}."):
        importlib.import_module(module.name)
