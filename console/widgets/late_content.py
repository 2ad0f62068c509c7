"""Tabs that make their widgets when they are first shown, so that opening a page does not wait for what nobody looks at."""

from abc import abstractmethod

from PyQt6.QtGui import QShowEvent
from PyQt6.QtWidgets import QStackedWidget, QWidget


class LateContent(QWidget):
    """A widget that is empty until it is shown, or until its content is asked for."""

    _is_made = False

    @property
    def is_made(self) -> bool:
        """Whether the content is there."""
        return self._is_made

    def make(self) -> None:
        """Make the content, unless it is there."""
        if not self._is_made:
            self._is_made = True
            self.make_content()

    @abstractmethod
    def make_content(self) -> None:
        """Make the widgets, showing what is known by now."""

    def showEvent(self, event: QShowEvent | None) -> None:
        """Make the content where nobody has done so before."""
        self.make()
        super().showEvent(event)


def show_part(stack: QStackedWidget, index: int) -> None:
    """Show a part of a stack; its content is made before, as Qt would show what is made later in a turn of its own."""
    part = stack.widget(index)
    if isinstance(part, LateContent):
        part.make()
    stack.setCurrentIndex(index)
