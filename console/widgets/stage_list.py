"""The staged check: a list of stages that finish in place, and a card for each finding."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from PyQt6.QtCore import QAbstractListModel, QModelIndex, QObject, QRect, QSize, Qt, pyqtSignal
from PyQt6.QtGui import QFontMetrics, QPainter
from PyQt6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QListView,
    QPushButton,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from console.design import icons, theme
from console.widgets import buttons, plain_text
from console.widgets.flow_layout import FlowLayout
from console.widgets.labels import IconLabel, Label, LinkLabel, with_break_points, wrapped_label
from console.widgets.painting import draw_elided_text
from console.widgets.placeholders import capitalize_first
from console.widgets.possible_causes import format_possible_causes
from models.translation_marks import tr_later
from services.common.errors import Candidate
from services.language import tr, translate


class StageOutcome(Protocol):
    """How a stage ended; texts may be translatable messages."""

    @property
    def stage(self) -> str: ...
    @property
    def state(self) -> str: ...
    @property
    def evidence(self) -> str: ...
    @property
    def fault(self) -> str | None: ...
    @property
    def cause(self) -> str: ...
    @property
    def owner(self) -> str: ...
    @property
    def remedy(self) -> str: ...
    @property
    def ms(self) -> float: ...
    @property
    def skip_reason(self) -> str | None: ...
    @property
    def needed_stage(self) -> str: ...
    @property
    def candidates(self) -> Sequence[Candidate]: ...


ROW, HEAD, NAME = 25, 27, 104
NAME_COLUMN = 64
STALE_OPACITY = 0.5
"""How strongly is drawn what is old."""
STATE_SHAPES = {"ok": "good", "warning": "notice", "failed": "bad", "skipped": "off"}
"""Shapes of the states of a stage that has ended."""
STATE_LABELS = {
    "good": tr_later("good"),
    "notice": tr_later("warning"),
    "bad": tr_later("failed"),
    "off": tr_later("skipped"),
    "todo": tr_later("not run"),
    "running": tr_later("running"),
}
"""What a screen reader says of a shape."""
STAGE_ROLE = Qt.ItemDataRole.UserRole

SKIP_REASONS = {
    "needed-stage-failed": tr_later("needs {stage}, which failed"),
    "needed-stage-unclear": tr_later("needs {stage}, which cannot be judged"),
}
"""Texts for `SkipReason`, with the name of the needed stage."""


@dataclass(slots=True)
class StageRow:
    """One row: a heading of a group, or a stage with what is known of it."""

    key: str
    name: str
    heading: bool = False
    state: str = "todo"
    seen: str = ""
    ms: float | None = None


class StageModel(QAbstractListModel):
    """Every stage from the first moment on; rows change and none is added or moved."""

    def __init__(
        self, groups: Sequence[tuple[str, Sequence[tuple[str, str]]]], parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._groups = [(title, [key for key, _ in stages]) for title, stages in groups]
        self._rows: list[StageRow] = []
        for title, stages in groups:
            self._rows.append(StageRow("", title, heading=True))
            self._rows += [StageRow(key, name) for key, name in stages]
        self._place = {row.key: i for i, row in enumerate(self._rows) if not row.heading}
        self.order = list(self._place)
        self.stale = False
        """Whether what is shown is about other values than those of now."""

    def set_stale(self, *, stale: bool) -> None:
        """Show every row greyed, or as it is."""
        if self.stale != stale:
            self.stale = stale
            self.dataChanged.emit(self.index(0), self.index(len(self._rows) - 1))

    def rowCount(self, parent: QModelIndex = QModelIndex()) -> int:  # noqa: B008 - Qt's own default
        """Return how many rows there are, headings included."""
        return 0 if parent.isValid() else len(self._rows)

    def row(self, place: int) -> StageRow:
        """Return a row by its place."""
        return self._rows[place]

    def place(self, key: str) -> int:
        """Return the place of a stage."""
        return self._place[key]

    def group_ms(self, heading: int) -> float | None:
        """Return the time of the stages under a heading, None when none has ended."""
        keys = dict(self._groups)[self._rows[heading].name]
        times = [ms for key in keys if (ms := self._rows[self._place[key]].ms) is not None]
        return sum(times) if times else None

    def flags(self, index: QModelIndex) -> Qt.ItemFlag:
        """Let stages be selected, headings not."""
        if index.isValid() and self._rows[index.row()].heading:
            return Qt.ItemFlag.ItemIsEnabled
        return super().flags(index)

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Return the name, the words for a screen reader, or the key of a stage."""
        if not index.isValid():
            return None
        row = self._rows[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return tr(row.name)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return tr(row.name) if row.heading else self._said(row)
        if role == Qt.ItemDataRole.ToolTipRole:
            return plain_text.tooltip(row.seen)
        return row.key if role == STAGE_ROLE else None

    def _said(self, row: StageRow) -> str:
        parts = (
            tr(row.name),
            tr(STATE_LABELS.get(row.state, row.state)),
            row.seen,
            tr("changed since") if self.stale else "",
        )
        return plain_text.one_line(", ".join(part for part in parts if part))

    def set_stage(self, key: str, state: str, seen: str, ms: float | None) -> None:
        """Change a stage in place."""
        place = self._place[key]
        row = self._rows[place]
        row.state, row.seen, row.ms = state, seen, ms
        for changed in (place, next(i for i in range(place, -1, -1) if self._rows[i].heading)):
            self.dataChanged.emit(self.index(changed), self.index(changed))


class StageDelegate(QStyledItemDelegate):
    """Draws a row: shape, name, what was seen, time at the right."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex) -> QSize:
        """Return the height of a stage or a heading."""
        del option
        model = index.model()
        return QSize(0, HEAD if isinstance(model, StageModel) and model.row(index.row()).heading else ROW)

    def paint(self, painter: QPainter | None, option: QStyleOptionViewItem, index: QModelIndex) -> None:
        """Draw one row with the tokens as they are now."""
        model = index.model()
        if painter is None or not isinstance(model, StageModel):
            return
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if model.stale:
            painter.setOpacity(STALE_OPACITY)
        row, box = model.row(index.row()), option.rect
        if row.heading:
            self._heading(painter, box, tr(row.name), model.group_ms(index.row()))
        else:
            self._stage(painter, box, row, chosen=bool(option.state & QStyle.StateFlag.State_Selected))
        painter.restore()

    def _heading(self, painter: QPainter, box: QRect, title: str, ms: float | None) -> None:
        low = box.adjusted(0, 4, -8, 0)
        draw_elided_text(painter, low, title, theme.font("field"), "text", mode=Qt.TextElideMode.ElideRight)
        if ms is not None:
            draw_elided_text(
                painter,
                low,
                tr("{ms} ms", ms=round(ms)),
                theme.font("caption"),
                "muted",
                mode=Qt.TextElideMode.ElideRight,
                side=Qt.AlignmentFlag.AlignRight,
            )

    def _stage(self, painter: QPainter, box: QRect, row: StageRow, *, chosen: bool) -> None:
        if chosen:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.colour("sel"))
            painter.drawRoundedRect(box, 4, 4)
        ground = "sel" if chosen else "page"
        painter.drawPixmap(box.left() + 4, box.top() + 6, icons.status_pixmap(row.state, 13, ground))
        waiting = row.state in ("todo", "off")
        loud = row.state in ("bad", "notice")
        text = "sel-text" if chosen else "muted" if waiting else "text"
        name = QRect(box.left() + 26, box.top(), NAME, box.height())
        draw_elided_text(
            painter,
            name,
            tr(row.name),
            theme.font("strong" if loud else "body"),
            text,
            mode=Qt.TextElideMode.ElideRight,
        )
        time = "" if row.ms is None else tr("{ms} ms", ms=round(row.ms))
        width = QFontMetrics(theme.font("caption")).horizontalAdvance(time) + 8
        draw_elided_text(
            painter,
            box.adjusted(0, 0, -8, 0),
            time,
            theme.font("caption"),
            text if chosen else "muted",
            mode=Qt.TextElideMode.ElideRight,
            side=Qt.AlignmentFlag.AlignRight,
        )
        seen = QRect(name.right() + 8, box.top(), box.right() - name.right() - width - 16, box.height())
        draw_elided_text(
            painter,
            seen,
            row.seen,
            theme.font("body"),
            "sel-text" if chosen else "muted",
            mode=Qt.TextElideMode.ElideRight,
        )


class StageList(QListView):
    """The stages in their groups. The first failure selects itself unless a person has selected something."""

    selected = pyqtSignal(str)

    def __init__(
        self, groups: Sequence[tuple[str, Sequence[tuple[str, str]]]], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._model = StageModel(groups, self)
        self._by_hand = False
        self._selecting_by_code = False
        self.setModel(self._model)
        self.setItemDelegate(StageDelegate(self))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setAccessibleName(tr("Stages of the check"))
        chosen = self.selectionModel()
        if chosen is not None:
            chosen.currentChanged.connect(lambda now, _was: self._current(now))

    def count(self) -> int:
        """Return how many stages there are."""
        return len(self._model.order)

    def label(self, key: str) -> str:
        """Return what a stage is called; its key where it has no row here."""
        return tr(self._model.row(self._model.place(key)).name) if key in self._model.order else key

    def set_stale(self, *, stale: bool) -> None:
        """Show every stage greyed, or as it is."""
        self._model.set_stale(stale=stale)

    def reset_stages(self, *, running: bool = True) -> None:
        """Set every stage back to “to do”, the first to running."""
        self._by_hand = False
        self._selecting_by_code = True
        self.setCurrentIndex(QModelIndex())
        self._selecting_by_code = False
        for key in self._model.order:
            self._model.set_stage(key, "todo", "", None)
        if running:
            self._model.set_stage(self._model.order[0], "running", "", None)

    def show_result(self, result: StageOutcome) -> None:
        """Show how a stage ended in an earlier check; a stage of another release has no row here."""
        if result.stage in self._model.order:
            skipped = str(result.state) == "skipped"
            seen = capitalize_first(self._skip_text(result)) if skipped else translate(result.evidence)
            shape = STATE_SHAPES.get(str(result.state), "off")
            self._model.set_stage(result.stage, shape, seen, None if skipped else result.ms)

    def finish(self, result: StageOutcome) -> None:
        """Show how a stage ended, and that the next one runs."""
        if result.stage not in self._model.order:
            return
        self.show_result(result)
        following = self._model.order.index(result.stage) + 1
        if following < len(self._model.order):
            key = self._model.order[following]
            if self._model.row(self._model.place(key)).state == "todo":
                self._model.set_stage(key, "running", "", None)

    def _skip_text(self, result: StageOutcome) -> str:
        """Return why a stage was skipped, with the displayed name of the stage that it needed."""
        if result.skip_reason is None:
            return translate(result.evidence)
        return tr(SKIP_REASONS[result.skip_reason], stage=self.label(result.needed_stage))

    def stop(self) -> None:
        """Show that nothing runs any more."""
        for key in self._model.order:
            if self._model.row(self._model.place(key)).state == "running":
                self._model.set_stage(key, "todo", "", None)

    def select_first_failure(self, key: str) -> None:
        """Select a stage that failed, unless a person has selected one or another failed before."""
        if not self._by_hand and not self.currentIndex().isValid():
            self._selecting_by_code = True
            self.setCurrentIndex(self._model.index(self._model.place(key)))
            self._selecting_by_code = False

    def _current(self, index: QModelIndex) -> None:
        self._by_hand = self._by_hand or not self._selecting_by_code
        if not index.isValid():
            return
        key = self._model.data(index, STAGE_ROLE)
        if key:
            self.selected.emit(key)


class FindingCard(QFrame):
    """One finding with evidence, cause, owner and remedy, and buttons that put it right or pass it on."""

    ticket_requested = pyqtSignal()
    entry_requested = pyqtSignal()
    """Somebody wants to read about the fault in the catalog."""

    def __init__(
        self,
        result: StageOutcome,
        title: str,
        acts: Sequence[tuple[str, Callable[[], object]]] = (),
        parent: QWidget | None = None,
        *,
        own: bool = False,
        first: bool = False,
    ) -> None:
        """Make the card of `result`. `own` says that nobody else has to act, `first` that its button is the page's own."""
        super().__init__(parent)
        self.result, self.title = result, title
        self.setProperty("role", "card")
        self.setAccessibleName(title)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 12, 16, 12)
        layout.setSpacing(8)
        head = QHBoxLayout()
        head.setSpacing(10)
        head.addWidget(IconLabel(STATE_SHAPES[str(result.state)], 18), 0, Qt.AlignmentFlag.AlignTop)
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(wrapped_label(with_break_points(title), "section"))
        if result.fault:
            words.addWidget(wrapped_label(with_break_points(str(result.fault)), "code"))
        head.addLayout(words, 1)
        if result.ms:
            time = Label(tr("{ms} ms", ms=round(result.ms)), role="caption")
            head.addWidget(time, 0, Qt.AlignmentFlag.AlignTop)
        layout.addLayout(head)
        layout.addLayout(self._parts())
        self.acts: list[QPushButton] = []
        for text, act in acts:
            button = buttons.primary(text) if first and not self.acts else buttons.secondary(text)
            button.clicked.connect(lambda _on, act=act: act())
            self.acts.append(button)
        self.copy_button = buttons.secondary("Copy finding" if own else "Copy as a ticket", icon="copy")
        self.copy_button.clicked.connect(self.ticket_requested)
        acts_shown: list[QWidget] = [*self.acts] if own and self.acts else [*self.acts, self.copy_button]
        self.entry_link = LinkLabel(tr("In the catalog"))
        self.entry_link.clicked.connect(self.entry_requested)
        if result.fault:
            self.entry_link.setAccessibleName(tr("{fault} in the catalog", fault=result.fault))
            acts_shown.append(self.entry_link)
        foot = FlowLayout(gap=8)
        for widget in acts_shown:
            foot.addWidget(widget)
        layout.addLayout(foot)

    def set_stale(self, *, stale: bool) -> None:
        """Let nothing be done about what was found in other values than those of now."""
        for button in self.acts:
            button.setEnabled(not stale)

    def _parts(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(8)
        grid.setColumnMinimumWidth(0, NAME_COLUMN)
        grid.setColumnStretch(1, 1)
        for line, (name, text, is_code) in enumerate(self._texts()):
            grid.addWidget(Label(name, role="field"), line, 0, Qt.AlignmentFlag.AlignTop)
            label = wrapped_label(with_break_points(text), "code" if is_code else "body")
            if is_code:
                label.setContentsMargins(8, 6, 8, 6)
                frame = QFrame()
                frame.setProperty("role", "evidence")
                inner = QVBoxLayout(frame)
                inner.setContentsMargins(0, 0, 0, 0)
                inner.addWidget(label)
                grid.addWidget(frame, line, 1)
            else:
                grid.addWidget(label, line, 1)
        return grid

    def _texts(self) -> list[tuple[str, str, bool]]:
        result = self.result
        parts = (
            (tr("Evidence"), result.evidence, True),
            (tr("Cause"), result.cause, False),
            (tr("Owner"), result.owner, False),
            (tr("Remedy"), result.remedy, False),
        )
        texts = [
            (name, capitalize_first(translate(getattr(text, "value", text))), code)
            for name, text, code in parts
            if text
        ]
        if result.candidates:
            texts.append((tr("Possible causes"), format_possible_causes(result.candidates), False))
        return texts
