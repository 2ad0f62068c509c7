"""The report of a check as Markdown, and one finding as the text of a ticket; both without secrets."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from services.common.errors import format_candidates
from services.common.redaction import redact

if TYPE_CHECKING:
    from services.connectivity import StageResult

STATE_LABELS = {"ok": "good", "warning": "warning", "failed": "failed", "skipped": "skipped"}
PROBLEM_STATES = ("failed", "warning")


@dataclass(frozen=True, slots=True)
class ReportHeader:
    """What a report says above its stages."""

    server: str
    verdict: str
    lines: tuple[tuple[str, str], ...] = ()

    def text(self) -> str:
        """Return the lines alone, as they stand in a ticket."""
        return "\n".join(f"{name}: {text}" for name, text in self.lines if text)


def render_markdown(
    heading: ReportHeader, results: "Sequence[StageResult]", label: Callable[[str], str]
) -> str:
    """Return a report as Markdown: findings first, then every stage. It holds no secret."""
    lines = [f"# Check of {heading.server}: {STATE_LABELS.get(heading.verdict, heading.verdict)}", ""]
    lines += [f"- {name}: {text}" for name, text in heading.lines if text]
    for result in sorted(
        (r for r in results if r.state in PROBLEM_STATES), key=lambda r: PROBLEM_STATES.index(r.state)
    ):
        fault = f" (`{result.fault}`)" if result.fault else ""
        lines += ["", f"## {label(result.stage)}: {STATE_LABELS[result.state]}{fault}", ""]
        lines += [f"- {name}: {text}" for name, text in finding_parts(result)]
    lines += ["", "| Stage | State | Seen | Time |", "|---|---|---|---|"]
    for result in results:
        time = "" if result.state == "skipped" else f"{result.ms:.0f} ms"
        state = STATE_LABELS.get(result.state, result.state)
        lines.append(f"| {label(result.stage)} | {state} | {_table_cell(result.evidence)} | {time} |")
    return redact("\n".join(lines) + "\n")


def finding_parts(result: "StageResult") -> list[tuple[str, str]]:
    """Return the parts of a finding that have something to say."""
    named = (
        ("Evidence", result.evidence),
        ("Cause", result.cause),
        ("Owner", result.owner),
        ("Remedy", result.remedy),
    )
    possible = [("Possible cause", line) for line in format_candidates(result.candidates)]
    return [(name, " ".join(str(text).split())) for name, text in (*named, *possible) if text]


def render_ticket(heading: ReportHeader, title: str, result: "StageResult") -> str:
    """Return one finding as it goes into a ticket. It holds no secret."""
    lines = [title, "", heading.text(), f"Fault: {result.fault}" if result.fault else "", ""]
    lines += [f"{name}: {text}" for name, text in finding_parts(result)]
    return redact("\n".join(lines))


def _table_cell(text: str) -> str:
    return " ".join(str(text).split()).replace("|", "\\|")
