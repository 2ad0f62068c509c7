"""A stack of widgets that asks for the room of the one it shows."""

from PyQt6.QtCore import QSize
from PyQt6.QtWidgets import QStackedWidget


class CurrentStack(QStackedWidget):
    """Shows one of its widgets. Qt would measure all of them, also those that change while nobody sees them."""

    def sizeHint(self) -> QSize:
        """Return the size that what is shown asks for."""
        shown = self.currentWidget()
        return super().sizeHint() if shown is None else shown.sizeHint()

    def minimumSizeHint(self) -> QSize:
        """Return the least size of what is shown."""
        shown = self.currentWidget()
        return super().minimumSizeHint() if shown is None else shown.minimumSizeHint()
