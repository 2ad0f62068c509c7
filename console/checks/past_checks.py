"""The last checks as a strip of bars, with the last good one and how long the current state has lasted."""

from typing import TYPE_CHECKING

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from console.checks.past_check_texts import EMPTY_TEXT, describe_check, summarize_checks
from console.runtime import lazy_imports
from console.runtime.debounce import Debounce
from console.widgets import plain_text
from console.widgets.check_bars import CheckBar, CheckStrip
from console.widgets.labels import Label, with_break_points
from services.common.errors import ConsoleError
from services.language import date_time, number, time_ago, tr

if TYPE_CHECKING:
    from console.checks.checked_page import CheckablePage
    from services.connectivity.check_history import PastCheck

MAX_CHECKS = 30
READ_DELAY_MS = 150
"""A run writes down each of its steps: the checks are read once for several of them."""


class PastChecks(QWidget):
    """Shows the past checks of the server of a page; `picked` carries the check to open."""

    picked = pyqtSignal(object)
    checks_loaded = pyqtSignal(object)
    """The checks were read; carries the newest `PastCheck`, or None."""

    def __init__(self, page: "CheckablePage") -> None:
        super().__init__()
        self._page = page
        self._stale = True
        self._due = Debounce(self, READ_DELAY_MS, self.load)
        self.checks: list[PastCheck] = []
        """The newest first, as they were read."""
        self._last_good = Label("", role="caption")
        self._first, self._now = Label("", role="caption"), Label(tr("Now"), role="caption")
        self.sentence = Label(tr(EMPTY_TEXT), role="muted")
        self.sentence.setWordWrap(True)
        self.strip = CheckStrip()
        self.strip.picked.connect(self._picked)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 8)
        layout.setSpacing(4)
        layout.addLayout(_row(Label(tr("Last 30 checks"), role="field"), self._last_good))
        layout.addWidget(self.strip)
        layout.addLayout(_row(self._first, self._now))
        layout.addWidget(self.sentence)
        self._show()

    def set_compact(self, compact: bool) -> None:  # noqa: FBT001 - a private setter
        """Hide the captions below the bars where there is little room."""
        self._compact = compact
        self._place_words()

    _compact = False

    def _place_words(self) -> None:
        shown = not self._compact
        self._first.setVisible(shown and bool(self.checks))
        self._now.setVisible(shown and bool(self.checks))
        self.sentence.setVisible(shown or not self.checks)
        plain_text.set_tooltip(self.sentence, self._when())
        self.strip.setVisible(bool(self.checks))

    # -- reading -----------------------------------------------------------------------------------------------

    def invalidate(self, *, at_once: bool = False) -> None:
        """Mark the checks as outdated; they are read again when the widget is visible, or `at_once`."""
        self._stale = True
        if at_once or self.isVisible():
            self._due.request()

    def showEvent(self, event: object) -> None:
        """Read the checks if they are outdated."""
        del event
        self.load()

    def load(self) -> None:
        """Read the checks if they are outdated."""
        if self._stale and self._page.session.ready:
            self._page.tasks.start(self.read(), group="past checks")

    async def read(self) -> None:
        """Read and show the checks."""
        ctx = self._page.ctx
        await lazy_imports.ready(ctx, lazy_imports.connectivity)
        from services.connectivity import check_history

        workspace = await ctx.ready()
        try:
            scope = await self._page.load_check_scope()
            found: list[PastCheck] = []
            if scope is not None:
                server_id, process_id = scope
                found = await ctx.call(
                    lambda: check_history.past_checks(
                        workspace.store, server_id, MAX_CHECKS, process_id=process_id
                    )
                )
        except ConsoleError:
            return  # the next call by the user reports a store that is busy or gone
        self._stale = False
        self.checks = found
        self._show()
        self.checks_loaded.emit(found[0] if found else None)

    # -- what it shows -----------------------------------------------------------------------------------------

    def _show(self) -> None:
        checks = self.checks
        self.strip.set_bars([CheckBar(c.verdict, describe_check(c)) for c in reversed(checks)])
        good = next((c for c in checks if c.verdict == "ok"), None)
        text = (
            ""
            if good is None
            else tr(
                "Last good check {age}, {seconds} s", age=time_ago(good.at), seconds=number(good.ms / 1000, 1)
            )
        )
        self._last_good.setText(text)
        plain_text.set_tooltip(self._last_good, date_time(good.at) if good is not None else "")
        self._first.setText(time_ago(checks[-1].at) if checks else "")
        plain_text.set_tooltip(self._first, date_time(checks[-1].at) if checks else "")
        self.sentence.setText(with_break_points(summarize_checks(checks)))
        self._place_words()

    def _when(self) -> str:
        good = next((c for c in self.checks if c.verdict == "ok"), None)
        return "" if good is None else tr("Good at {time}", time=date_time(good.at))

    def _picked(self, place: int) -> None:
        self.picked.emit(self.checks[len(self.checks) - 1 - place])

    def set_opened(self, check: "PastCheck | None") -> None:
        """Mark the check whose report is open; None for none."""
        opened = next((i for i, c in enumerate(self.checks) if check is not None and c.id == check.id), -1)
        self.strip.set_opened(len(self.checks) - 1 - opened if opened >= 0 else -1)


def _row(left: QWidget, right: QWidget) -> QHBoxLayout:
    row = QHBoxLayout()
    row.setSpacing(8)
    row.addWidget(left)
    row.addStretch(1)
    row.addWidget(right)
    return row
