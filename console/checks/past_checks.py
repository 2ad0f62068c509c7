"""The last checks under the findings: a bar for each, when it was good last, and since when it is not."""

from typing import Any

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from console.runtime import lazy_imports
from console.widgets import plain_text
from console.widgets.check_bars import CheckBar, CheckStrip
from console.widgets.labels import Label, with_break_points
from models.translation_marks import tr_later
from services.common.errors import ConsoleError
from services.language import date_time, number, time_ago, tr, translate

MAX_CHECKS, FINDING_MAX_LENGTH = 30, 160
VERDICT_LABELS = {"ok": tr_later("good"), "warning": tr_later("with a warning"), "failed": tr_later("failed")}
EMPTY_TEXT = tr_later("No check was kept yet. Each one that finishes gets a bar here.")


class PastChecks(QWidget):
    """Reads the past checks of a page's server and shows them; `picked` carries the one to open."""

    picked = pyqtSignal(object)
    checks_loaded = pyqtSignal(object)
    """The checks were read; carries the newest one, or None."""

    def __init__(self, page: Any) -> None:
        super().__init__()
        self._page = page
        self._stale = True
        self.checks: list[Any] = []
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
        """Leave out the words under the bars where there is little room."""
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
        """Note that what is shown is old; read again when it is in sight, or `at_once`."""
        self._stale = True
        if at_once or self.isVisible():
            self.load()

    def showEvent(self, event: object) -> None:
        """Read the checks when they come into sight."""
        del event
        self.load()

    def load(self) -> None:
        """Read the checks if what is shown is old."""
        if self._stale and self._page.session.ready:
            self._page.tasks.start(self.read(), group="past checks")

    async def read(self) -> None:
        """Read and show the checks."""
        ctx = self._page.ctx
        await lazy_imports.ready(ctx, lazy_imports.connectivity)
        from services.connectivity import check_history as service

        workspace = await ctx.ready()
        try:
            place = await self._page.load_check_scope()
            found = []
            if place is not None:
                server_id, process_id = place
                found = await ctx.call(
                    lambda: service.past_checks(workspace.store, server_id, MAX_CHECKS, process_id=process_id)
                )
        except ConsoleError:
            return  # a store that is busy or gone is told about by the next call that a person makes
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
        plain_text.set_tooltip(self._last_good, exact_time(good.at) if good is not None else "")
        self._first.setText(time_ago(checks[-1].at) if checks else "")
        plain_text.set_tooltip(self._first, exact_time(checks[-1].at) if checks else "")
        self.sentence.setText(with_break_points(summarize_checks(checks)))
        self._place_words()

    def _when(self) -> str:
        good = next((c for c in self.checks if c.verdict == "ok"), None)
        return "" if good is None else tr("Good at {time}", time=exact_time(good.at))

    def _picked(self, place: int) -> None:
        self.picked.emit(self.checks[len(self.checks) - 1 - place])

    def set_opened(self, check: Any) -> None:
        """Mark the check whose report is open; None for none."""
        opened = next((i for i, c in enumerate(self.checks) if check is not None and c.id == check.id), -1)
        self.strip.set_opened(len(self.checks) - 1 - opened if opened >= 0 else -1)


def exact_time(moment: Any) -> str:
    """Return a moment as it stands on a clock here."""
    return date_time(moment)


def describe_check(check: Any) -> str:
    """Return what a bar says: when, how it ended, and what was found."""
    through = tr(", through {process}", process=check.process) if check.process else ""
    unsaved = " " + tr("Values that were not saved.") if check.unsaved else ""
    word = tr(VERDICT_LABELS.get(check.verdict, check.verdict))
    return f"{exact_time(check.at)}, {word}{through}: {translate(check.finding)}{unsaved}"


def summarize_checks(checks: list[Any]) -> str:
    """Return since when it is as it is, in one sentence."""
    if not checks:
        return tr(EMPTY_TEXT)
    if checks[0].verdict == "ok":
        run = _leading_run(checks, lambda c: c.verdict == "ok")
        last = run[-1]
        if len(run) == len(checks):
            return (
                tr("Good in all of the last {count} checks.", count=len(checks))
                if len(checks) > 1
                else tr("Good.")
            )
        return tr(
            "Green again since {time}; before that: {finding}",
            time=exact_time(last.at),
            finding=_shorten_finding(checks[len(run)].finding),
        )
    run = _leading_run(checks, lambda c: c.verdict != "ok")
    since = _shorten_finding(checks[0].finding)
    if len(run) == len(checks):
        return tr(
            "Not green in any check that is kept, the first one of {time}. Now: {finding}",
            time=exact_time(run[-1].at),
            finding=since,
        )
    return tr(
        "Was green until {time}, since then: {finding}", time=exact_time(checks[len(run)].at), finding=since
    )


def _leading_run(checks: list[Any], holds: Any) -> list[Any]:
    found = []
    for one in checks:
        if not holds(one):
            break
        found.append(one)
    return found


def _shorten_finding(finding: str) -> str:
    text = finding[:1].lower() + finding[1:] if finding[1:2].islower() else finding
    text = text if len(text) <= FINDING_MAX_LENGTH else f"{text[:FINDING_MAX_LENGTH]}…"
    return text if text.endswith((".", ")", "…")) else f"{text}."


def _row(left: QWidget, right: QWidget) -> QHBoxLayout:
    row = QHBoxLayout()
    row.setSpacing(8)
    row.addWidget(left)
    row.addStretch(1)
    row.addWidget(right)
    return row
