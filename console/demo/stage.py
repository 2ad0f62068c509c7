"""What all phases of the demo share: the window, both practice servers, pictures, and what was made so far."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from PyQt6.QtWidgets import QWidget

from console.demo.event_loop_monitor import EventLoopMonitor
from console.demo.input_driver import NotObservedError, WindowDriver
from console.navigation.page import Page
from console.runtime.page_targets import Target
from console.shell.main_window import Window
from models.kinds import Kind

if TYPE_CHECKING:
    from services.practice import PracticeInstance
    from services.practice.privilege_manager import PracticePrivilegeManager

SETTLE_S = 0.35
LOOK_S, CLICK_S = 1.2, 0.3
"""How long a result is shown, and how long it takes until something is clicked, where people look."""
PageType = TypeVar("PageType", bound=Page)


@dataclass(frozen=True, slots=True)
class DemoStep:
    """A step of the guide: its number, what is done, and the function that does it and returns what was observed."""

    number: int
    title: str
    run: Callable[[], Awaitable[str]]


class DemoStage:
    """The window and the practice servers. `ids` are the objects that were made, by a short name."""

    def __init__(
        self,
        window: Window,
        practice: "PracticeInstance",
        privilege_manager: "PracticePrivilegeManager",
        out: Path | None,
        printer: Callable[[str], None],
    ) -> None:
        self.window = window
        self.ctx = window.ctx
        self.practice = practice
        self.privilege_manager = privilege_manager
        self.hand = WindowDriver(window)
        self.watch = EventLoopMonitor(window)
        self.ids: dict[str, uuid.UUID] = {}
        self.takes_pictures = out is not None
        self.print = printer
        self.pause_s = 0.0
        """How long everything is shown before the demo goes on, for people who look."""
        self._out = out
        self._pictures = 0

    def slow_down(self) -> None:
        """Leave people the time to follow."""
        self.pause_s, self.hand.pause_s = LOOK_S, CLICK_S

    async def pause(self) -> None:
        """Leave time to look."""
        if self.pause_s:
            await asyncio.sleep(self.pause_s)

    def shown(self, page_type: type[PageType]) -> PageType:
        """Return the shown page; raises NotObservedError where it is another one."""
        page = self.window.page
        if not isinstance(page, page_type):
            raise NotObservedError(f"no {page_type.__name__} is shown")
        return page

    async def show_object(self, kind: Kind, object_id: uuid.UUID, picture: str) -> None:
        """Show the page of an object that was made, and save its picture."""
        self.window.show_target(Target(kind.value, object_id))
        await self.hand.page(kind)
        await self.picture(picture)

    async def picture(self, name: str, widget: QWidget | None = None) -> None:
        """Save a picture of the window or of a dialog, numbered in the order they are made."""
        if self._out is None:
            return
        await settle()
        # Taking a picture is the demo's own work, not the window's.
        self.watch.pause()
        self._pictures += 1
        file = self._out / f"{self._pictures:02}-{name}.png"
        if not (widget or self.window).grab().save(str(file)):
            raise NotObservedError(f"the picture {file} could not be written")
        self.watch.resume()


async def settle() -> None:
    """Wait until animations of the window have ended."""
    await asyncio.sleep(SETTLE_S)
