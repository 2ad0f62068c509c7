"""The window of the endpoint, as its user sees it: a preview whose texts can be clicked, or a window that works.

Its colours are those of the item (`ENDPOINT_WINDOW`), the same in every theme. It is at most 500 wide, as the real one; in
less room everything is painted smaller and nothing is cut off.
"""

from collections.abc import Callable
from enum import StrEnum

from PyQt6.QtCore import QEvent, QPointF, QRect, QRectF, QSize, Qt, pyqtSignal
from PyQt6.QtGui import (
    QColor,
    QFocusEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPalette,
    QPen,
    QPolygonF,
    QResizeEvent,
    QTextCursor,
)
from PyQt6.QtWidgets import QAbstractButton, QPlainTextEdit, QSizePolicy, QWidget

from console.design.colours import ENDPOINT_WINDOW
from console.widgets import activation, plain_text
from console.widgets.endpoint_layout import WIDTH, TextBlock, WindowLayout, decode_logo, lay_out, window_font
from console.widgets.utf16 import utf16_length
from console.widgets.window_content import REASON_MAX, Run, WindowContent, WindowState, WindowText
from services.language import tr

__all__ = ["EndpointWindow", "Mode", "Run", "WindowContent", "WindowState", "WindowText"]

RADIUS, BUTTON_RADIUS, MARK_RADIUS, LEAST_WIDTH = 8, 3, 4, 240
STATUS_COLOURS = {
    WindowState.APPROVED: "status-approved",
    WindowState.DENIED: "status-denied",
}
"""Colours of the bar of the status; other states have `status-pending`."""


class Mode(StrEnum):
    """What the window is for."""

    PREVIEW = "preview"
    """Shows texts; a click says which one."""
    WORKING = "working"
    """Takes a reason and has buttons."""


def _colour(name: str) -> QColor:
    return QColor(ENDPOINT_WINDOW[name])


def _own_colour(given: str, name: str) -> QColor:
    """Return a colour that an item gives, or the vendor's where it gives none that is one."""
    colour = QColor(given) if given else QColor()
    return colour if colour.isValid() else _colour(name)


def _paint_button(
    painter: QPainter, block: TextBlock, box: QRectF, *, default: bool, enabled: bool, look: str = ""
) -> None:
    """Draw a button; `look` is “pressed”, “focus” or nothing."""
    background = "button-default" if default else "button"
    if look == "pressed":
        background = "button-pressed"
    edge = "focus" if look == "focus" or (default and enabled) else "button-edge"
    thick = 2 if look == "focus" else 1
    painter.setPen(QPen(_colour(edge), thick))
    painter.setBrush(_colour(background if enabled else "button-off"))
    half = thick / 2
    painter.drawRoundedRect(box.adjusted(half, half, -half, -half), BUTTON_RADIUS, BUTTON_RADIUS)
    painter.setPen(_colour("text" if enabled else "button-off-text"))
    lines = block.lines
    high = sum(lines.lineAt(i).height() for i in range(lines.lineCount()))
    first = lines.lineAt(0).position().y() if lines.lineCount() else 0.0
    last = lines.lineAt(lines.lineCount() - 1).rect().bottom() if lines.lineCount() else high
    lines.draw(painter, QPointF(box.left() + 6, box.center().y() - (first + last) / 2))


class _WindowButton(QAbstractButton):
    """A button of the working window, painted as large as the window is."""

    def __init__(self, parent: "EndpointWindow", *, default: bool = False) -> None:
        super().__init__(parent)
        self.block: TextBlock | None = None
        self._default, self._scale = default, 1.0
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)

    def show_block(self, block: TextBlock, text: str, scale: float) -> None:
        """Show a text at the place that the layout gives it."""
        self.block, self._scale = block, scale
        self.setText(plain_text.menu_text(text))
        self.setAccessibleName(plain_text.one_line(text))
        self.setGeometry(_scaled(block.box, scale))
        self.show()
        self.update()

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """Press with Enter as well; Qt presses with Space."""
        if activation.is_enter_press(event):
            self.click()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Draw the button in the fixed colours."""
        del event
        if self.block is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.scale(self._scale, self._scale)
        box = QRectF(0, 0, self.width() / self._scale, self.height() / self._scale)
        look = "pressed" if self.isDown() else "focus" if self.hasFocus() else ""
        _paint_button(painter, self.block, box, default=self._default, enabled=self.isEnabled(), look=look)


class _CloseButton(QAbstractButton):
    """The cross of the title bar."""

    def __init__(self, parent: "EndpointWindow") -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAccessibleName(tr("Close"))

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Draw the cross, and the ring while the keyboard is here."""
        del event
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(self.rect())
        _paint_cross(painter, box)
        if self.hasFocus():
            painter.setPen(QPen(_colour("focus"), 2))
            painter.drawRoundedRect(box.adjusted(1, 1, -1, -1), 3, 3)


def _paint_cross(painter: QPainter, box: QRectF) -> None:
    painter.setPen(QPen(_colour("title-text"), 1))
    inner = box.adjusted(*(box.width() * part for part in (0.25, 0.25, -0.25, -0.25)))
    painter.drawLine(inner.topLeft(), inner.bottomRight())
    painter.drawLine(inner.topRight(), inner.bottomLeft())


def _scaled(box: QRectF, scale: float) -> QRect:
    return QRectF(box.left() * scale, box.top() * scale, box.width() * scale, box.height() * scale).toRect()


class ReasonEdit(QPlainTextEdit):
    """The reason: at most 250 characters. What would be too much is left out where it was entered."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._change = (0, 0)
        self.setFrameShape(QPlainTextEdit.Shape.NoFrame)
        self.setTabChangesFocus(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        palette = QPalette(self.palette())
        for role, name in (
            (QPalette.ColorRole.Base, "field"),
            (QPalette.ColorRole.Text, "text"),
            (QPalette.ColorRole.Highlight, "focus"),
            (QPalette.ColorRole.HighlightedText, "selected-text"),
        ):
            for group in (
                QPalette.ColorGroup.Active,
                QPalette.ColorGroup.Inactive,
                QPalette.ColorGroup.Disabled,
            ):
                palette.setColor(group, role, _colour(name))
        self.setPalette(palette)
        document = self.document()
        if document is not None:
            document.contentsChange.connect(self._changed)
        self.textChanged.connect(self._limit)

    def set_mirrored(self, *, mirrored: bool) -> None:
        """Write from right to left, or from left to right."""
        direction = Qt.LayoutDirection.RightToLeft if mirrored else Qt.LayoutDirection.LeftToRight
        side = Qt.AlignmentFlag.AlignRight if mirrored else Qt.AlignmentFlag.AlignLeft
        self.setLayoutDirection(direction)
        document = self.document()
        if document is not None and document.defaultTextOption().textDirection() != direction:
            option = document.defaultTextOption()
            option.setTextDirection(direction)
            option.setAlignment(side | Qt.AlignmentFlag.AlignAbsolute)
            document.setDefaultTextOption(option)

    def _changed(self, place: int, _removed: int, added: int) -> None:
        self._change = (place, added)

    def _limit(self) -> None:
        excess = utf16_length(self.toPlainText()) - REASON_MAX
        if excess <= 0:
            return
        place, added = self._change
        end = min(place + added, REASON_MAX + excess)
        cursor = self.textCursor()
        cursor.setPosition(max(end - excess, 0))
        cursor.setPosition(end, QTextCursor.MoveMode.KeepAnchor)
        cursor.removeSelectedText()

    def focusInEvent(self, event: QFocusEvent | None) -> None:
        """Let the window draw the border of the keyboard."""
        super().focusInEvent(event)
        self._repaint_border()

    def focusOutEvent(self, event: QFocusEvent | None) -> None:
        """Let the window draw the border without the keyboard."""
        super().focusOutEvent(event)
        self._repaint_border()

    def _repaint_border(self) -> None:
        parent = self.parentWidget()
        if parent is not None:
            parent.update()


class EndpointWindow(QWidget):
    """The window. `set_content` shows other texts or another state and keeps what was typed."""

    text_clicked = pyqtSignal(str)
    """In a preview: the key of the text that was clicked."""
    continue_clicked = pyqtSignal(str)
    """Carries the reason."""
    refresh_clicked = pyqtSignal()
    cancel_clicked = pyqtSignal()
    """Cancel, or the cross of the title bar."""
    reason_changed = pyqtSignal(str)

    def __init__(self, mode: Mode = Mode.PREVIEW, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.mode, self.content = mode, WindowContent()
        self._highlighted = ""
        self._logo: QImage | None = None
        self._layout: WindowLayout = lay_out(self.content, None)
        self.reason_edit: ReasonEdit | None = None
        self._close: _CloseButton | None = None
        self._buttons: dict[str, _WindowButton] = {}
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.setMaximumWidth(WIDTH)
        self.setMinimumWidth(LEAST_WIDTH)
        if mode is Mode.WORKING:
            self._make_controls()
        else:
            self.setMouseTracking(True)

    def _make_controls(self) -> None:
        self.reason_edit = ReasonEdit(self)
        self.reason_edit.textChanged.connect(self._reason_typed)
        clicks: tuple[tuple[WindowText, Callable[[], None]], ...] = (
            (WindowText.REFRESH, self.refresh_clicked.emit),
            (WindowText.CONTINUE, lambda: self.continue_clicked.emit(self.reason)),
            (WindowText.CANCEL, self.cancel_clicked.emit),
        )
        for key, act in clicks:
            button = _WindowButton(self, default=key is WindowText.CONTINUE)
            button.clicked.connect(lambda _on, act=act: act())
            button.hide()
            self._buttons[key] = button
        self._close = _CloseButton(self)
        self._close.clicked.connect(lambda _on: self.cancel_clicked.emit())

    # -- what is shown -----------------------------------------------------------

    @property
    def reason(self) -> str:
        """Return what was typed, or in a preview what is shown as typed."""
        return self.content.reason if self.reason_edit is None else self.reason_edit.toPlainText()

    @property
    def highlighted(self) -> str:
        """Return the key of the text that is marked."""
        return self._highlighted

    def set_content(self, content: WindowContent) -> None:
        """Show texts and a state."""
        if content.logo != self.content.logo:
            self._logo = decode_logo(content.logo)
        asked, self.content = self.content, content
        self._layout = lay_out(content, None if self._logo is None else self._logo.size())
        if self.reason_edit is not None and content.reason != asked.reason:
            self.reason_edit.setPlainText(content.reason)
            self.reason_edit.moveCursor(QTextCursor.MoveOperation.End)
        self._describe()
        self._place_controls()
        self.updateGeometry()
        self.update()

    def set_highlighted(self, key: str) -> None:
        """Mark the text that is edited; an empty key for none."""
        if key != self._highlighted:
            self._highlighted = key
            self.update()

    def place_of(self, key: str) -> QRect:
        """Return where a text stands in this widget, to scroll to it; empty where it is not shown."""
        return _scaled(self._layout.place_of(key), self._scale())

    def _describe(self) -> None:
        words = ". ".join(text.strip(" .\n") for _key, text in self.content.visible_texts() if text.strip())
        shown = plain_text.one_line(words)
        preview = tr("Preview: {text}", text=shown)
        self.setAccessibleName(shown if self.mode is Mode.WORKING else preview)
        if self.reason_edit is not None:
            label = self.content.text(WindowText.REASON_LABEL)
            self.reason_edit.setAccessibleName(plain_text.one_line(label))
            instruction = self.content.text(WindowText.INSTRUCTION)
            self.reason_edit.setAccessibleDescription(plain_text.one_line(instruction))

    # -- sizes -------------------------------------------------------------------

    def _scale(self) -> float:
        return min(self.width() / WIDTH, 1.0)

    def hasHeightForWidth(self) -> bool:
        """The height follows the width."""
        return True

    def heightForWidth(self, width: int) -> int:
        """Return the height of the whole window at a width."""
        return round(self._layout.height * min(max(width, LEAST_WIDTH) / WIDTH, 1.0))

    def sizeHint(self) -> QSize:
        """Return the real size."""
        return QSize(WIDTH, round(self._layout.height))

    def minimumSizeHint(self) -> QSize:
        """Return the smallest size in which letters can be told apart."""
        return QSize(LEAST_WIDTH, self.heightForWidth(LEAST_WIDTH))

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Place the controls for the new size."""
        super().resizeEvent(event)
        self._place_controls()

    def changeEvent(self, event: QEvent | None) -> None:
        """Lay out again with other letters."""
        super().changeEvent(event)
        if event is not None and event.type() is QEvent.Type.FontChange:
            self.set_content(self.content)

    def _place_controls(self) -> None:
        if self.reason_edit is None or self._close is None:
            return
        scale, made = self._scale(), self._layout
        self._close.setGeometry(_scaled(made.close, scale))
        is_asking = self.content.state is WindowState.ASKING
        self.reason_edit.setVisible(is_asking)
        if is_asking:
            inner = made.reason.adjusted(3, 3, -3, -3)
            self.reason_edit.setGeometry(_scaled(inner, scale))
            self.reason_edit.setFont(window_font(round(self.content.font_size * scale)))
            self.reason_edit.set_mirrored(mirrored=self.content.is_right_to_left)
        for key, button in self._buttons.items():
            block = made.buttons.get(key)
            if block is None:
                button.hide()
            else:
                button.show_block(block, self.content.text(key), scale)
        self._allow_continue()

    def _reason_typed(self) -> None:
        self._allow_continue()
        self.reason_changed.emit(self.reason)

    def _can_continue(self) -> bool:
        return self.content.state is WindowState.APPROVED or bool(self.reason.strip())

    def _allow_continue(self) -> None:
        if button := self._buttons.get(WindowText.CONTINUE):
            button.setEnabled(self._can_continue())
            button.update()

    # -- mouse -------------------------------------------------------------------

    def _key_at(self, where: QPointF) -> str:
        scale = self._scale()
        return self._layout.key_at(QPointF(where.x() / scale, where.y() / scale)) if scale else ""

    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:
        """Show in a preview where there is a text to edit."""
        if event is not None and self.mode is Mode.PREVIEW:
            over = bool(self._key_at(event.position()))
            self.setCursor(Qt.CursorShape.IBeamCursor if over else Qt.CursorShape.ArrowCursor)

    def mouseReleaseEvent(self, event: QMouseEvent | None) -> None:
        """Say which text was clicked."""
        if event is not None and self.mode is Mode.PREVIEW and activation.is_click(self, event):
            key = self._key_at(event.position())
            if key:
                self.text_clicked.emit(key)

    # -- painting ----------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Draw the window in its fixed colours."""
        del event
        painter, made = QPainter(self), self._layout
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        scale = self._scale()
        painter.scale(scale, scale)
        whole = QRectF(0.5, 0.5, WIDTH - 1, made.height - 1)
        outline = QPainterPath()
        outline.addRoundedRect(whole, RADIUS, RADIUS)
        painter.save()
        painter.setClipPath(outline)
        self._paint_backgrounds(painter)
        painter.restore()
        for block in made.blocks:
            colour = _colour(block.colour)
            if block.colour == "heading-text":
                colour = _own_colour(self.content.heading_text, "heading-text")
            painter.setPen(colour)
            block.lines.draw(painter, block.box.topLeft())
        if self.mode is Mode.PREVIEW:
            self._paint_controls(painter)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(_colour("frame"), 1))
        painter.drawPath(outline)
        place = made.place_of(self._highlighted)
        if self._highlighted and not place.isNull():
            painter.setPen(QPen(_colour("mark"), 2))
            painter.drawRoundedRect(place.adjusted(-4, -4, 4, 4), MARK_RADIUS, MARK_RADIUS)

    def _paint_backgrounds(self, painter: QPainter) -> None:
        made, content = self._layout, self.content
        painter.fillRect(QRectF(0, 0, WIDTH, made.height), _colour("body"))
        painter.fillRect(QRectF(0, 0, WIDTH, made.heading.top()), _colour("title-bar"))
        painter.fillRect(made.heading, _own_colour(content.heading_background, "heading"))
        if self._logo is not None:
            painter.fillRect(made.logo, _own_colour(content.logo_background, "logo"))
            size = self._logo.size().toSizeF().scaled(made.logo.size(), Qt.AspectRatioMode.KeepAspectRatio)
            box = QRectF(QPointF(), size)
            box.moveCenter(made.logo.center())
            painter.drawImage(box, self._logo)
        rule = QRectF(0, made.heading.bottom(), WIDTH, 1)
        painter.fillRect(rule, _colour("heading-rule"))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(_colour("title-icon"))
        painter.drawRoundedRect(made.icon, 2, 2)
        box = made.icon
        painter.setPen(QPen(_colour("title-bar"), 1.5))
        tick = [QPointF(box.left() + x, box.top() + y) for x, y in ((3, 6.5), (5.5, 9), (10, 4))]
        painter.drawPolyline(QPolygonF(tick))
        if not made.status.isNull():
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(_colour(STATUS_COLOURS.get(content.state, "status-pending")))
            painter.drawRoundedRect(made.status, 2, 2)
        if not made.reason.isNull():
            typing = self.reason_edit is not None and self.reason_edit.hasFocus()
            painter.setPen(QPen(_colour("focus" if typing else "field-edge"), 1))
            painter.setBrush(_colour("field"))
            painter.drawRect(made.reason.adjusted(0.5, 0.5, -0.5, -0.5))

    def _paint_controls(self, painter: QPainter) -> None:
        """Draw what the working window has widgets for."""
        made = self._layout
        _paint_cross(painter, made.close)
        for key, block in made.buttons.items():
            is_continue = key == WindowText.CONTINUE
            enabled = not is_continue or self._can_continue()
            _paint_button(painter, block, block.box, default=is_continue, enabled=enabled)
        if not made.reason.isNull() and self.content.reason:
            painter.setPen(_colour("text"))
            painter.setFont(window_font(self.content.font_size))
            room = made.reason.adjusted(7, 7, -7, -5)
            flags = int(Qt.TextFlag.TextWordWrap) | int(
                Qt.AlignmentFlag.AlignRight if self.content.is_right_to_left else Qt.AlignmentFlag.AlignLeft
            )
            painter.save()
            painter.setClipRect(made.reason)
            painter.drawText(room, flags, plain_text.replace_bidi_controls(self.content.reason))
            painter.restore()
