"""The bar on the page of a ServiceNow server whose polls fail since its sign-in was switched."""

from typing import TYPE_CHECKING

from PyQt6.QtCore import QTimer

from console.forms.notice import Notice
from console.runtime import lazy_imports
from console.runtime.debounce import Debounce
from services.language import tr

if TYPE_CHECKING:
    from console.objects.foreign_system import ForeignSystemPage

LOOK_INTERVAL_MS = 5000
"""Between two looks into the store while the page is shown: polls come without a change of an object."""
READ_DELAY_MS = 150
"""A run writes down each of its steps: the store is read once for several of them."""


class SwitchNotice(Notice):
    """Leads to the page where the switch is undone. Dismissed, it comes back with another fault only."""

    def __init__(self, page: "ForeignSystemPage") -> None:
        super().__init__()
        self._page = page
        self._fault = ""
        self._timer = QTimer(self)
        self._timer.setInterval(LOOK_INTERVAL_MS)
        self._timer.timeout.connect(self.look)
        self._due = Debounce(self, READ_DELAY_MS, self.look)

    def watch(self) -> None:
        """Look into the store now and then."""
        self._timer.start()

    def rest(self) -> None:
        """Look no more."""
        self._timer.stop()

    def look_soon(self) -> None:
        """Look once for all changes that come now."""
        self._due.request()

    def look(self) -> None:
        """Read whether polls fail since a switch."""
        session = self._page.session
        if session.ready and not session.is_new:
            self._page.tasks.start(self._read(), group="switch notice")

    async def _read(self) -> None:
        ctx = self._page.ctx
        workspace = await ctx.ready()
        await lazy_imports.ready(ctx, lazy_imports.switch_records)
        from services.sign_in_switch.switch_records import find_failed_poll

        fault = await ctx.call(find_failed_poll, workspace.store, self._page.session.id)
        if fault == self._fault:
            return
        self._fault = fault
        if not fault:
            self.clear()
            return
        self.tell(
            tr("Polling failed after the switch: {fault}", fault=fault),
            tone="bad",
            offer=tr("Move off passwords"),
            act=self._page.move_off_passwords,
        )
