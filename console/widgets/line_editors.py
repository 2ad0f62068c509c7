"""Editors: one line of text, a password, an address, a duration, a tick, and the button that opens a picker."""

from PyQt6.QtCore import QRect, QSize, Qt, pyqtSignal
from PyQt6.QtGui import QFontMetrics, QKeyEvent, QPainter, QPaintEvent
from PyQt6.QtWidgets import (
    QAbstractSpinBox,
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QSizePolicy,
    QSpinBox,
    QStyle,
    QStyleOptionComboBox,
    QWidget,
)

from console.design import icons, theme
from console.widgets import plain_text
from models.translation_marks import tr_later
from services.language import tr

UNITS = (
    (tr_later("Seconds"), 1),
    (tr_later("Minutes"), 60),
    (tr_later("Hours"), 3600),
    (tr_later("Days"), 86_400),
    (tr_later("Weeks"), 604_800),
)
NUMBER_MAX = 9_999_999


class TextLineEdit(QLineEdit):
    """One line of text."""


class UrlLineEdit(QLineEdit):
    """One line for an address; nothing is corrected while typing."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setInputMethodHints(Qt.InputMethodHint.ImhUrlCharactersOnly)


class PasswordLineEdit(QLineEdit):
    """A line that shows dots and gives nothing to the clipboard."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setEchoMode(QLineEdit.EchoMode.Password)
        self.setInputMethodHints(
            Qt.InputMethodHint.ImhHiddenText
            | Qt.InputMethodHint.ImhSensitiveData
            | Qt.InputMethodHint.ImhNoAutoUppercase
            | Qt.InputMethodHint.ImhNoPredictiveText
        )

    def clear(self) -> None:
        """Forget what was typed; Qt's own would keep it for an undo."""
        self.setText("")


class CheckBox(QCheckBox):
    """A tick box as high as a field, so that rows line up."""

    def __init__(self, text: str = "", parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self.setMinimumHeight(28)


AROUND_TEXT = 60
"""At most so many pixels of a choice are its frame and its arrow."""


class ElidingComboBox(QComboBox):
    """A choice of names, the chosen one elided where it is long."""

    def initStyleOption(self, option: QStyleOptionComboBox | None) -> None:
        """Give the style as much of the name as there is room for."""
        super().initStyleOption(option)
        if option is None:
            return
        if self.fontMetrics().horizontalAdvance(option.currentText) <= option.rect.width() - AROUND_TEXT:
            return  # The style's own names, looked up for the first time, would cost the start 15 ms.
        style = self.style()
        if style is None:
            return
        room = style.subControlRect(
            QStyle.ComplexControl.CC_ComboBox, option, QStyle.SubControl.SC_ComboBoxEditField, self
        )
        option.currentText = self.fontMetrics().elidedText(
            option.currentText, Qt.TextElideMode.ElideMiddle, room.width()
        )


class DurationEditor(QWidget):
    """A number and a unit; the value is whole seconds. `changed` follows a person's change."""

    changed = pyqtSignal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.number = QSpinBox()
        self.number.setButtonSymbols(QAbstractSpinBox.ButtonSymbols.NoButtons)
        self.number.setRange(0, NUMBER_MAX)
        self.number.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.number.setFixedWidth(theme.scaled(56))
        self.unit = QComboBox()
        self.unit.addItems([tr(name) for name, _ in UNITS])
        self.unit.setFixedWidth(max(theme.scaled(100), self.unit.sizeHint().width()))
        self.number.setAccessibleName(tr("Number"))
        self.unit.setAccessibleName(tr("Unit"))
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addWidget(self.number)
        layout.addWidget(self.unit)
        layout.addStretch(1)
        self.setFocusProxy(self.number)
        self._showing = False
        self.number.valueChanged.connect(self._edited)
        self.unit.currentIndexChanged.connect(self._edited)

    @property
    def seconds(self) -> int:
        """Return the duration in whole seconds."""
        return self.number.value() * UNITS[self.unit.currentIndex()][1]

    @seconds.setter
    def seconds(self, value: int) -> None:
        """Show a duration in the largest unit that divides it; the unit stays where it is when nothing changes."""
        if value == self.seconds and value:
            return
        place = max(i for i, (_, size) in enumerate(UNITS) if value % size == 0 and (value >= size or i == 0))
        self._showing = True
        try:
            self.unit.setCurrentIndex(place)
            self.number.setValue(value // UNITS[place][1])
        finally:
            self._showing = False

    def _edited(self, *_args: int) -> None:
        if not self._showing:
            self.changed.emit(self.seconds)

    def setAccessibleName(self, name: str | None) -> None:
        """Name both parts after the field."""
        super().setAccessibleName(name)
        self.number.setAccessibleName(tr("{name}, number", name=name))
        self.unit.setAccessibleName(tr("{name}, unit", name=name))


class PickerButton(QPushButton):
    """Shows what is chosen with its icon and badge, and opens a list. Enter, Space and Down open it."""

    INNER, ICON, MARK = 9, 16, 16
    MARK_ICON = "up-down"

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._icon_name, self._value, self._badge, self._placeholder = "", "", "", True
        self._named, self._hint = "", ""
        self.setProperty("kind", "picker")
        self.setAutoDefault(False)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def set_value(self, icon: str, text: str, badge: str = "", *, placeholder: bool = False) -> None:
        """Show a choice, or with `placeholder` what can be chosen."""
        self._icon_name, self._value, self._badge, self._placeholder = icon, text, badge, placeholder
        self._say()
        plain_text.set_tooltip(self, "" if placeholder else text)
        self.update()

    def setAccessibleName(self, name: str | None) -> None:
        """Name the button after what is chosen with it; what is chosen is said as well."""
        self._named = name or ""
        self._say()

    def _say(self) -> None:
        parts = [part for part in (plain_text.one_line(self._value), self._badge) if part]
        if self._named and self._placeholder:
            super().setAccessibleName(self._named)
            self._hint = self._value
            self.setAccessibleDescription(self.accessibleDescription() or self._hint)
        else:
            if self._hint and self.accessibleDescription() == self._hint:
                self.setAccessibleDescription("")
            super().setAccessibleName(": ".join(part for part in (self._named, ", ".join(parts)) if part))

    @property
    def value_text(self) -> str:
        """Return what is shown."""
        return self._value

    def sizeHint(self) -> QSize:
        """Return the height of a field; the width is given by the form."""
        return QSize(160, 28)

    def minimumSizeHint(self) -> QSize:
        """Shrink as far as icon and mark need."""
        return QSize(90, 28)

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """Open the list on Down and Enter as well."""
        if event is not None and event.key() in (
            Qt.Key.Key_Down,
            Qt.Key.Key_Return,
            Qt.Key.Key_Enter,
            Qt.Key.Key_F4,
        ):
            self.click()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Draw the frame by the style sheet, and the choice into it."""
        super().paintEvent(event)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ratio, middle = self.devicePixelRatioF(), self.height() // 2
        faint = not self.isEnabled()
        left, right = self.INNER, self.width() - self.INNER
        tone = "faint" if faint else "muted"
        if self._icon_name:
            painter.drawPixmap(left, middle - 8, icons.pixmap(self._icon_name, tone, self.ICON, ratio))
            left += self.ICON + 7
        painter.drawPixmap(
            right - self.MARK + 2, middle - 8, icons.pixmap(self.MARK_ICON, tone, self.MARK, ratio)
        )
        right -= self.MARK + 4
        if self._badge:
            right = self._draw_badge(painter, right)
        painter.setPen(theme.colour("faint" if faint else "muted" if self._placeholder else "text"))
        room = QRect(left, 0, max(right - left - 4, 0), self.height())
        text = QFontMetrics(self.font()).elidedText(self._value, Qt.TextElideMode.ElideMiddle, room.width())
        painter.setFont(self.font())
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, text)

    def _draw_badge(self, painter: QPainter, right: int) -> int:
        font = theme.font("caption")
        font.setWeight(font.Weight.DemiBold)
        width = QFontMetrics(font).horizontalAdvance(self._badge) + 12
        box = QRect(right - width - 4, (self.height() - 20) // 2, width, 20)
        painter.setPen(theme.colour("edge"))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(box, 4, 4)
        painter.setPen(theme.colour("text"))
        painter.setFont(font)
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, self._badge)
        return box.left() - 4
