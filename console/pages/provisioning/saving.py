"""Saving a plan as an update set, for an administrator of the instance to import by hand."""

from pathlib import Path
from typing import Any

from PyQt6.QtWidgets import QFileDialog

from console import lazy_imports
from services.errors import Owner, Problem
from services.files import save_file, what_to_do, why_not
from services.language import plural, tr, tr_message


def ask_where(page: Any, plan: Any, server: str) -> None:
    """Open the dialog that asks for a file beside the window; the plan is written when one was chosen."""
    dialog = QFileDialog(page.window(), tr("Save update set"), _file_name(server), tr("Update set (*.xml)"))
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    dialog.setDefaultSuffix("xml")
    dialog.fileSelected.connect(
        lambda path: page.workers.start(write(page.ctx, Path(path), plan), group="save")
    )
    dialog.finished.connect(dialog.deleteLater)
    dialog.open()


async def write(ctx: Any, path: Path, plan: Any) -> None:
    """Write a plan as an update set, and say so."""
    await lazy_imports.ready(ctx, lazy_imports.provisioning)
    from services import provisioning

    def to_file() -> None:
        save_file(path, provisioning.update_set(plan))

    try:
        await ctx.call(to_file)
    except OSError as error:
        ctx.show_problem(_not_written(path, error))
        return
    ctx.notify(
        plural(
            len(plan.writes),
            "Saved the update set as {file}: {count} record",
            "Saved the update set as {file}: {count} records",
            file=path.name,
        )
    )


def _file_name(server: str) -> str:
    plain = "".join(c if c.isalnum() or c in "-_ " else "-" for c in server).strip()
    return tr("Approval items for {server}.xml", server=plain)


def _not_written(path: Path, error: OSError) -> Problem:
    return Problem(
        tried=tr_message("Save the update set as {file}", file=path.name),
        evidence=error.strerror or type(error).__name__,
        cause=why_not(error),
        owner=Owner.CONSOLE,
        remedy=what_to_do(error),
        fault="file-not-written",
    )
