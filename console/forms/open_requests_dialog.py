"""The question before an object changes on which open requests hang: how many, what becomes of them, and its name typed."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from PyQt6.QtWidgets import QWidget

from console.forms.delete_dialogs import ConfirmationDialog
from console.runtime.task_runner import show_and_wait
from console.widgets import buttons
from console.widgets.field import Field
from console.widgets.line_editors import TextLineEdit
from models.translation_marks import tr_later
from services.common.errors import RequestsOpenError
from services.language import tr, translate

T = TypeVar("T")
DELETE_LABEL = tr_later("Delete")
CONFIRM_LABELS = {"Change": tr_later("Change it"), "Rename": tr_later("Rename it")}
"""What the button says, by the first word of what is to be done."""


class OpenRequestsDialog(ConfirmationDialog):
    """Says what hangs on an object; accepted once its name is typed. `typed` carries over what was typed before."""

    def __init__(self, error: RequestsOpenError, typed: str = "", parent: QWidget | None = None) -> None:
        super().__init__(
            translate(error.open.number),
            tr(
                "{parts}, on “{name}”. {consequence}",
                parts=translate(error.open.parts),
                name=error.name,
                consequence=translate(error.consequence),
            ),
            parent,
        )
        self._name = error.name
        self.line = TextLineEdit()
        self.line.setText(typed)
        act = error.act.partition(" ")[0]
        self.lines.addWidget(
            Field("Confirm", self.line, tr("Type the name to go on: {name}", name=error.name))
        )
        self.act_button = (
            buttons.danger(DELETE_LABEL)
            if act == DELETE_LABEL
            else buttons.primary(CONFIRM_LABELS.get(act, act))
        )
        self.act_button.setDefault(True)
        self.foot(self.act_button, tr("Cancel"))
        self.line.textChanged.connect(lambda _text: self._update())
        self.line.setFocus()
        self._update()

    def _update(self) -> None:
        self.act_button.setEnabled(self.line.text().strip() == self._name)


async def run_with_confirmation(
    act: Callable[[int], Awaitable[T]], parent: QWidget, refused: RequestsOpenError | None = None
) -> tuple[bool, T | None]:
    """Do `act` with the number of open requests that a person has confirmed, 0 at first; returns whether it was done.

    Where more of them came in meanwhile, the question is asked again with the name still typed. `refused` is what is
    known already, which is asked about before anything is tried.
    """
    count, typed = 0, ""
    while True:
        try:
            if refused is None:
                return True, await act(count)
        except RequestsOpenError as error:
            refused = error
        dialog = OpenRequestsDialog(refused, typed, parent)
        if not await show_and_wait(dialog):
            return False, None
        count, typed, refused = refused.open.count, dialog.line.text(), None
