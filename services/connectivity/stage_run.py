"""One run of the stages of a check: their time limits, their results, and why a stage could not run."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from models.translation_marks import tr_later
from services.common.errors import ConsoleError
from services.common.fault_ids import FaultId
from services.common.tasks import gather_or_cancel
from services.connectivity import time_limits
from services.connectivity.report import SkipReason, StageResult, StageState
from services.connectivity.stage import Stage, StageFunction
from services.transport.faults import FaultTable
from services.transport.http_channel import started_call_paths
from services.transport.sign_in import SignInType, resolve_sign_in

StageCallback = Callable[[StageResult], None]
PREREQUISITE_STAGES = ("url", "dns", "proxy", "tcp", "tls", "http", "instance", "authentication")
"""Stages that everything after them needs, for every kind of system."""


class StageRun:
    """Runs stages, reports each result as it comes, and keeps all of them.

    `keys` are the stages in the order of the report, `faults` the words of the kind of system. `adapt` has the last word on what a stage ended with.
    """

    def __init__(
        self,
        keys: Sequence[str],
        faults: FaultTable,
        report: StageCallback,
        adapt: Callable[[StageResult], StageResult],
    ) -> None:
        self._keys = keys
        self._faults = faults
        self._report = report
        self._adapt = adapt
        self.results: dict[str, StageResult] = {}
        self.deadline = 0.0
        """When the check ends, by the clock of the loop."""
        self._declared: dict[str, Stage] = {}
        self._ended: dict[str, asyncio.Event] = {}

    def begin(self) -> None:
        """Start the time of the check."""
        self.deadline = asyncio.get_running_loop().time() + time_limits.CHECK_TIMEOUT_S

    def finish(self) -> list[StageResult]:
        """Report what did not run as skipped, and return all results in their order."""
        for key in self._keys:
            if key not in self.results:
                self.done(self._skipped_result(key))
        return [self.results[key] for key in self._keys]

    async def run(self, key: str, work: StageFunction) -> bool:
        """Run one stage and report it; returns whether what depends on it can be looked at."""
        result = await self.run_unreported(key, work)
        self.done(result)
        return result.state is not StageState.FAILED and not self.timed_out

    async def run_unreported(self, key: str, work: StageFunction) -> StageResult:
        """Return what a stage ends with, at the latest when the time of the check is over."""
        if self.timed_out:
            return StageResult.skipped(key, time_limits.check_timeout_text())
        started = time.perf_counter()
        ends = asyncio.get_running_loop().time() + time_limits.SIGNED_IN_STAGE_TIMEOUT_S
        seen: str | StageResult
        begun: list[str] = []
        noted = started_call_paths.set(begun)
        try:
            async with asyncio.timeout_at(min(ends, self.deadline)):
                seen = await work()
        except ConsoleError as error:
            seen = StageResult.failed(key, error.problem, 0)
        except TimeoutError:
            late = f"waited for {time.perf_counter() - started:.0f} s"
            if self.timed_out:
                late = f"{late}; the check ends after {time_limits.CHECK_TIMEOUT_S:g} s"
            seen = StageResult.failed(key, self._faults.problem(FaultId.TIMEOUT, f"Look at {key}", late), 0)
            if self.has_ended("authentication") and not begun:
                seen = StageResult.skipped(key, time_limits.no_call_slot_text(time.perf_counter() - started))
        finally:
            started_call_paths.reset(noted)
        ms = (time.perf_counter() - started) * 1000
        result = StageResult.ok(key, seen) if isinstance(seen, str) else seen
        return replace(result, ms=ms)

    async def run_declared(self, stages: Sequence[Stage], *others: Awaitable[None]) -> None:
        """Run declared stages side by side, each after the one it needs."""
        self._declared = {stage.key: stage for stage in stages}
        self._ended = {key: asyncio.Event() for key in self._declared}
        await gather_or_cancel(*map(self._run_declared, stages), *others)

    async def _run_declared(self, stage: Stage) -> None:
        try:
            if stage.needs:
                await self._ended[stage.needs].wait()
                failed = self.timed_out or self.has_failed(stage.needs)
                if (failed and stage.needs_success) or not stage.is_possible():
                    return
            await self.run(stage.key, stage.run)
        finally:
            self._ended[stage.key].set()

    async def resolve_sign_in(
        self, source: SignInType | Callable[[], Awaitable[SignInType]] | None
    ) -> SignInType | None:
        """Ask for a sign-in outside the clock of stages and check: a vault may have to be opened by a person."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            async with asyncio.timeout(time_limits.SIGNED_IN_STAGE_TIMEOUT_S):
                return await resolve_sign_in(source)
        except TimeoutError as error:
            late = f"not opened within {time_limits.SIGNED_IN_STAGE_TIMEOUT_S:g} s"
            raise self._faults.error(FaultId.TIMEOUT, "Ask the vault for the password", late) from error
        finally:
            self.deadline += loop.time() - began

    def skip(self, key: str, why: str) -> None:
        """Report a stage that does not run, and why."""
        self.done(StageResult.skipped(key, why))

    def done(self, result: StageResult) -> None:
        """Keep and report the result of a stage."""
        adapted = self._adapt(result)
        self.results[adapted.stage] = adapted
        self._report(adapted)

    @property
    def timed_out(self) -> bool:
        """Whether the time of the check is over."""
        return asyncio.get_running_loop().time() >= self.deadline

    def has_ended(self, key: str) -> bool:
        """Whether a stage has a result."""
        return key in self.results

    def has_failed(self, key: str) -> bool:
        """Whether a stage ended as failed."""
        return key in self.results and self.results[key].state is StageState.FAILED

    def _skipped_result(self, key: str) -> StageResult:
        """Return the result of a stage that could not run, with the stage that is the reason."""
        if self.timed_out:
            return StageResult.skipped(key, time_limits.check_timeout_text())
        needed = self._declared[key].needs if key in self._declared else ""
        failed = next((other for other in (needed, *PREREQUISITE_STAGES) if self.has_failed(other)), "")
        if failed:
            result = StageResult.skipped(key, f"needs {failed}, which failed")
            return replace(result, skip_reason=SkipReason.NEEDED_STAGE_FAILED, needed_stage=failed)
        if needed:
            result = StageResult.skipped(key, f"needs {needed}, which cannot be judged")
            return replace(result, skip_reason=SkipReason.NEEDED_STAGE_UNCLEAR, needed_stage=needed)
        return StageResult.skipped(key, tr_later("its inputs are missing"))
