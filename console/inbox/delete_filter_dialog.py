"""Asks whether to delete a saved filter."""

from PyQt6.QtWidgets import QWidget

from console.forms.delete_dialogs import ConfirmationDialog
from console.widgets import buttons
from services.language import tr


class DeleteFilterDialog(ConfirmationDialog):
    """Asks whether to delete a filter, which all users of the store share."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(
            tr("Delete the filter “{name}”", name=name),
            tr("No request is touched. Everybody on this store loses the filter."),
            parent,
        )
        self.delete_button = buttons.danger("Delete")
        self.foot(self.delete_button, "Cancel")
