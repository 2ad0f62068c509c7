"""A field of a form: label above, editor, and one line below that is always there and says what holds."""

from enum import StrEnum

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from console.widgets.labels import (
    ElidedLabel,
    IconLabel,
    Label,
    LinkLabel,
    polish_again,
    set_shown,
    set_tone,
)
from console.widgets.line_editors import PickerButton
from services.language import tr, translate, translate_message

LINE_HEIGHT, SHAPE = 18, 12


class FieldState(StrEnum):
    """What the line below an editor shows."""

    HELP = "help"
    """How to fill the field in."""
    GOOD = "good"
    """A confirmation of what was entered."""
    ERROR = "error"
    BUSY = "busy"
    """That the value is being checked."""


_SHAPES = {FieldState.GOOD: "good", FieldState.ERROR: "bad"}
_TONES = {FieldState.HELP: "", FieldState.GOOD: "", FieldState.ERROR: "bad", FieldState.BUSY: "faint"}


class Field(QWidget):
    """Frames an editor. The line below keeps its height, so that nothing jumps when it changes.

    A `bare` field has no label, and its line only while there is an error.
    """

    suggestion_accepted = pyqtSignal(str)

    def __init__(
        self,
        label: str,
        editor: QWidget,
        help: str = "",  # noqa: A002
        parent: QWidget | None = None,
        *,
        bare: bool = False,
    ) -> None:
        super().__init__(parent)
        label, help = translate(label), translate(help)  # noqa: A001 - as the parameter
        self.editor = editor
        self.state, self.text = FieldState.HELP, help
        self._suggestion = ""
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        self.label = Label(label, role="field")
        self._target = editor.focusProxy() or editor
        self.label.setBuddy(self._target)
        self._named = [
            w for w in {editor, self._target} if not w.accessibleName() or isinstance(w, PickerButton)
        ]
        self._say_valid(valid=True)
        self.is_bare = bare
        if bare:
            self.label.hide()
        layout.addWidget(self.label)
        layout.addSpacing(0 if bare else 6)
        layout.addWidget(editor)
        layout.addSpacing(0 if bare else 2)
        self._row = self._line()
        layout.addWidget(self._row)
        self._is_shown = False
        self._show(FieldState.HELP, help)

    def _line(self) -> QWidget:
        line = QWidget()
        line.setFixedHeight(LINE_HEIGHT)
        row = QHBoxLayout(line)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        self._shape: IconLabel | None = None
        self._link: LinkLabel | None = None
        self._message = ElidedLabel("", role="caption")
        # As wide as its text while there is room, so that the link follows right behind it.
        self._message.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        row.addWidget(self._message)
        row.addStretch(1)
        self._parts = row
        return line

    # Most fields never show a shape or a link, and a form has many fields.

    def _make_shape(self) -> IconLabel:
        shape = IconLabel("", SHAPE)
        shape.setFixedSize(SHAPE, LINE_HEIGHT)
        self._parts.insertWidget(0, shape)
        return shape

    def _make_link(self) -> LinkLabel:
        link = LinkLabel("")
        link.clicked.connect(lambda: self.suggestion_accepted.emit(self._suggestion))
        self._parts.insertWidget(self._parts.indexOf(self._message) + 1, link)
        return link

    # -- what the line says ------------------------------------------------------------------------------------

    def set_help(self, text: str) -> None:
        """Say in grey what helps to fill the field in."""
        self._show(FieldState.HELP, text)

    def set_good(self, text: str) -> None:
        """Say with a tick what was seen."""
        self._show(FieldState.GOOD, text)

    def set_busy(self, text: str) -> None:
        """Keep a text, greyed, until the answer is there."""
        self._show(FieldState.BUSY, text)

    def set_error(self, text: str, suggestion: str | None = None) -> None:
        """Say what is wrong, with a correction as a link that Enter accepts."""
        self._show(FieldState.ERROR, text, suggestion or "")

    def _show(self, state: FieldState, text: str, suggestion: str = "") -> None:
        if self._is_shown and (state, text, suggestion) == (self.state, self.text, self._suggestion):
            return  # each letter that is typed judges every field of the form
        self._is_shown = True
        self.state, self.text, self._suggestion = state, text, suggestion
        set_shown(self._row, not self.is_bare or state is FieldState.ERROR)
        self._message.setText(translate(text))
        set_tone(self._message, _TONES[state])
        if suggestion and self._link is None:
            self._link = self._make_link()
        if self._link is not None:
            self._link.setText(translate_message(suggestion))
            set_shown(self._link, bool(suggestion))
        self._draw()
        text = translate(text)
        said = f"{text} {translate_message(suggestion)}".strip()
        self._target.setAccessibleDescription(
            tr("Error: {message}", message=said) if state == FieldState.ERROR else said
        )
        self._say_valid(valid=state != FieldState.ERROR)
        wanted = "error" if state == FieldState.ERROR else ""
        for widget in {self.editor, self._target}:
            if (widget.property("state") or "") != wanted:
                widget.setProperty("state", wanted)
                polish_again(widget)
                widget.update()

    def _say_valid(self, *, valid: bool) -> None:
        """Name the editor after the field, and say when what it holds is not valid: Qt's widgets have no state for it."""
        for widget in self._named:
            widget.setAccessibleName(
                self.label.text() if valid else tr("{text}, invalid entry", text=self.label.text())
            )

    def _draw(self) -> None:
        shape = _SHAPES.get(self.state, "")
        if shape and self._shape is None:
            self._shape = self._make_shape()
        if self._shape is not None:
            self._shape.setVisible(bool(shape))
            self._shape.show_shape(shape)

    def focus(self) -> None:
        """Put the keyboard into the editor."""
        self._target.setFocus(Qt.FocusReason.OtherFocusReason)
