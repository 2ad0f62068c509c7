"""The confirmation before changing an object that open requests depend on; the name of the object has to be typed."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from PyQt6.QtWidgets import QWidget

from console.forms.delete_dialogs import ConfirmationDialog
from console.runtime.task_runner import show_and_wait
from console.widgets import buttons
from console.widgets.field import Field
from console.widgets.line_editors import TextLineEdit
from models.translation_marks import tr_later
from services.common.errors import GuardedAction, RequestsOpenError
from services.language import tr, translate

T = TypeVar("T")
CONFIRM_LABELS = {
    GuardedAction.CHANGE: tr_later("Change it"),
    GuardedAction.RENAME: tr_later("Rename it"),
    GuardedAction.DELETE: tr_later("Delete"),
}


class OpenRequestsDialog(ConfirmationDialog):
    """Shows the open requests of an object; accepted once its name is typed. `typed` is the initial text."""

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
        self.lines.addWidget(
            Field("Confirm", self.line, tr("Type the name to go on: {name}", name=error.name))
        )
        label = CONFIRM_LABELS[error.action]
        self.act_button = (
            buttons.danger(label) if error.action is GuardedAction.DELETE else buttons.primary(label)
        )
        self.act_button.setDefault(True)
        self.foot(self.act_button, tr("Cancel"))
        self.line.textChanged.connect(lambda _text: self._update())
        self.line.setFocus()
        self._update()

    def _update(self) -> None:
        self.act_button.setEnabled(self.line.text().strip() == self._name)


async def run_with_confirmation(
    act: Callable[[int], Awaitable[T]], parent: QWidget | None, refused: RequestsOpenError | None = None
) -> tuple[bool, T | None]:
    """Call `act` with the confirmed number of open requests, 0 at first; returns whether it was done, and its result.

    When more requests came in meanwhile, the question is repeated with the name still typed. With `refused`, the
    question is asked before the first call.
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
