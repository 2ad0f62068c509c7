"""A report of a check as people pass it on: Markdown without secrets, and a finding as a ticket."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PyQt6.QtWidgets import QFileDialog

from services.common.errors import Owner, Problem
from services.common.fault_ids import FaultId
from services.common.file_writing import save_file, write_failure_cause, write_failure_remedy
from services.common.redaction import redact
from services.language import tr, tr_message

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


def render_markdown(heading: ReportHeader, results: Sequence[Any], label: Callable[[str], str]) -> str:
    """Return a report as Markdown: findings first, then every stage. It holds no secret."""
    lines = [f"# Check of {heading.server}: {STATE_LABELS.get(heading.verdict, heading.verdict)}", ""]
    lines += [f"- {name}: {text}" for name, text in heading.lines if text]
    for result in sorted(
        (r for r in results if r.state in PROBLEM_STATES), key=lambda r: PROBLEM_STATES.index(str(r.state))
    ):
        fault = f" (`{result.fault}`)" if result.fault else ""
        lines += ["", f"## {label(result.stage)}: {STATE_LABELS[str(result.state)]}{fault}", ""]
        lines += [f"- {name}: {text}" for name, text in finding_parts(result)]
    lines += ["", "| Stage | State | Seen | Time |", "|---|---|---|---|"]
    for result in results:
        time = "" if result.state == "skipped" else f"{result.ms:.0f} ms"
        state = STATE_LABELS.get(str(result.state), str(result.state))
        lines.append(f"| {label(result.stage)} | {state} | {_table_cell(result.evidence)} | {time} |")
    return redact("\n".join(lines) + "\n")


def finding_parts(result: Any) -> list[tuple[str, str]]:
    """Return the parts of a finding that have something to say."""
    named = (
        ("Evidence", result.evidence),
        ("Cause", result.cause),
        ("Owner", result.owner),
        ("Remedy", result.remedy),
    )
    return [(name, " ".join(str(text).split())) for name, text in named if text]


def render_ticket(heading: ReportHeader, title: str, result: Any) -> str:
    """Return one finding as it goes into a ticket. It holds no secret."""
    lines = [title, "", heading.text(), f"Fault: {result.fault}" if result.fault else "", ""]
    lines += [f"{name}: {text}" for name, text in finding_parts(result)]
    return redact("\n".join(lines))


def ask_save_path(page: Any, name: str, text: str) -> None:
    """Open the dialog that asks for a file beside the window; the report is written when one was chosen."""
    dialog = QFileDialog(page.window(), tr("Save report"), _file_name(name), tr("Markdown (*.md)"))
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    dialog.setDefaultSuffix("md")
    dialog.fileSelected.connect(
        lambda path: page.workers.start(write_report(page.ctx, Path(path), text), group="save report")
    )
    dialog.finished.connect(dialog.deleteLater)
    dialog.open()


async def write_report(ctx: Any, path: Path, text: str) -> None:
    """Write a report, and say so."""
    try:
        await ctx.call(save_file, path, text.encode())
    except OSError as error:
        ctx.show_problem(
            Problem(
                tried=tr_message("Save the report as {name}", name=path.name),
                evidence=error.strerror or type(error).__name__,
                cause=write_failure_cause(error),
                owner=Owner.CONSOLE,
                remedy=write_failure_remedy(error),
                fault=FaultId.FILE_NOT_WRITTEN,
            )
        )
        return
    ctx.notify(tr("Saved the report as {name}", name=path.name))


def _file_name(name: str) -> str:
    plain = "".join(c if c.isalnum() or c in "-_ " else "-" for c in name).strip()
    return f"Check of {plain}.md"


def _table_cell(text: str) -> str:
    return " ".join(str(text).split()).replace("|", "\\|")
