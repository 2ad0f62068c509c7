"""The Check tab of a server: eighteen stages that finish in place, and what was found beside them, worst first."""

import asyncio
import time
from datetime import UTC, datetime
from typing import Any

from PyQt6.QtCore import QTimer
from PyQt6.QtGui import QGuiApplication, QResizeEvent
from PyQt6.QtWidgets import (
    QBoxLayout,
    QGraphicsOpacityEffect,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from console.checks import check_report, remedies
from console.checks.check_subject import load_stored_check_subject
from console.checks.past_checks import PastChecks, exact_time
from console.design import theme
from console.runtime import lazy_imports
from console.runtime.activity import CANCELLED, DONE, FAILED, Job
from console.runtime.targets import fault_entry_target
from console.widgets import buttons
from console.widgets.flow_layout import FlowLayout
from console.widgets.labels import IconLabel, Label, LinkLabel, with_break_points
from console.widgets.meter import Meter
from console.widgets.stage_list import STALE_OPACITY, FindingCard, StageList
from console.widgets.vertical_scroll_area import VerticalScrollArea
from models.check_stages import STAGE_GROUPS, STAGE_NAMES
from models.translation_marks import plural_later, tr_later
from services.common.errors import ConsoleError, Owner, Problem
from services.language import number, plural, tr, translate

STAGES_WIDTH, TWO_COLUMN_MIN_WIDTH = 512, 740
STATE_COUNT_TEXTS = (
    ("failed", "bad", *plural_later("{count} failed", "{count} failed")),
    ("warning", "notice", *plural_later("{count} warning", "{count} warnings")),
    ("ok", "good", *plural_later("{count} good", "{count} good")),
    ("skipped", "off", *plural_later("{count} skipped", "{count} skipped")),
)
"""States of a stage in the order of the summary: state, shape, how one and several are counted."""
SEVERITY_ORDER = {"failed": 0, "warning": 1}
TICK_MS = 100
TASK_GROUP = "staged check"
STALE_TEXT = tr_later("Changed since this check")


class CheckTab(QWidget):
    """Runs the staged check over what the form holds, saved or not.

    Its page says what to check (`what_to_check`), which values count (`tested_values`) and whose past checks belong here
    (`checked_place`).
    """

    def __init__(self, page: Any) -> None:
        super().__init__(page)
        self._page = page
        self.running = False
        self.report: Any = None
        self.results: dict[str, Any] = {}
        self.failure: Problem | None = None
        self.subject: Any = None
        self.opened_past_check: Any = None
        """The earlier check whose report is open, or None."""
        self.kept: Any = None
        """The newest check that is kept, while it is what is shown; None while that is a check of this page."""
        self._checked_values: dict[str, Any] = {}
        self._overtaken = False
        self._ended_at: Any = None
        self._run_number = 0
        self._started = 0.0
        self._job: Job | None = None
        self._clock = QTimer(self)
        self._clock.setInterval(TICK_MS)
        self._clock.timeout.connect(self._summarise)
        layout = self._columns_layout = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        layout.setContentsMargins(24, 16, 24, 4)
        layout.setSpacing(24)
        layout.addLayout(self._left(), 7)
        layout.addLayout(self._right(), 6)
        self._summarise()

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Put the findings under the stages where they have no room beside them."""
        super().resizeEvent(event)
        beside = self.width() >= theme.scaled(TWO_COLUMN_MIN_WIDTH)
        self._columns_layout.setDirection(
            QBoxLayout.Direction.LeftToRight if beside else QBoxLayout.Direction.TopToBottom
        )
        self._columns_layout.setSpacing(24 if beside else 8)
        for half, share in enumerate((7, 6) if beside else (4, 7)):
            self._columns_layout.setStretch(half, share)
        self.past_checks.set_compact(not beside)

    # -- building ----------------------------------------------------------------------------------------------

    def _left(self) -> QVBoxLayout:
        left = QVBoxLayout()
        left.setSpacing(8)
        left.addWidget(self._build_time_row())
        line = FlowLayout(gap=12)
        self._count = Label("", role="strong")
        line.addWidget(self._count)
        self._states: dict[str, tuple[QLabel, QLabel]] = {}
        for state, shape, *_ in STATE_COUNT_TEXTS:
            picture, text = IconLabel(shape, 14), Label("")
            holder = QWidget()
            pair = QHBoxLayout(holder)
            pair.setContentsMargins(0, 0, 0, 0)
            pair.setSpacing(6)
            pair.addWidget(picture)
            pair.addWidget(text)
            line.addWidget(holder)
            self._states[state] = (picture, text)
        self._time = Label("", role="muted")
        line.addWidget(self._time)
        left.addLayout(line)
        self._meter = Meter()
        left.addWidget(self._meter)
        self.stages = StageList(STAGE_GROUPS)
        self.stages.setMaximumWidth(STAGES_WIDTH)
        self.stages.setMinimumWidth(360)
        self.stages.selected.connect(self._selected)
        left.addWidget(self.stages, 1)
        self._make_buttons()
        return left

    def _build_time_row(self) -> QWidget:
        row = self._when = QWidget()
        line = QHBoxLayout(row)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(12)
        self._when_text = Label("", role="muted")
        self._when_text.setWordWrap(True)
        self.close_link = LinkLabel(tr("Close this report"))
        self.close_link.clicked.connect(self.close_past_check)
        line.addWidget(self._when_text, 1)
        line.addWidget(self.close_link)
        row.hide()
        return row

    def _make_buttons(self) -> None:
        self.again_button = buttons.primary("Check again", icon="refresh")
        self.again_button.clicked.connect(self.start)
        self.cancel_button = buttons.secondary("Cancel")
        self.cancel_button.clicked.connect(self.cancel)
        self.copy_button = buttons.secondary("Copy report", icon="copy")
        self.copy_button.set_short(tr("Copy"))
        self.copy_button.clicked.connect(self.copy)
        self.save_button = buttons.secondary("Save report…", icon="download")
        self.save_button.set_short(tr("Save…"))
        self.save_button.clicked.connect(self.save_report)

    def buttons(self) -> list[QPushButton]:
        """Return what can be done here, for the head of the page."""
        return [self.again_button, self.cancel_button, self.copy_button, self.save_button]

    def _right(self) -> QVBoxLayout:
        holder = self._holder = QWidget()
        self._cards = QVBoxLayout(holder)
        self._cards.setContentsMargins(0, 0, 0, 0)
        self._cards.setSpacing(12)
        self._nothing = Label("", role="muted")
        self._nothing.setWordWrap(True)
        self._cards.addWidget(self._nothing)
        self._cards.addStretch(1)
        self._by_stage: dict[str, FindingCard] = {}
        area = self._area = VerticalScrollArea(holder, tr("Findings"))
        self.past_checks = PastChecks(self._page)
        self.past_checks.checks_loaded.connect(self._on_newest_loaded)
        self.past_checks.picked.connect(self.show_past_check)
        right = QVBoxLayout()
        right.setSpacing(12)
        right.addWidget(area, 1)
        right.addWidget(self.past_checks)
        return right

    # -- running -----------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Run the check from its first stage."""
        if self.running:
            return
        self._run_number += 1
        self.running, self.report, self.failure, self.results = True, None, None, {}
        self.subject, self.opened_past_check, self.kept, self._overtaken = None, None, None, False
        self._checked_values = self._page.checked_values()
        self._started = time.perf_counter()
        self._clear_cards()
        self.stages.reset_stages()
        self._job = self._page.ctx.activity.begin(tr("Checking {title}", title=self._page.title), self._stop)
        self._clock.start()
        self._page.tasks.start(self._run(self._run_number, self._job), group=TASK_GROUP)
        self._changed()

    def cancel(self) -> None:
        """Stop the check; what was seen stays."""
        if self._job is not None:
            self._job.cancel()

    def _stop(self) -> None:
        # Shown at once: connections that the check had open may take their time to close.
        self._page.tasks.cancel(TASK_GROUP)
        self._ended(self._run_number)

    async def _run(self, number: int, job: Job) -> None:
        try:
            report = await self._check(number)
        except ConsoleError as error:
            if number == self._run_number:
                self.failure = error.problem
                self._nothing.setText(
                    with_break_points(f"{error.problem.tried}: {error.problem.cause} {error.problem.remedy}")
                )
                self._ended(number)
            return
        except asyncio.CancelledError:
            # The page may be gone by now; the job is the window's.
            job.end(tr("Cancelled"), CANCELLED)
            raise
        if number == self._run_number and self.running:
            self.report = report
            self._ended(number)
            self._page.tasks.start(self._keep(report, self.subject))

    async def _check(self, number: int) -> Any:
        # The values are read before anything is awaited, so that they are those of the click.
        asking = self._page.load_check_subject()
        self._checked_values = self._page.checked_values()
        subject = await asking
        await lazy_imports.ready(self._page.ctx, lazy_imports.connectivity)
        from services import connectivity

        self.subject = subject

        def done(result: Any) -> None:
            if number == self._run_number and self.running:
                self._stage_done(result)

        return await connectivity.run_check(
            subject.settings, subject.sign_in, subject.process, accepted=subject.accepted, report=done
        )

    async def _keep(self, report: Any, subject: Any) -> None:
        ctx = self._page.ctx
        await lazy_imports.ready(ctx, lazy_imports.connectivity)
        from services.connectivity import check_history

        workspace = await ctx.ready()
        try:
            await ctx.call(
                check_history.save_check,
                workspace.store,
                subject.server,
                report,
                subject.process,
                unsaved=subject.unsaved,
                used=subject.used,
            )
        except ConsoleError as error:
            ctx.notify(tr("This check could not be kept: {cause}", cause=error.problem.cause))
        await self.past_checks.read()
        if report.can_continue and not subject.unsaved:
            await lazy_imports.ready(ctx, lazy_imports.transfer)
            from services.transfer import apply_online

            for told in await apply_online.try_resolve_request_items(workspace, subject.server.id):
                ctx.notify(told)

    def _stage_done(self, result: Any) -> None:
        self.results[result.stage] = result
        self.stages.finish(result)
        if self._job is not None:
            text = f"{self.stages.label(result.stage)}: {translate(result.evidence)}"
            self._job.progress(text, len(self.results), self.stages.count())
        if result.state in SEVERITY_ORDER:
            self._add_card(result)
        self._summarise()
        self._page.head.refresh()

    def _ended(self, number: int) -> None:
        if number != self._run_number or not self.running:
            return
        self.running = False
        self._ended_at = datetime.now(UTC)
        if self._job is not None:
            self._job.end(*self._outcome())
        self._clock.stop()
        self.stages.stop()
        self._changed()

    def _outcome(self) -> tuple[str, str]:
        if self.failure is not None:
            return translate(self.failure.cause), FAILED
        if self.report is None:
            return tr("Cancelled"), CANCELLED
        failed = sum(1 for r in self.results.values() if r.state == "failed")
        words = (
            tr("{failed} of {count} stages failed", failed=failed, count=self.stages.count())
            if failed
            else tr("Every stage looked at is good")
        )
        return words, FAILED if failed else DONE

    def _changed(self) -> None:
        self.look()
        self._page.head.refresh()
        self._page.commands_changed.emit()

    # -- old and earlier results -------------------------------------------------------------------------------

    @property
    def stale(self) -> bool:
        """Whether the result is about other values than those of now."""
        if self.running or not self.results or self.opened_past_check is not None:
            return False
        return self._overtaken or self._checked_values != self._page.checked_values()

    def look(self) -> None:
        """Show whether the result still is about what the form holds."""
        stale = self.stale
        self.stages.set_stale(stale=stale)
        for card in self._by_stage.values():
            card.set_stale(stale=stale)
        if stale != (self._holder.graphicsEffect() is not None):
            effect = QGraphicsOpacityEffect(self._holder) if stale else None
            if effect is not None:
                effect.setOpacity(STALE_OPACITY)
            self._holder.setGraphicsEffect(effect)
        self._summarise()

    def follow(self, changes: list[Any]) -> None:
        """Take in that somebody, here or elsewhere, saved something."""
        if any(c.kind == "task_run" for c in changes):
            # The head of the page says how the last check ended, also while another tab is shown.
            self.past_checks.invalidate(at_once=bool(self.results))
        own = self._page.session.id
        if self.subject is not None and any(c.id in self.subject.ids and c.id != own for c in changes):
            self._overtaken = True
            self._changed()

    def _on_newest_loaded(self, newest: Any) -> None:
        """Show the newest check that is kept, whoever ran it, unless what is shown is newer."""
        known = self.report.correlation_id if self.report is not None else ""
        older = self._ended_at is not None and newest is not None and newest.at <= self._ended_at
        if self.running or newest is None or older or newest.correlation_id == known:
            return
        self._page.tasks.start(self._take(newest), group="newest check")

    async def _take(self, newest: Any) -> None:
        """Take a check that was made elsewhere for the result of this page."""
        subject, changed_at = await load_stored_check_subject(self._page.ctx, newest)
        if self.running or not self._page.session.ready:
            return
        self.report = self.kept = newest
        self.results = {r.stage: r for r in newest.stages}
        self.subject, self.failure, self._ended_at = subject, None, newest.at
        # What was typed and not saved then is not what is stored.
        self._overtaken = newest.unsaved or changed_at is None or changed_at > newest.at
        self._checked_values = self._page.stored_values()
        if self.opened_past_check is None:
            self._show_results()

    def show_past_check(self, check: Any) -> None:
        """Open the report of an earlier check."""
        if not self.running:
            self.opened_past_check = check
            self._show_results()

    def close_past_check(self) -> None:
        """Go back to what was checked here, if anything was."""
        self.opened_past_check = None
        self._show_results()

    def _show_results(self) -> None:
        self._clear_cards()
        self.stages.reset_stages(running=False)
        for result in self.shown.values():
            self.stages.show_result(result)
            if result.state in SEVERITY_ORDER:
                self._add_card(result)
        self._changed()

    @property
    def shown(self) -> dict[str, Any]:
        """The results in sight: those of an earlier check while its report is open."""
        if self.opened_past_check is not None:
            return {r.stage: r for r in self.opened_past_check.stages}
        return self.results

    # -- what it shows -----------------------------------------------------------------------------------------

    def _summarise(self) -> None:
        total, results = self.stages.count(), self.shown
        done = len(results)
        self._count.setText(
            plural(total, "{done} of {count} stage", "{done} of {count} stages", done=done)
            if done or self.running
            else plural(total, "{count} stage", "{count} stages")
        )
        for state, _, one, many in STATE_COUNT_TEXTS:
            count = sum(1 for r in results.values() if r.state == state)
            picture, text = self._states[state]
            text.setText(plural(count, one, many))
            holder = text.parentWidget()
            for widget in (picture, text, *([holder] if holder is not None else [])):
                widget.setVisible(bool(count))
        self._meter.set_value(done / total if total else 0.0)
        self._time.setText(
            tr("{number} s", number=number(self._seconds(), 1)) if done or self.running else ""
        )
        past, named = self.opened_past_check, self.opened_past_check or self.kept
        self._when.setVisible(named is not None)
        self.close_link.setVisible(past is not None)
        if named is not None:
            through = tr(", through {process}", process=named.process) if named.process else ""
            self._when_text.setText(
                with_break_points(
                    tr(
                        "Check of {time} by {by}{through}",
                        time=exact_time(named.at),
                        by=named.by,
                        through=through,
                    )
                )
            )
        self.past_checks.set_opened(past)
        self.past_checks.strip.setEnabled(not self.running)
        self._set_buttons(bool(done))
        if not self._by_stage and self.failure is None:
            self._nothing.setText(self._words(done))
        self._nothing.setVisible(not self._by_stage)

    def _set_buttons(self, done: bool) -> None:  # noqa: FBT001 - a private setter
        self.again_button.setEnabled("check" in self._page.enabled())
        self.again_button.setText(
            tr("Check again") if self.results or self.running else tr("Check connection")
        )
        # A page has one primary button: while something can be put right, that is it.
        fix = not self.stale and any(card.acts for card in self._by_stage.values())
        buttons.set_kind(self.again_button, "secondary" if fix else "primary", "refresh")
        self.cancel_button.setEnabled(self.running)
        for button in (self.copy_button, self.save_button):
            button.setEnabled(done and not self.running)

    def _seconds(self) -> float:
        if self.opened_past_check is not None:
            return float(self.opened_past_check.ms) / 1000
        if self.running:
            return time.perf_counter() - self._started
        if self.report is not None:
            return float(self.report.ms) / 1000
        return sum(r.ms for r in self.results.values()) / 1000

    def _words(self, done: int) -> str:
        if self.running:
            return tr("Nothing found so far.")
        if not done:
            return tr(
                "The check goes from the address to the approval services and says at each stage what was seen."
            )
        return tr("Nothing to report: every stage that was looked at is good.")

    def badges(self) -> list[tuple[str, str, str | None]]:
        """Return what the last check said, for the head of the page."""
        if self.opened_past_check is not None:
            return [(tr("Earlier check"), "off", "pending")]
        if self.stale:
            return [(tr(STALE_TEXT), "off", "pending")]
        if self.failure is not None:
            return [(tr("Could not be checked"), "bad", "bad")]
        failed = sum(1 for r in self.results.values() if r.state == "failed")
        warned = sum(1 for r in self.results.values() if r.state == "warning")
        if failed or warned:
            found = (
                plural(failed, "{count} failed", "{count} failed")
                if failed
                else plural(warned, "{count} warning", "{count} warnings")
            )
            text = tr("{found} so far", found=found) if self.running else found
            return [(text, "bad", "bad") if failed else (text, "notice", "notice")]
        if self.running:
            return [(tr("Checking"), "off", "running")]
        if self.report is None and self.results:
            return [(tr("Check cancelled"), "off", "off")]
        return [(tr("Check good"), "good", "good")] if self.results else []

    # -- findings ----------------------------------------------------------------------------------------------

    def _clear_cards(self) -> None:
        for card in self._by_stage.values():
            self._cards.removeWidget(card)
            card.hide()
            card.deleteLater()
        self._by_stage = {}

    def _add_card(self, result: Any) -> None:
        offers = (
            []
            if self.opened_past_check is not None
            else remedies.remedy_actions(self._page, result, self.subject)
        )
        card = FindingCard(
            result,
            f"{self.stages.label(result.stage)}: {_first_sentence(translate(result.cause))}",
            [(offer.text, offer.act) for offer in offers],
            own=str(result.owner) == Owner.CONSOLE.value,
            first=not any(other.acts for other in self._by_stage.values()),
        )
        card.ticket_requested.connect(lambda card=card: self._copy_ticket(card))
        card.entry_requested.connect(
            lambda: self._page.ctx.navigate(fault_entry_target(result.fault, result.stage))
        )
        results = self.shown
        ahead = sum(
            1 for s in self._by_stage if SEVERITY_ORDER[results[s].state] <= SEVERITY_ORDER[result.state]
        )
        self._cards.insertWidget(ahead, card)
        self._by_stage[result.stage] = card
        if result.state == "failed":
            self.stages.select_first_failure(result.stage)

    def _selected(self, stage: str) -> None:
        card = self._by_stage.get(stage)
        if card is not None:
            self._area.scroll_to_part(card)

    # -- passing it on -----------------------------------------------------------------------------------------

    def _copy_ticket(self, card: FindingCard) -> None:
        self._to_clipboard(check_report.render_ticket(self._heading(), card.title, card.result))
        self._page.ctx.notify(tr("Copied the finding"))

    def copy(self) -> None:
        """Put the report on the clipboard as Markdown, without secrets."""
        self._to_clipboard(self.text())
        self._page.ctx.notify(tr("Copied the report"))

    def _to_clipboard(self, text: str) -> None:
        clipboard = QGuiApplication.clipboard()
        if clipboard is not None:
            clipboard.setText(text)

    def save_report(self) -> None:
        """Ask for a file and write the report into it."""
        check_report.ask_save_path(self._page, self._heading().server, self.text())

    def text(self) -> str:
        """Return the report as Markdown, without secrets."""
        return check_report.render_markdown(
            self._heading(), list(self.shown.values()), lambda key: STAGE_NAMES.get(key, key)
        )

    def _heading(self) -> check_report.ReportHeader:
        past, subject = self.opened_past_check or self.kept, self.subject
        if past is not None:
            note = "the values have changed since this check" if self.stale else ""
            note = "the values were not saved then" if past.unsaved else note
            lines = (
                ("Server", self._page.title if subject is None else subject.server.name),
                ("Approval Process", past.process),
                ("Checked", f"{exact_time(past.at)} by {past.by}, {past.ms / 1000:.1f} s"),
                ("Reference", past.correlation_id),
                ("Note", note),
            )
            return check_report.ReportHeader(self._page.title, past.verdict, lines)
        if subject is None:
            return check_report.ReportHeader(self._page.title, "failed" if self.failure else "cancelled")
        report, process = self.report, subject.process
        note = "cancelled before its end" if report is None else ""
        note = note or ("the values have changed since this check" if self.stale else "")
        note = note or ("the values are not saved" if subject.unsaved else "")
        lines = (
            ("Server", subject.server.name),
            ("Address", subject.server.base_url),
            ("Approval Process", process.name if process is not None else ""),
            ("Checked", f"{exact_time(self._ended_at or datetime.now(UTC))}, {self._seconds():.1f} s"),
            ("Reference", report.correlation_id if report is not None else ""),
            ("Note", note),
        )
        verdict = report.verdict if report is not None else "cancelled"
        return check_report.ReportHeader(subject.server.name or self._page.title, verdict, lines)


def _first_sentence(text: str) -> str:
    sentence = str(text).split(". ", 1)[0].removesuffix(".")
    return sentence[:1].lower() + sentence[1:]
