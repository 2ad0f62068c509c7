"""Starts a rehearsal from the Requests page: through the only Approval Process, or through one that the user chooses."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PyQt6.QtWidgets import QWidget

from console.rehearsal.rehearsal_dialog import open_rehearsal
from console.runtime.task_runner import TaskRunner
from console.widgets.popup_list import PickRow, PopupList
from models.text_folding import fold_text
from services.language import tr

if TYPE_CHECKING:
    from console.runtime.context import Context
    from models.approval_process import ApprovalProcess

POPUP_NAME = "rehearse"


def start_rehearsal(
    ctx: "Context",
    page: QWidget,
    button: QWidget,
    processes: "Callable[[], Sequence[ApprovalProcess]]",
    tasks: TaskRunner,
) -> None:
    """Open the rehearsal of a process; if there are several, a list below the button offers them."""

    def start(process: "ApprovalProcess") -> None:
        tasks.start(open_rehearsal(ctx, page, process=process), group="rehearse")

    def choose(key: str) -> None:
        for process in processes():
            if str(process.id) == key:
                start(process)

    known = processes()
    if len(known) == 1:
        start(known[0])
        return
    popup = page.findChild(PopupList, POPUP_NAME)
    if popup is None:
        made = popup = PopupList(button)
        popup.setObjectName(POPUP_NAME)
        popup.set_placeholder(tr("Search Approval Processes"))
        popup.search_changed.connect(lambda text: _fill(made, processes(), text))
        popup.chosen.connect(choose)
    _fill(popup, known, "")
    popup.popup()


def _fill(popup: PopupList, processes: "Sequence[ApprovalProcess]", text: str) -> None:
    needle = fold_text(text).strip()
    found = [process for process in processes if needle in fold_text(process.name)]
    popup.set_rows([PickRow(str(p.id), p.name, p.description, "process") for p in found])
    popup.set_state("ready" if found else "empty", "" if found else tr("No Approval Process matches"))
