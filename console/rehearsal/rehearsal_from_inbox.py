"""Rehearsing a request from the inbox: through the only process, or through the one that is chosen."""

from typing import Any

from console.rehearsal.rehearsal_dialog import open_rehearsal
from console.widgets.popup_list import PickRow, PopupList
from models.text_folding import fold_text
from services.language import tr


def start_rehearsal(page: Any) -> None:
    """Open the rehearsal of a process of `page`; a list under the button asks which where there are several."""
    if len(page.processes) == 1:
        _open(page, page.processes[0])
        return
    popup = page.findChild(PopupList, "rehearse")
    if popup is None:
        popup = PopupList(page.rehearse_button)
        popup.setObjectName("rehearse")
        popup.set_placeholder(tr("Search Approval Processes"))
        popup.search_changed.connect(lambda text: _fill(page, popup, text))
        popup.chosen.connect(lambda key: _chosen(page, key))
    _fill(page, popup, "")
    popup.popup()


def _fill(page: Any, popup: PopupList, text: str) -> None:
    needle = fold_text(text).strip()
    found = [process for process in page.processes if needle in fold_text(process.name)]
    popup.set_rows([PickRow(str(p.id), p.name, p.description, "process") for p in found])
    popup.set_state("ready" if found else "empty", "" if found else tr("No Approval Process matches"))


def _chosen(page: Any, key: str) -> None:
    process = next((p for p in page.processes if str(p.id) == key), None)
    if process is not None:
        _open(page, process)


def _open(page: Any, process: Any) -> None:
    page.tasks.start(open_rehearsal(page, process=process), group="rehearse")
