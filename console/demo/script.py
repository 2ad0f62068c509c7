"""The story of the demo: all 25 steps of the guide, and what had to be observed at each."""

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from console.demo.extra_pictures import take_empty_pages, take_other_pages
from console.demo.input_driver import NotObservedError
from console.demo.privilege_manager_steps import PrivilegeManagerSteps
from console.demo.request_steps import RequestSteps
from console.demo.servicenow_steps import ServiceNowSteps
from console.demo.stage import DemoStage, DemoStep
from console.demo.way_back import WayBack
from console.runtime.page_targets import HOME, Target
from console.setup.home import HomePage
from console.shell.main_window import Window
from services.common.errors import ConsoleError
from services.language import tr, translate
from services.setup.guide_step import GuideStepState

if TYPE_CHECKING:
    from services.practice import PracticeInstance
    from services.practice.privilege_manager import PracticePrivilegeManager

STEPS = 25


class DemoScript:
    """Goes through the guide in the real window and prints what was seen."""

    def __init__(
        self,
        window: Window,
        practice: "PracticeInstance",
        privilege_manager: "PracticePrivilegeManager",
        out: Path | None,
        printer: Callable[[str], None],
    ) -> None:
        self.stage = DemoStage(window, practice, privilege_manager, out, printer)
        self._way_back = WayBack(self.stage)

    async def run(self) -> bool:
        """Run every step; returns whether all was observed."""
        with tempfile.TemporaryDirectory(
            prefix="approval-console-demo-", ignore_cleanup_errors=True
        ) as folder:
            return await self._run(Path(folder))

    async def _run(self, folder: Path) -> bool:
        stage = self.stage
        stage.watch.pause()
        await take_empty_pages(stage)
        stage.watch.resume()
        steps = (
            *ServiceNowSteps(stage).steps(),
            *PrivilegeManagerSteps(stage, folder).steps(),
            *RequestSteps(stage).steps(),
        )
        for step in steps:
            if not await self._run_step(step):
                return False
        if not await self._run_step(DemoStep(STEPS + 1, "See the guide again", self.guide_again)):
            return False
        for step in self._way_back.steps():
            if not await self._run_step(step):
                return False
        stage.watch.stop()
        await take_other_pages(stage)
        stage.print(f"clicks {stage.hand.clicks}, fields {stage.hand.fields}")
        stage.print(
            f"longest step of the UI thread: {stage.watch.longest:.0f} ms ({stage.watch.longest_step}),"
            f" 95 % of {len(stage.watch.steps)} below {stage.watch.most_of(0.95):.1f} ms"
        )
        return True

    async def close(self) -> None:
        """Stop what the steps have started."""
        await self._way_back.close()

    async def _run_step(self, step: DemoStep) -> bool:
        """Run one step, and print what was observed or why it was not."""
        stage = self.stage
        number = f"{step.number:2}" if step.number <= STEPS else "  "
        stage.watch.doing = step.title
        if stage.pause_s:
            place = tr("Step {number} of {count}", number=step.number, count=STEPS)
            stage.ctx.notify(f"{place}: {step.title}" if step.number <= STEPS else step.title)
        started = time.perf_counter()
        try:
            seen = await step.run()
        except (NotObservedError, ConsoleError) as error:
            said = error.problem.as_text() if isinstance(error, ConsoleError) else error
            stage.print(f"{number} FAILED  {step.title}: {said}")
            await stage.picture("failed")
            if stage.pause_s:
                stage.ctx.notify(tr("The demo has stopped: {step}", step=step.title))
            return False
        stage.print(
            f"{number} ok      {step.title}: {seen} ({(time.perf_counter() - started) * 1000:.0f} ms)"
        )
        await stage.pause()
        return True

    async def guide_again(self) -> str:
        """See that the guide's ticks follow what was done."""
        stage = self.stage
        stage.window.show_target(Target(HOME))
        # The page first shows what the store says, and then what the instance says: only both are the guide's state.
        page = stage.shown(HomePage)
        await stage.hand.until(
            "the guide has asked store and instance", lambda: page.isVisible() and page.settled
        )
        try:
            await stage.hand.until("the guide has every tick", lambda: _done(page) == STEPS)
        except NotObservedError as error:
            open_steps = [
                f"{step.number} {translate(step.fact)}"
                for phase in page.phases
                for step in phase.steps
                if step.state not in (GuideStepState.DONE, GuideStepState.NEEDLESS)
            ]
            raise NotObservedError(f"{error}; open: {'; '.join(open_steps)}") from error
        await stage.picture("home-done")
        return f"{_done(page)} of {STEPS} steps done"


def _done(page: HomePage) -> int:
    return sum(phase.done for phase in page.phases)
