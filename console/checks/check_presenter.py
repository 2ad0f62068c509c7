"""State and decisions of a Check tab, without widgets: the running check, its result, stored and earlier checks."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from console.checks import check_report
from console.checks.check_end import CheckEnd
from console.checks.past_check_texts import title_of_check
from models.check_stages import STAGE_NAMES
from models.kinds import Kind
from models.translation_marks import plural_later, tr_later
from services.common.errors import Problem
from services.language import date_time, number, plural, tr, translate

if TYPE_CHECKING:
    from console.checks.check_subject import CheckedObjects
    from services.connectivity import CheckReport, StageResult
    from services.connectivity.check_history import PastCheck

STATE_COUNT_TEXTS = (
    ("failed", "bad", *plural_later("{count} failed", "{count} failed")),
    ("warning", "notice", *plural_later("{count} warning", "{count} warnings")),
    ("ok", "good", *plural_later("{count} good", "{count} good")),
    ("skipped", "off", *plural_later("{count} skipped", "{count} skipped")),
)
"""States of a stage in the order of the summary: state, shape, singular and plural of the count."""
SEVERITY_ORDER = {"failed": 0, "warning": 1}
"""States that are findings, worst first."""
STALE_TEXT = tr_later("Changed since this check")
PURPOSES = {
    Kind.FOREIGN_SYSTEM: tr_later(
        "The check goes from the address to the approval services and says at each stage what was seen."
    ),
    Kind.PRIVILEGE_MANAGER_SERVER: tr_later(
        "The check goes from the address to actions and policies and says at each stage what was seen."
    ),
}
"""What a check does, for each kind of server."""

Values = Mapping[str, object]
"""The values of a form that a check depends on, by field."""


@dataclass(frozen=True, slots=True)
class CheckSummary:
    """The line above the stages. `state_counts` are texts by state, empty where no stage has the state."""

    count: str
    state_counts: dict[str, str]
    time: str
    progress: float
    """From 0 to 1."""
    source: str
    """Which stored check is shown, or an empty text."""


class CheckPresenter:
    """Holds what a Check tab shows. `current_values` returns the values of the form as they are now; `kind` is that of the server."""

    def __init__(self, current_values: Callable[[], Values], kind: Kind = Kind.FOREIGN_SYSTEM) -> None:
        self._current_values = current_values
        self._kind = kind
        self.running = False
        self.number = 0
        """Counts the checks that were started, so that results of a cancelled one are recognised."""
        self.report: CheckReport | PastCheck | None = None
        self.results: dict[str, StageResult] = {}
        self.failure: Problem | None = None
        """Why the last check could not run."""
        self.subject: CheckedObjects | None = None
        self.stored: PastCheck | None = None
        """The stored check that is shown, None while a check of this page is shown."""
        self.opened_past_check: PastCheck | None = None
        """The earlier check whose report is open."""
        self.ended_at: datetime | None = None
        self._checked_values: Values = {}
        self._subject_changed = False
        self._started = 0.0

    # -- a check of this page ----------------------------------------------

    def start(self) -> int:
        """Discard what is shown and start a check; returns its number."""
        self.number += 1
        self.running, self.report, self.failure, self.results = True, None, None, {}
        self.subject, self.opened_past_check, self.stored = None, None, None
        self._subject_changed = False
        self.take_values()
        self._started = time.perf_counter()
        return self.number

    def take_values(self) -> None:
        """Note the values of now as those that are checked."""
        self._checked_values = self._current_values()

    def is_current(self, number: int) -> bool:
        """Return whether the check with this number is still running."""
        return self.running and number == self.number

    def add_result(self, result: "StageResult") -> None:
        """Take the result of a stage."""
        self.results[result.stage] = result

    def finish(self, report: "CheckReport | None" = None, failure: Problem | None = None) -> None:
        """Take in that the check ended: with its report, because it could not run, or cancelled."""
        self.running, self.report, self.failure = False, report, failure
        self.ended_at = datetime.now(UTC)

    def outcome(self, stage_count: int) -> tuple[str, CheckEnd]:
        """Return how the check of this page ended, as text and state of its job."""
        if self.failure is not None:
            return translate(self.failure.cause), CheckEnd.FAILED
        if self.report is None:
            return tr("Cancelled"), CheckEnd.CANCELLED
        failed = _count(self.results, "failed")
        if failed:
            text = tr("{failed} of {count} stages failed", failed=failed, count=stage_count)
            return text, CheckEnd.FAILED
        return tr("Every stage looked at is good"), CheckEnd.DONE

    # -- stored and earlier checks -----------------------------------------

    def is_newer(self, check: "PastCheck") -> bool:
        """Return whether a stored check is newer than what is shown, so that it takes its place."""
        known = self.report.correlation_id if self.report is not None else ""
        older = self.ended_at is not None and check.at <= self.ended_at
        return not (self.running or older or check.correlation_id == known)

    def show_stored(
        self,
        check: "PastCheck",
        subject: "CheckedObjects | None",
        changed_at: datetime | None,
        stored_values: Values,
    ) -> None:
        """Take a stored check as the result; `changed_at` is the last change of what it checked, None when that is gone."""
        self.report = self.stored = check
        self.results = {result.stage: result for result in check.stages}
        self.subject, self.failure, self.ended_at = subject, None, check.at
        self._subject_changed = check.unsaved or changed_at is None or changed_at > check.at
        self._checked_values = stored_values

    def subject_changed(self) -> None:
        """Take in that an object which was checked has been saved since."""
        self._subject_changed = True

    @property
    def visible_results(self) -> "dict[str, StageResult]":
        """The results shown: those of the earlier check while one is open."""
        if self.opened_past_check is not None:
            return {result.stage: result for result in self.opened_past_check.stages}
        return self.results

    @property
    def stale(self) -> bool:
        """Whether the result is about other values than the current ones."""
        if self.running or not self.results or self.opened_past_check is not None:
            return False
        return self._subject_changed or self._checked_values != self._current_values()

    # -- what is shown -----------------------------------------------------

    @property
    def seconds(self) -> float:
        """How long the check took, or has been running."""
        if self.opened_past_check is not None:
            return self.opened_past_check.ms / 1000
        if self.running:
            return time.perf_counter() - self._started
        if self.report is not None:
            return self.report.ms / 1000
        return sum(result.ms for result in self.results.values()) / 1000

    def summary(self, stage_count: int) -> CheckSummary:
        """Return the line above the stages."""
        results = self.visible_results
        done = len(results)
        started = bool(done) or self.running
        counts = {
            state: plural(count, one, many) if (count := _count(results, state)) else ""
            for state, _, one, many in STATE_COUNT_TEXTS
        }
        source = self.opened_past_check or self.stored
        return CheckSummary(
            plural(stage_count, "{done} of {count} stage", "{done} of {count} stages", done=done)
            if started
            else plural(stage_count, "{count} stage", "{count} stages"),
            counts,
            tr("{number} s", number=number(self.seconds, 1)) if started else "",
            done / stage_count if stage_count else 0.0,
            title_of_check(source) if source is not None else "",
        )

    def placeholder_text(self) -> str:
        """Return what is shown in place of findings."""
        if self.failure is not None:
            return f"{self.failure.tried}: {self.failure.cause} {self.failure.remedy}"
        if self.running:
            return tr("Nothing found so far.")
        if not self.visible_results:
            return tr(PURPOSES[self._kind])
        return tr("Nothing to report: every stage that was looked at is good.")

    def start_text(self) -> str:
        """Return the text of the button that starts a check."""
        return tr("Check again") if self.results or self.running else tr("Check connection")

    def badges(self) -> list[tuple[str, str, str | None]]:
        """Return the verdict for the head of the page: text, tone and shape."""
        if self.opened_past_check is not None:
            return [(tr("Earlier check"), "off", "pending")]
        if self.stale:
            return [(tr(STALE_TEXT), "off", "pending")]
        if self.failure is not None:
            return [(tr("Could not be checked"), "bad", "bad")]
        failed, warned = _count(self.results, "failed"), _count(self.results, "warning")
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

    # -- the report --------------------------------------------------------

    def report_text(self, title: str) -> str:
        """Return the report as Markdown, without secrets; `title` is that of the page."""
        return check_report.render_markdown(
            self.report_header(title),
            list(self.visible_results.values()),
            lambda stage: STAGE_NAMES.get(stage, stage),
        )

    def report_header(self, title: str) -> check_report.ReportHeader:
        """Return the head of the report."""
        stored = self.opened_past_check or self.stored
        if stored is not None:
            return self._stored_header(title, stored)
        subject, report = self.subject, self.report
        if subject is None:
            return check_report.ReportHeader(title, "failed" if self.failure else "cancelled")
        note = "cancelled before its end" if report is None else self._stale_note()
        note = note or ("the values are not saved" if subject.unsaved else "")
        ended = date_time(self.ended_at or datetime.now(UTC))
        lines = (
            ("Server", subject.server.name),
            ("Address", subject.server.base_url),
            ("Approval Process", subject.process.name if subject.process is not None else ""),
            ("Checked", f"{ended}, {self.seconds:.1f} s"),
            ("Reference", report.correlation_id if report is not None else ""),
            ("Note", note),
        )
        verdict = report.verdict if report is not None else "cancelled"
        return check_report.ReportHeader(subject.server.name or title, verdict, lines)

    def _stored_header(self, title: str, check: "PastCheck") -> check_report.ReportHeader:
        lines = (
            ("Server", title if self.subject is None else self.subject.server.name),
            ("Approval Process", check.process),
            ("Checked", f"{date_time(check.at)} by {check.by}, {check.ms / 1000:.1f} s"),
            ("Reference", check.correlation_id),
            ("Note", "the values were not saved then" if check.unsaved else self._stale_note()),
        )
        return check_report.ReportHeader(title, check.verdict, lines)

    def _stale_note(self) -> str:
        return "the values have changed since this check" if self.stale else ""


def finding_title(stage_label: str, cause: str) -> str:
    """Return the title of a finding: its stage, and the first sentence of its cause."""
    sentence = cause.split(". ", 1)[0].removesuffix(".")
    return f"{stage_label}: {sentence[:1].lower()}{sentence[1:]}"


def _count(results: "Mapping[str, StageResult]", state: str) -> int:
    return sum(1 for result in results.values() if result.state == state)
