"""The Check tab: runs the staged check, and shows stages, findings and past checks."""

from typing import TYPE_CHECKING

from PyQt6.QtCore import QTimer
from PyQt6.QtWidgets import QPushButton

from console.checks import remedies
from console.checks.check_execution import execute_check, resolve_request_items, store_check
from console.checks.check_parts import CheckContent, CheckParts
from console.checks.check_presenter import SEVERITY_ORDER, CheckPresenter
from console.checks.check_run import CheckRun
from console.checks.check_subject import load_stored_check_subject
from console.checks.report_export import ReportExport
from console.runtime.page_targets import fault_entry_target
from console.widgets import buttons
from services.common.errors import ConsoleError
from services.language import tr, translate

if TYPE_CHECKING:
    from console.checks.check_end import CheckEnd
    from console.checks.check_subject import CheckSubject
    from console.checks.checked_page import CheckablePage
    from services.connectivity import CheckReport, StageResult
    from services.connectivity.check_history import PastCheck
    from services.store import Change

TICK_MS = 100
TASK_GROUP = "staged check"


class CheckTab(CheckContent):
    """Checks what the form of its page holds, saved or not.

    The page supplies what to check (`load_check_subject`), which values count (`checked_values`) and whose past checks
    are shown (`load_check_scope`).
    """

    def __init__(self, page: "CheckablePage") -> None:
        super().__init__(page)
        self._ctx = page.ctx
        self.presenter = CheckPresenter(page.checked_values, page.checked_kind)
        self._report_export = ReportExport(page, self.presenter)
        self._subject: CheckSubject | None = None
        self._run: CheckRun[CheckReport] = CheckRun(
            page, TASK_GROUP, self.presenter, self._outcome, self._end
        )
        self._clock = QTimer(self)
        self._clock.setInterval(TICK_MS)
        self._clock.timeout.connect(self._show_state)
        self._build_buttons()
        self._show_state()

    # -- building ----------------------------------------------------------------------------------------------

    def connect_parts(self, parts: CheckParts) -> None:
        """Follow what is clicked in stages, findings and past checks, and show in them what is known."""
        parts.summary.close_requested.connect(self.close_past_check)
        parts.findings.ticket_requested.connect(self._report_export.copy_ticket)
        parts.findings.entry_requested.connect(
            lambda result: self._ctx.navigate(fault_entry_target(result.fault, result.stage))
        )
        parts.past_checks.checks_loaded.connect(self._on_newest_loaded)
        parts.past_checks.picked.connect(self.show_past_check)
        self.refresh()

    def _build_buttons(self) -> None:
        self.again_button = buttons.primary("Check again", icon="refresh")
        self.again_button.clicked.connect(self.start)
        self.cancel_button = buttons.secondary("Cancel")
        self.cancel_button.clicked.connect(self.cancel)
        self.copy_button = buttons.secondary("Copy report", icon="copy")
        self.copy_button.set_short(tr("Copy"))
        self.copy_button.clicked.connect(self._report_export.copy)
        self.save_button = buttons.secondary("Save report…", icon="download")
        self.save_button.set_short(tr("Save…"))
        self.save_button.clicked.connect(self._report_export.save)

    def buttons(self) -> list[QPushButton]:
        """Return the buttons for the head of the page."""
        return [self.again_button, self.cancel_button, self.copy_button, self.save_button]

    # -- running -----------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Run the check from its first stage."""
        if self.presenter.running:
            return
        number = self.presenter.start()
        self.findings.clear()
        self.stages.reset_stages()
        self._clock.start()
        name = tr("Checking {title}", title=self._page.title)
        self._run.start(name, number, lambda: self._check(number), self._keep)
        self._changed()

    def cancel(self) -> None:
        """Stop the check; the stages that ended stay."""
        self._run.cancel()

    async def _check(self, number: int) -> "CheckReport":
        # The values are read before anything is awaited, so that they are those of the click.
        loading = self._page.load_check_subject()
        self.presenter.take_values()
        subject = self.presenter.subject = await loading
        self._subject = subject
        return await execute_check(self._ctx, subject, lambda result: self._on_stage_ended(number, result))

    def _outcome(self) -> "tuple[str, CheckEnd]":
        return self.presenter.outcome(self.stages.count())

    def _keep(self, report: "CheckReport") -> None:
        if self._subject is not None:
            self._page.tasks.start(self._store(report, self._subject))

    async def _store(self, report: "CheckReport", subject: "CheckSubject") -> None:
        try:
            await store_check(self._ctx, report, subject)
        except ConsoleError as error:
            self._ctx.notify(tr("This check could not be kept: {cause}", cause=error.problem.cause))
        await self.past_checks.read()
        if report.can_continue and not subject.unsaved:
            for text in await resolve_request_items(self._ctx, subject):
                self._ctx.notify(text)

    def _on_stage_ended(self, number: int, result: "StageResult") -> None:
        if not self.presenter.is_current(number):
            return
        self.presenter.add_result(result)
        self.stages.finish(result)
        text = f"{self.stages.label(result.stage)}: {translate(result.evidence)}"
        self._run.progress(text, len(self.presenter.results), self.stages.count())
        self._add_finding(result)
        self._show_state()
        self._page.head.refresh()

    def _end(self) -> None:
        self._clock.stop()
        self.stages.stop()
        self._changed()

    # -- stored and earlier checks -----------------------------------------------------------------------------

    def on_changes(self, changes: "list[Change]") -> None:
        """Take in what was saved, here or by another console."""
        if any(c.kind == "task_run" for c in changes):
            # The head of the page shows the verdict of the last check also while another tab is shown.
            self.invalidate_past_checks(at_once=bool(self.presenter.results))
        own, subject = self._page.session.id, self.presenter.subject
        if subject is not None and any(c.id in subject.ids and c.id != own for c in changes):
            self.presenter.subject_changed()
            self._changed()

    def invalidate_past_checks(self, *, at_once: bool = False) -> None:
        """Read the past checks again when they are visible, or `at_once`; those never shown are read when they are."""
        if self.is_made:
            self.past_checks.invalidate(at_once=at_once)

    def _on_newest_loaded(self, newest: "PastCheck | None") -> None:
        if newest is not None and self.presenter.is_newer(newest):
            self._page.tasks.start(self._show_stored(newest), group="newest check")

    async def _show_stored(self, newest: "PastCheck") -> None:
        """Show the newest stored check, which another page or console may have run, as the result of this page."""
        subject, changed_at = await load_stored_check_subject(self._ctx, newest)
        if self.presenter.running or not self._page.session.ready:
            return
        self.presenter.show_stored(newest, subject, changed_at, self._page.stored_values())
        if self.presenter.opened_past_check is None:
            self._show_results()

    def show_past_check(self, check: "PastCheck") -> None:
        """Open the report of an earlier check."""
        if not self.presenter.running:
            self.presenter.opened_past_check = check
            self._show_results()

    def close_past_check(self) -> None:
        """Show the newest result again."""
        self.presenter.opened_past_check = None
        self._show_results()

    # -- what is shown -----------------------------------------------------------------------------------------

    def _show_results(self) -> None:
        self.findings.clear()
        self.stages.reset_stages(running=False)
        for result in self.presenter.visible_results.values():
            self.stages.show_result(result)
            self._add_finding(result)
        self._changed()

    def _add_finding(self, result: "StageResult") -> None:
        if result.state not in SEVERITY_ORDER:
            return
        subject = self.presenter.subject if self.presenter.opened_past_check is None else None
        actions = remedies.remedy_actions(self._page, result, subject)
        self.findings.add(result, self.stages.label(result.stage), actions)
        if result.state == "failed":
            self.stages.select_first_failure(result.stage)

    def _changed(self) -> None:
        self.refresh()
        self._page.head.refresh()
        self._page.commands_changed.emit()

    def refresh(self) -> None:
        """Show whether the result is about the current values of the form."""
        if self.is_made:
            stale = self.presenter.stale
            self.stages.set_stale(stale=stale)
            self.findings.set_stale(stale=stale)
        self._show_state()

    def _show_state(self) -> None:
        presenter, running = self.presenter, self.presenter.running
        if self.is_made:
            opened = presenter.opened_past_check
            summary = presenter.summary(self.stages.count())
            self.summary.show_summary(summary, can_close=opened is not None)
            self.past_checks.set_opened(opened)
            self.past_checks.strip.setEnabled(not running)
            self.findings.show_placeholder(presenter.placeholder_text())
        self.again_button.setEnabled("check" in self._page.enabled())
        self.again_button.setText(presenter.start_text())
        # A page has one primary button: the remedy where there is one.
        can_fix = self.is_made and not presenter.stale and self.findings.offers_remedy
        buttons.set_kind(self.again_button, "secondary" if can_fix else "primary", "refresh")
        self.cancel_button.setEnabled(running)
        for button in (self.copy_button, self.save_button):
            button.setEnabled(bool(presenter.visible_results) and not running)
