"""Forms from descriptions: one `FieldSpec` a field, groups of rows, and a widget that lays them out."""

from collections.abc import Callable, Iterable, Iterator, Set
from dataclasses import dataclass, field
from typing import TypeVar

from PyQt6.QtCore import QSize, Qt, pyqtSignal
from PyQt6.QtGui import QResizeEvent
from PyQt6.QtWidgets import QBoxLayout, QGridLayout, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from console.design import theme
from console.forms.field_editors import Editor, EditorFactory, EditorHost
from console.widgets.field import Field, FieldState
from console.widgets.labels import FittingLabel, Label, set_shown
from models.field_values import FieldValues
from services.language import tr

E = TypeVar("E", bound=Editor)
FORM_WIDTH = 640
COLUMN_GAP = 16
FIELD_GAP = 12
GROUP_GAP = 24


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """One field of a form: its name, label, help text and editor."""

    name: str
    label: str
    editor: EditorFactory
    help: str = ""
    stretch: int = 1
    fixed: bool = False
    """Whether the field keeps the width of its editor instead of filling its column."""
    bare: bool = False
    """Whether the field has neither label nor help."""


@dataclass(frozen=True, slots=True)
class GroupSpec:
    """Fields that belong together: rows of fields beside each other, under an optional heading."""

    rows: tuple[tuple[FieldSpec, ...], ...]
    title: str = ""
    caption: str = ""
    key: str = ""
    """Identifies the group for a page that adds a widget to it."""
    flows: bool = False
    """Whether its fields stand in two columns in their order, without those that are hidden; rows do not matter."""


@dataclass(slots=True)
class FormField:
    """A built field: its description, editor, frame and message.

    The message is the error if there is one, else the note of the page, else the help.
    """

    spec: FieldSpec
    editor: Editor
    frame: Field
    touched: bool = False
    error: str = ""
    suggestion: str | None = None
    note: tuple[FieldState, str] = (FieldState.HELP, "")
    note_link: str = ""
    """A link behind a note that is an error."""

    @property
    def filled(self) -> bool:
        """Whether the field holds anything."""
        return any(self.editor.read().values())

    def show_message(self) -> None:
        """Show the current message under the field."""
        tone, text = self.note
        if self.error:
            self.frame.set_error(self.error, self.suggestion)
        elif tone is FieldState.ERROR:
            self.frame.set_error(text, self.note_link)
        elif tone is FieldState.GOOD:
            self.frame.set_good(text)
        elif tone is FieldState.BUSY:
            self.frame.set_busy(text)
        else:
            self.frame.set_help(text or tr(self.spec.help))


@dataclass(slots=True)
class _BuiltGroup:
    heading: QHBoxLayout | None
    rows: list[QHBoxLayout] = field(default_factory=list)


class FlowingFields:
    """Fields in two columns, of which some are hidden; the order of the keyboard is that of the fields."""

    def __init__(self, form: QWidget, fields: list[FormField]) -> None:
        self._fields = fields
        self.grid = QGridLayout()
        self.grid.setHorizontalSpacing(COLUMN_GAP)
        self.grid.setVerticalSpacing(FIELD_GAP)
        for column in range(2):
            self.grid.setColumnStretch(column, 1)
        for one in fields:
            one.frame.setParent(form)
        self.show_only({one.spec.name for one in fields})

    def show_only(self, names: Set[str]) -> None:
        """Show the fields that are called so, without gaps."""
        place = 0
        for one in self._fields:
            self.grid.removeWidget(one.frame)
            is_shown = one.spec.name in names
            if is_shown:
                self.grid.addWidget(one.frame, place // 2, place % 2, Qt.AlignmentFlag.AlignTop)
                place += 1
            set_shown(one.frame, is_shown)

    @property
    def names(self) -> set[str]:
        """The names of all of its fields."""
        return {one.spec.name for one in self._fields}


class Form(QWidget):
    """The fields of one object. `edited(name)` is emitted for each change by the user, `left(name)` when a field is left."""

    edited = pyqtSignal(str)
    left = pyqtSignal(str)
    suggested = pyqtSignal(str, str)
    """A correction under a field was accepted: the field, and the text of the correction."""

    def __init__(self, host: EditorHost, groups: Iterable[GroupSpec], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMaximumWidth(theme.scaled(FORM_WIDTH))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        self._host = host
        self._fields: dict[str, FormField] = {}
        self._groups: dict[str, _BuiltGroup] = {}
        self._flows: list[FlowingFields] = []
        self._wrapping_rows: list[tuple[QBoxLayout, QHBoxLayout, QWidget]] = []
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(FIELD_GAP)
        for number, group in enumerate(groups):
            self._add_group(number, group)

    # -- building ----------------------------------------------------------------------------------------------

    def _add_group(self, number: int, spec: GroupSpec) -> None:
        built = _BuiltGroup(self._heading(spec) if spec.title else None)
        if number:
            self._layout.insertSpacing(
                self._layout.count() - (1 if built.heading else 0), GROUP_GAP - FIELD_GAP
            )
        if spec.flows:
            flow = FlowingFields(self, [self._add_field(one) for row in spec.rows for one in row])
            self._layout.addLayout(flow.grid)
            self._flows.append(flow)
        for row in () if spec.flows else spec.rows:
            line = QHBoxLayout()
            line.setSpacing(COLUMN_GAP)
            for one in row:
                made = self._add_field(one)
                line.addWidget(made.frame, 0 if one.fixed else one.stretch, Qt.AlignmentFlag.AlignTop)
            self._layout.addLayout(line)
            built.rows.append(line)
        self._groups[spec.key or spec.title or str(number)] = built

    def _heading(self, spec: GroupSpec) -> QHBoxLayout:
        line = QHBoxLayout()
        line.setSpacing(8)
        line.addWidget(Label(tr(spec.title), role="section"))
        if spec.caption:
            # Where there is no room for all of it, the heading and what stands at its right come first.
            caption = FittingLabel("caption")
            caption.set_wordings(tr(spec.caption), "")
            line.addWidget(caption, 1)
        else:
            line.addStretch(1)
        self._layout.addLayout(line)
        return line

    def _add_field(self, spec: FieldSpec) -> FormField:
        editor = spec.editor(self._host, spec.name)
        frame = Field(spec.label, editor.widget, spec.help, self, bare=spec.bare)
        frame.suggestion_accepted.connect(lambda text, name=spec.name: self.suggested.emit(name, text))
        made = FormField(spec, editor, frame)
        self._fields[spec.name] = made
        editor.edited.connect(lambda name=spec.name: self._edited(name))
        editor.left.connect(lambda name=spec.name: self.left.emit(name))
        return made

    def add_to_row(self, group: str, row: int, widget: QWidget, *, stretch: int = 1) -> None:
        """Add a widget of the page to the end of a row; it moves under the row where the width is too small."""
        line = self._groups[group].rows[row]
        place = self._layout.indexOf(line)
        self._layout.removeItem(line)
        line.setParent(None)
        both = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        both.setSpacing(COLUMN_GAP)
        both.addLayout(line)
        both.addWidget(widget, stretch, Qt.AlignmentFlag.AlignTop)
        self._layout.insertLayout(place, both)
        self._wrapping_rows.append((both, line, widget))

    def minimumSizeHint(self) -> QSize:
        """Return the minimum width of the widest row, with added widgets under their rows."""
        hint = super().minimumSizeHint()
        folding = {id(both): (line, widget) for both, line, widget in self._wrapping_rows}
        widest = 0
        for place in range(self._layout.count()):
            item = self._layout.itemAt(place)
            if item is None or item.spacerItem() is not None:
                continue
            parts = folding.get(id(item.layout()))
            if parts is None:
                widest = max(widest, item.minimumSize().width())
            else:
                line, widget = parts
                widest = max(widest, line.minimumSize().width(), widget.minimumSizeHint().width())
        return QSize(widest, hint.height())

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Move added widgets under their rows or beside them."""
        super().resizeEvent(event)
        for both, line, widget in self._wrapping_rows:
            needed = line.minimumSize().width() + COLUMN_GAP + widget.minimumSizeHint().width()
            beside = self.width() >= needed
            both.setDirection(
                QBoxLayout.Direction.LeftToRight if beside else QBoxLayout.Direction.TopToBottom
            )

    def add_to_heading(self, group: str, widget: QWidget) -> None:
        """Put a widget of the page at the right of a group's heading."""
        heading = self._groups[group].heading
        if heading is None:
            raise KeyError(group)
        heading.addWidget(widget)

    def add_below(self, widget: QWidget) -> None:
        """Put a widget of the page under the last group."""
        self._layout.addSpacing(GROUP_GAP - FIELD_GAP)
        self._layout.addWidget(widget)

    def show_only(self, names: Set[str]) -> None:
        """Show the fields of flowing groups that are called so, and hide their other fields."""
        for flow in self._flows:
            flow.show_only(names)
        self.updateGeometry()

    # -- values ------------------------------------------------------------------------------------------------

    def __iter__(self) -> Iterator[FormField]:
        """Go through the fields from top to bottom."""
        return iter(self._fields.values())

    def __bool__(self) -> bool:
        """Be true, also when the form has no field."""
        return True

    def field(self, name: str) -> FormField:
        """Return the field that edits `name`; a field may edit several values."""
        if name in self._fields:
            return self._fields[name]
        return next(f for f in self if name in f.editor.names)

    def editor(self, name: str, kind: type[E]) -> E:
        """Return the editor of `name`, which is of a certain class; raises TypeError when it is not."""
        editor = self.field(name).editor
        if not isinstance(editor, kind):
            raise TypeError(f"{name} is edited by {type(editor).__name__}, not by {kind.__name__}")
        return editor

    def has(self, name: str) -> bool:
        """Whether a field edits `name`."""
        return any(name in f.editor.names for f in self)

    def values(self) -> FieldValues:
        """Return what the fields hold, as typed."""
        values: FieldValues = {}
        for one in self:
            values.update(one.editor.read())
        return values

    def write(self, values: FieldValues) -> None:
        """Show values in every field without calling it an edit."""
        for one in self:
            one.editor.write(values)
        self.share_values(values)

    def share_values(self, values: FieldValues) -> None:
        """Pass all values to every editor."""
        for one in self:
            one.editor.set_other_values(values)

    def accept(self, name: str, text: str) -> None:
        """Enter a suggestion into a field as if it had been typed, and focus it."""
        one = self.field(name)
        one.editor.write({**self.values(), name: text})
        one.editor.focus_target.setFocus(Qt.FocusReason.OtherFocusReason)
        self._edited(name)

    def _edited(self, name: str) -> None:
        one = self._fields[name]
        one.touched = True
        self.share_values(self.values())
        self.edited.emit(name)

    # -- errors ------------------------------------------------------------------------------------------------

    def show_errors(
        self, errors: dict[str, str], suggestions: dict[str, str] | None = None, *, untouched: bool
    ) -> int:
        """Show one sentence at each invalid field; returns how many are invalid.

        With `untouched` False an empty field that was not edited yet keeps its help, although it counts.
        """
        wrong = 0
        for one in self:
            name = next((n for n in (one.spec.name, *one.editor.names) if n in errors), "")
            wrong += bool(name)
            shown = errors[name] if name and (untouched or one.touched or one.filled) else ""
            suggestion = (suggestions or {}).get(name) if shown else None
            if (shown, suggestion) != (one.error, one.suggestion):
                one.error, one.suggestion = shown, suggestion
                one.show_message()
        return wrong

    def note(self, name: str, text: str = "", tone: FieldState = FieldState.HELP, *, link: str = "") -> None:
        """Set the note under a field, which an error takes precedence over. Without a text the help is shown.

        `link` stands behind a note that is an error; following it is an accepted suggestion.
        """
        one = self.field(name)
        if (one.note, one.note_link) != ((tone, text), link):
            one.note, one.note_link = (tone, text), link
            one.show_message()

    def set_read_only(self, locked: bool) -> None:  # noqa: FBT001 - a Qt-style setter
        """Lock the fields while there is nothing to edit yet."""
        self.setEnabled(not locked)

    def focus_first(self, want: Callable[[FormField], bool] = lambda _f: True) -> None:
        """Focus the first field that `want` accepts."""
        for one in self:
            if want(one):
                one.editor.focus_target.setFocus(Qt.FocusReason.TabFocusReason)
                return
