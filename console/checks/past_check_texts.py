"""Texts about past checks: one check, and how long the current state has lasted."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from console.checks.verdicts import verdict_label
from models.translation_marks import tr_later
from services.language import date_time, tr, translate

if TYPE_CHECKING:
    from services.connectivity.check_history import PastCheck

FINDING_MAX_LENGTH = 160
EMPTY_TEXT = tr_later("No check was kept yet. Each one that finishes gets a bar here.")


def describe_check(check: "PastCheck") -> str:
    """Return time, verdict and finding of a check, for its bar."""
    through = tr(", through {process}", process=check.process) if check.process else ""
    unsaved = " " + tr("Values that were not saved.") if check.unsaved else ""
    word = verdict_label(check.verdict)
    return f"{date_time(check.at)}, {word}{through}: {translate(check.finding)}{unsaved}"


def title_of_check(check: "PastCheck") -> str:
    """Return when, by whom and through which process a check was made."""
    through = tr(", through {process}", process=check.process) if check.process else ""
    return tr("Check of {time} by {by}{through}", time=date_time(check.at), by=check.by, through=through)


def summarize_checks(checks: "Sequence[PastCheck]") -> str:
    """Return in one sentence since when the newest of `checks`, newest first, has its verdict."""
    if not checks:
        return tr(EMPTY_TEXT)
    if checks[0].verdict == "ok":
        run = _leading_run(checks, lambda check: check.verdict == "ok")
        last = run[-1]
        if len(run) == len(checks):
            return (
                tr("Good in all of the last {count} checks.", count=len(checks))
                if len(checks) > 1
                else tr("Good.")
            )
        return tr(
            "Green again since {time}; before that: {finding}",
            time=date_time(last.at),
            finding=_shorten_finding(checks[len(run)].finding),
        )
    run = _leading_run(checks, lambda check: check.verdict != "ok")
    finding = _shorten_finding(checks[0].finding)
    if len(run) == len(checks):
        return tr(
            "Not green in any check that is kept, the first one of {time}. Now: {finding}",
            time=date_time(run[-1].at),
            finding=finding,
        )
    return tr(
        "Was green until {time}, since then: {finding}",
        time=date_time(checks[len(run)].at),
        finding=finding,
    )


def _leading_run(checks: "Sequence[PastCheck]", belongs: "Callable[[PastCheck], bool]") -> "list[PastCheck]":
    run: list[PastCheck] = []
    for check in checks:
        if not belongs(check):
            break
        run.append(check)
    return run


def _shorten_finding(finding: str) -> str:
    text = finding[:1].lower() + finding[1:] if finding[1:2].islower() else finding
    text = text if len(text) <= FINDING_MAX_LENGTH else f"{text[:FINDING_MAX_LENGTH]}…"
    return text if text.endswith((".", ")", "…")) else f"{text}."
