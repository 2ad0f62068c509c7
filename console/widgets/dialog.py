"""What every dialog of the window is: it fits its screen, scrolls what does not fit, and keeps its buttons in sight."""

from PyQt6.QtCore import QEvent, QRect, Qt, QTimer
from PyQt6.QtGui import QShowEvent
from PyQt6.QtWidgets import QApplication, QDialog, QFrame, QLayout, QScrollArea, QVBoxLayout, QWidget

from console.design.window_sizes import WINDOW_FRAME
from console.widgets import activation


class Dialog(QDialog):
    """Base of the dialogs; its layout is a column whose last row holds the buttons."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        activation.enable_context_menu_shortcut(self)
        self._area: QScrollArea | None = None

    def room(self) -> QRect:
        """Return where a dialog may stand: the screen of its window without the panels of the desktop."""
        screen = self.screen() or QApplication.primaryScreen()
        return screen.availableGeometry() if screen is not None else QRect(0, 0, 1280, 720)

    def showEvent(self, event: QShowEvent | None) -> None:
        """Take as much room as the content asks for and the screen has."""
        super().showEvent(event)
        self.fit_to_content()

    def event(self, event: QEvent | None) -> bool:
        """Look again when the content asks for other room."""
        done = super().event(event)
        if event is not None and event.type() == QEvent.Type.LayoutRequest and self.isVisible():
            self.fit_to_content()
        return done

    def fit_to_content(self) -> None:
        """Grow by what the content takes, up to the screen; beyond that the content scrolls."""
        layout = self.layout()
        if layout is None:
            return
        most = self.room().size() - WINDOW_FRAME
        if self._area is None:
            width = min(max(self.width(), layout.totalMinimumSize().width()), most.width())
            needed = _required_height(layout, width)
            if needed > most.height() or layout.totalMinimumSize().width() > most.width():
                self._scroll(layout)
            else:
                self._take(width, min(max(self.height(), needed), most.height()))
                return
        self._take(min(self.width(), most.width()), most.height())

    def _take(self, width: int, height: int) -> None:
        self.setMinimumWidth(min(self.minimumWidth(), width))
        if (width, height) != (self.width(), self.height()):
            self.resize(width, height)
        room, frame = self.room(), self.frameGeometry()
        if not room.contains(frame):
            self.move(
                max(room.left(), min(frame.left(), room.right() - frame.width() + 1)),
                max(room.top(), min(frame.top(), room.bottom() - frame.height() + 1)),
            )

    def _scroll(self, layout: QLayout) -> None:
        """Put the content into a scroll area, and leave the row of the buttons below it."""
        margins, keyboard = layout.contentsMargins(), self.focusWidget()
        foot = layout.takeAt(layout.count() - 1)
        content = QWidget()
        content.setLayout(layout)
        area = self._area = QScrollArea()
        area.setAccessibleName(self.windowTitle())
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setWidgetResizable(True)
        stops = [w for w in content.findChildren(QWidget) if w.focusPolicy() & Qt.FocusPolicy.TabFocus]
        # What holds nothing for the keyboard is scrolled by it.
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus if stops else Qt.FocusPolicy.StrongFocus)
        area.setWidget(content)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, margins.bottom())
        outer.addWidget(area, 1)
        row = foot.layout() if foot is not None else None
        if row is not None:
            row.setContentsMargins(margins.left(), 0, margins.right(), 0)
            outer.addLayout(row)
        elif foot is not None and foot.widget() is not None:
            outer.addWidget(foot.widget())
        layout.setContentsMargins(margins.left(), margins.top(), margins.right(), 8)
        if keyboard is not None:
            QTimer.singleShot(0, keyboard.setFocus)


def _required_height(layout: QLayout, width: int) -> int:
    if layout.hasHeightForWidth():
        return layout.totalHeightForWidth(width)
    return layout.totalMinimumSize().height()
