"""The filters as flat buttons with counts; the shown one has the colour of a selection."""

from collections.abc import Mapping, Sequence

from PyQt6.QtCore import QRectF, QSize, Qt, pyqtSignal
from PyQt6.QtGui import QFontMetrics, QKeyEvent, QPainter, QPaintEvent, QPen
from PyQt6.QtWidgets import QAbstractButton, QSizePolicy, QVBoxLayout, QWidget

from console.design import theme
from console.widgets import buttons
from console.widgets.flow_layout import FlowLayout
from services.language import tr

HEIGHT, PADDING, GAP, RADIUS, NAME_MAX_WIDTH = 26, 10, 8, 4, 220
MARGIN = 24


class Chip(QAbstractButton):
    """One filter: its name and its count."""

    def __init__(self, key: str, name: str) -> None:
        super().__init__()
        self.key, self.count = key, ""
        self.setText(name)
        self.setCheckable(True)
        self.setAutoExclusive(True)  # one of them is always chosen, like radio buttons
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self._update_accessible_name()

    def set_count(self, count: str) -> None:
        """Show a count; an empty text while it is not known."""
        if count != self.count:
            self.count = count
            self._update_accessible_name()
            self.updateGeometry()
            self.update()

    def _update_accessible_name(self) -> None:
        self.setAccessibleName(f"{self.text()}, {self.count}" if self.count else self.text())

    def _name(self) -> str:
        metrics = QFontMetrics(theme.font("strong"))
        return metrics.elidedText(self.text(), Qt.TextElideMode.ElideMiddle, NAME_MAX_WIDTH)

    def sizeHint(self) -> QSize:
        """Return the size of the bold name and the count, so that no chip moves when it is chosen."""
        width = QFontMetrics(theme.font("strong")).horizontalAdvance(self._name()) + 2 * PADDING
        if self.count:
            width += GAP + QFontMetrics(theme.font("body")).horizontalAdvance(self.count)
        return QSize(width, HEIGHT)

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Draw with the tokens as they are now."""
        del event
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ground = "sel" if self.isChecked() else "hover" if self.underMouse() else ""
        if ground:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.colour(ground))
            painter.drawRoundedRect(QRectF(self.rect()), RADIUS, RADIUS)
        if self.hasFocus():
            painter.setPen(QPen(theme.colour("link"), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), RADIUS, RADIUS)
        name, centred = self._name(), Qt.AlignmentFlag.AlignVCenter
        painter.setFont(theme.font("strong" if self.isChecked() else "body"))
        painter.setPen(theme.colour("sel-text" if self.isChecked() else "text"))
        painter.drawText(self.rect().adjusted(PADDING, 0, 0, 0), centred, name)
        taken = QFontMetrics(painter.font()).horizontalAdvance(name)
        if self.count:
            painter.setFont(theme.font("body"))
            painter.setPen(theme.colour("sel-text" if self.isChecked() else "muted"))
            left = PADDING + taken + GAP
            painter.drawText(self.rect().adjusted(left, 0, 0, 0), centred, self.count)

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """Press with Enter as well; the arrows go to the neighbours."""
        if event is not None and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
        elif event is not None and event.key() in (Qt.Key.Key_Right, Qt.Key.Key_Down):
            self.focusNextChild()
        elif event is not None and event.key() in (Qt.Key.Key_Left, Qt.Key.Key_Up):
            self.focusPreviousChild()
        else:
            super().keyPressEvent(event)


class Chips(QWidget):
    """A row of chips, one of them chosen, and at its end the button that saves a filter."""

    chosen = pyqtSignal(str)
    save_requested = pyqtSignal()

    def __init__(
        self, filters: Sequence[tuple[str, str]], *, saving: bool = True, parent: QWidget | None = None
    ) -> None:
        """Show filters; without `saving` there is no button that saves another one."""
        super().__init__(parent)
        self._chips: dict[str, Chip] = {}
        outer = QVBoxLayout(self)
        outer.setContentsMargins(MARGIN, 0, MARGIN, 0)
        self._flow = FlowLayout()
        outer.addLayout(self._flow)
        self.save_button = buttons.quiet("Save filter", icon="plus")
        self.save_button.clicked.connect(self.save_requested)
        self._extra = ""
        self._saved: list[str] = []
        for key, name in filters:
            self._add(key, tr(name))
        if saving:
            # Added last, for the tab order.
            self._flow.addWidget(self.save_button)

    def _add(self, key: str, name: str) -> None:
        chip = Chip(key, name)
        chip.clicked.connect(lambda *_checked, key=key: self._clicked(key))
        self._flow.insert(len(self._chips), chip)
        self._chips[key] = chip

    def _clicked(self, key: str) -> None:
        self._chips[key].setChecked(True)
        self.chosen.emit(key)

    def chip(self, key: str) -> Chip:
        """Return the chip of a filter."""
        return self._chips[key]

    def set_saved(self, filters: Sequence[tuple[str, str]]) -> None:
        """Show saved filters behind the others, by key and name."""
        wanted = [key for key, _ in filters]
        for key in [one for one in self._saved if one not in wanted]:
            self._remove(key)
        for key, name in filters:
            if key not in self._chips:
                self._add(key, name)
                self._chips[key].show()
                self.setTabOrder(self._chips[key], self.save_button)
        self._saved = wanted

    def _remove(self, key: str) -> None:
        chip = self._chips.pop(key)
        self._flow.removeWidget(chip)
        chip.hide()
        chip.deleteLater()

    def choose(self, key: str, name: str = "") -> None:
        """Mark a filter as the shown one; a saved filter is in the row only while it is shown."""
        if self._extra and self._extra != key:
            self._remove(self._extra)
            self._extra = ""
        if key not in self._chips:
            self._add(key, name)
            self._extra = key
            self._chips[key].show()
            self.setTabOrder(self._chips[key], self.save_button)
        if name and self._chips[key].text() != name:
            self._chips[key].setText(name)
            self._chips[key].updateGeometry()
        for other, chip in self._chips.items():
            chip.setChecked(other == key)

    def set_counts(self, counts: Mapping[str, str]) -> None:
        """Show counts by key."""
        for key, count in counts.items():
            if key in self._chips:
                self._chips[key].set_count(count)
