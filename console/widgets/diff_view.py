"""Two texts side by side: line numbers, a sign for what changes, tinted lines; both sides scroll as one."""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass

from PyQt6.QtCore import QRect, QSize, Qt
from PyQt6.QtGui import QFocusEvent, QFontMetrics, QGuiApplication, QKeyEvent, QPainter, QPaintEvent, QPen
from PyQt6.QtGui import QResizeEvent as Resized
from PyQt6.QtWidgets import QAbstractScrollArea, QFrame, QWidget

from console.design import theme
from models.translation_marks import tr_later
from services.language import number, plural, tr

HEAD, PAD, LINE_SPACING, SCROLL_STEP = 30, 12, 5, 24
MIN_SIMILARITY, MAX_PAIRING_CELLS = 0.5, 3000
"""How much of two lines has to be the same for them to be one that changed; blocks beyond a size are not compared so."""
SAME, CHANGED, ADDED, REMOVED = " ", "~", "+", "-"
ROW_BACKGROUNDS = {CHANGED: "notice-bg", ADDED: "good-bg", REMOVED: "bad-bg"}
SIGN_COLOURS = {CHANGED: "notice", ADDED: "good", REMOVED: "bad"}
SIGN_LABELS = {CHANGED: tr_later("changed"), ADDED: tr_later("added"), REMOVED: tr_later("removed")}
TAB_SPACES = "    "


@dataclass(frozen=True, slots=True)
class DiffRow:
    """One line of both sides; None where a side has no such line. A heading names what the lines below belong to."""

    sign: str = SAME
    left: str | None = None
    right: str | None = None
    left_number: int = 0
    right_number: int = 0
    heading: str = ""


def side_by_side(before: str, after: str) -> list[DiffRow]:
    """Compare two texts line by line. Takes time for long ones, so call it in a thread."""
    old, new = _lines(before), _lines(after)
    rows: list[DiffRow] = []
    matcher = difflib.SequenceMatcher(
        None, [o.rstrip() for o in old], [n.rstrip() for n in new], autojunk=False
    )
    for word, i1, i2, j1, j2 in matcher.get_opcodes():
        if word == "equal":
            rows += [
                DiffRow(SAME, old[i], new[j], i + 1, j + 1)
                for i, j in zip(range(i1, i2), range(j1, j2), strict=True)
            ]
        else:
            rows += _changed_block(old, new, range(i1, i2), range(j1, j2))
    return rows


def _lines(text: str) -> list[str]:
    return [line.replace("\t", TAB_SPACES) for line in text.splitlines()]


def _changed_block(old: Sequence[str], new: Sequence[str], left: range, right: range) -> list[DiffRow]:
    """Return the rows of a block that differs: lines much alike beside each other, the others on their own side."""
    rows: list[DiffRow] = []
    i, j = left.start, right.start
    for a, b in [*_best_pairing(old, new, left, right), (left.stop, right.stop)]:
        rows += [DiffRow(REMOVED, old[n], None, n + 1, 0) for n in range(i, a)]
        rows += [DiffRow(ADDED, None, new[n], 0, n + 1) for n in range(j, b)]
        if a < left.stop:
            rows.append(DiffRow(CHANGED, old[a], new[b], a + 1, b + 1))
        i, j = a + 1, b + 1
    return rows


def _best_pairing(old: Sequence[str], new: Sequence[str], left: range, right: range) -> list[tuple[int, int]]:
    """Return which lines of a block are the same line in two versions, in rising order: the best such choice."""
    if not left or not right or len(left) * len(right) > MAX_PAIRING_CELLS:
        return []
    best: list[list[tuple[float, list[tuple[int, int]]]]] = [
        [(0.0, [])] * (len(right) + 1) for _ in range(len(left) + 1)
    ]
    for i in reversed(range(len(left))):
        for j in reversed(range(len(right))):
            options = [best[i + 1][j], best[i][j + 1]]
            alike = _similarity(old[left[i]], new[right[j]])
            if alike >= MIN_SIMILARITY:
                score, rest = best[i + 1][j + 1]
                options.append((score + alike, [(left[i], right[j]), *rest]))
            best[i][j] = max(options, key=lambda option: option[0])
    return best[0][0][1]


def _similarity(a: str, b: str) -> float:
    matcher = difflib.SequenceMatcher(None, a.strip(), b.strip(), autojunk=False)
    if matcher.real_quick_ratio() < MIN_SIMILARITY or matcher.quick_ratio() < MIN_SIMILARITY:
        return 0.0
    return matcher.ratio()


def summarize_rows(rows: Sequence[DiffRow]) -> str:
    """Return how many lines differ in which way, in words."""
    counts = {word: sum(1 for row in rows if row.sign == sign) for sign, word in SIGN_LABELS.items()}
    said = [f"{number(count)} {tr(word)}" for word, count in counts.items() if count]
    return tr("Lines: {names}", names=", ".join(said)) if said else tr("Both sides are the same")


class DifferenceView(QAbstractScrollArea):
    """Paints the rows. Arrows, Page and Home keys scroll, Ctrl+Down and Ctrl+Up go to the next difference."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(tr("Difference"))
        self.setMinimumHeight(96)
        self.setViewportMargins(1, HEAD, 1, 1)
        self.rows: list[DiffRow] = []
        self._heads = (("", ""), ("", ""))
        self._stale = False
        self._current = -1
        bar = self.verticalScrollBar()
        if bar is not None:
            bar.valueChanged.connect(lambda _v: self._repaint())

    def sizeHint(self) -> QSize:
        """Ask for a page of code."""
        return QSize(560, 320)

    @property
    def _font_height(self) -> int:
        return QFontMetrics(theme.font("code")).height() + LINE_SPACING

    # -- content -----------------------------------------------------------

    def show_rows(self, rows: Sequence[DiffRow], left: str, right: str) -> None:
        """Show rows under two headings, scrolled to the first difference."""
        self.rows, self._current, self._stale = list(rows), -1, False
        counts = [sum(1 for r in rows if getattr(r, side) is not None) for side in ("left", "right")]
        self._heads = tuple(  # type: ignore[assignment]
            (head, plural(count, "{count} line", "{count} lines") if count else tr("Nothing"))
            for head, count in zip((left, right), counts, strict=True)
        )
        self.setAccessibleDescription(
            tr(
                "{left} and {right}. {summary}. {text}",
                left=left,
                right=right,
                summary=summarize_rows(rows),
                text=self.as_text()[:4000],
            )
        )
        self._measure()
        for bar in (self.verticalScrollBar(), self.horizontalScrollBar()):
            if bar is not None:
                bar.setValue(0)
        self.next_difference()
        self._repaint()

    def set_stale(self, on: bool) -> None:  # noqa: FBT001 - a Qt-style setter
        """Grey what is shown while it is read again."""
        self._stale = on
        self._repaint()

    def as_text(self) -> str:
        """Return the difference as lines, each with its sign."""
        lines: list[str] = []
        for row in self.rows:
            if row.heading:
                lines.append(f"@ {row.heading}")
            elif row.sign == CHANGED:
                lines += [f"- {row.left}", f"+ {row.right}"]
            else:
                lines.append(f"{row.sign} {row.left if row.right is None else row.right}")
        return "\n".join(lines)

    # -- scrolling ---------------------------------------------------------

    def _measure(self) -> None:
        viewport = self.viewport()
        down, across = self.verticalScrollBar(), self.horizontalScrollBar()
        if viewport is None or down is None or across is None:
            return
        metrics = QFontMetrics(theme.font("code"))
        widest = max(
            (metrics.horizontalAdvance(t) for r in self.rows for t in (r.left, r.right) if t), default=0
        )
        half = viewport.width() // 2
        room = max(half - self._gutter() - PAD, 20)
        across.setRange(0, max(widest - room, 0))
        across.setPageStep(room)
        across.setSingleStep(SCROLL_STEP)
        down.setRange(0, max(len(self.rows) * self._font_height + 2 * LINE_SPACING - viewport.height(), 0))
        down.setPageStep(viewport.height())
        down.setSingleStep(self._font_height)

    def _gutter(self) -> int:
        digits = max((max(r.left_number, r.right_number) for r in self.rows), default=1)
        metrics = QFontMetrics(theme.font("code"))
        return PAD + metrics.horizontalAdvance(str(max(digits, 10))) + 4 + metrics.horizontalAdvance("~") + 10

    def resizeEvent(self, event: Resized | None) -> None:
        """Measure again."""
        super().resizeEvent(event)
        self._measure()

    def _repaint(self) -> None:
        self.update()
        viewport = self.viewport()
        if viewport is not None:
            viewport.update()

    def next_difference(self, step: int = 1) -> None:
        """Scroll to the next block that differs, or with -1 to the one before."""
        starts = [
            i for i, row in enumerate(self.rows)
            if row.sign != SAME and (i == 0 or self.rows[i - 1].sign == SAME)
        ]  # fmt: skip
        ahead = [i for i in starts if (i > self._current if step > 0 else i < self._current)]
        bar = self.verticalScrollBar()
        if ahead and bar is not None:
            self._current = ahead[0] if step > 0 else ahead[-1]
            bar.setValue(max((self._current - 2) * self._font_height, 0))

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """Scroll by keys, go to the next difference, or copy."""
        down, across = self.verticalScrollBar(), self.horizontalScrollBar()
        if event is None or down is None or across is None:
            return
        control = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        page = down.pageStep()
        moves = {
            Qt.Key.Key_Down: (down, self._font_height), Qt.Key.Key_Up: (down, -self._font_height),
            Qt.Key.Key_PageDown: (down, page), Qt.Key.Key_PageUp: (down, -page),
            Qt.Key.Key_Home: (down, -down.maximum()), Qt.Key.Key_End: (down, down.maximum()),
            Qt.Key.Key_Right: (across, SCROLL_STEP), Qt.Key.Key_Left: (across, -SCROLL_STEP),
        }  # fmt: skip
        key = Qt.Key(event.key())
        if control and key in (Qt.Key.Key_Down, Qt.Key.Key_Up):
            self.next_difference(1 if key == Qt.Key.Key_Down else -1)
        elif control and key == Qt.Key.Key_C:
            clipboard = QGuiApplication.clipboard()
            if clipboard is not None:
                clipboard.setText(self.as_text())
        elif key in moves:
            bar, by = moves[key]
            bar.setValue(bar.value() + by)
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent | None) -> None:
        """Show the ring."""
        super().focusInEvent(event)
        self._repaint()

    def focusOutEvent(self, event: QFocusEvent | None) -> None:
        """Take the ring away."""
        super().focusOutEvent(event)
        self._repaint()

    # -- painting ----------------------------------------------------------

    def event(self, event: object) -> bool:
        """Paint the frame and the heads, which stand outside the part that scrolls."""
        if isinstance(event, QPaintEvent):
            self._paint_frame()
            return True
        return super().event(event)  # type: ignore[arg-type]

    def _paint_frame(self) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(theme.colour("link"), 2) if self.hasFocus() else QPen(theme.colour("line"), 1))
        painter.setBrush(theme.colour("page"))
        painter.drawRoundedRect(self.rect().toRectF().adjusted(1, 1, -1, -1), 6, 6)
        viewport = self.viewport()
        half = 1 + (viewport.width() if viewport is not None else self.width()) // 2
        painter.setPen(theme.colour("line"))
        painter.drawLine(2, HEAD, self.width() - 3, HEAD)
        painter.drawLine(half, 2, half, HEAD)
        for side, (text, count) in enumerate(self._heads):
            left, width = (0, half) if not side else (half, self.width() - half)
            caption = theme.font("caption")
            room = QFontMetrics(caption).horizontalAdvance(count)
            painter.setFont(caption)
            painter.setPen(theme.colour("muted"))
            box = QRect(left + PAD, 0, width - 2 * PAD, HEAD)
            painter.drawText(box, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, count)
            font = theme.font("field")
            painter.setFont(font)
            painter.setPen(theme.colour("faint" if self._stale else "text"))
            shown = QFontMetrics(font).elidedText(text, Qt.TextElideMode.ElideMiddle, box.width() - room - 8)
            painter.drawText(box, Qt.AlignmentFlag.AlignVCenter, shown)

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Paint the lines in sight with the tokens as they are now."""
        del event
        viewport, down = self.viewport(), self.verticalScrollBar()
        if viewport is None or down is None:
            return
        painter = QPainter(viewport)
        painter.fillRect(viewport.rect(), theme.colour("page"))
        height, half = self._font_height, viewport.width() // 2
        first = max((down.value() - LINE_SPACING) // height, 0)
        last = min(first + viewport.height() // height + 2, len(self.rows))
        for place in range(first, last):
            row, top = self.rows[place], LINE_SPACING + place * height - down.value()
            if row.heading:
                self._paint_heading(painter, row.heading, QRect(0, top, viewport.width(), height))
                continue
            self._paint_side(painter, row, left=True, box=QRect(0, top, half, height))
            self._paint_side(painter, row, left=False, box=QRect(half, top, viewport.width() - half, height))
        painter.setPen(theme.colour("line"))
        painter.drawLine(half, 0, half, viewport.height())

    def _paint_heading(self, painter: QPainter, text: str, box: QRect) -> None:
        painter.fillRect(box, theme.colour("raised"))
        painter.setFont(theme.font("caption"))
        painter.setPen(theme.colour("muted"))
        painter.drawText(box.adjusted(PAD, 0, -PAD, 0), Qt.AlignmentFlag.AlignVCenter, text)

    def _paint_side(self, painter: QPainter, row: DiffRow, *, left: bool, box: QRect) -> None:
        text, number = (row.left, row.left_number) if left else (row.right, row.right_number)
        if text is None:
            painter.fillRect(box, theme.colour("raised"))
            return
        sign = row.sign
        if sign in ROW_BACKGROUNDS:
            painter.fillRect(box, theme.colour(ROW_BACKGROUNDS[sign]))
        painter.save()
        painter.setClipRect(box)
        font = theme.font("code")
        metrics, gutter = QFontMetrics(font), self._gutter()
        painter.setFont(font)
        mark = metrics.horizontalAdvance("~")
        tone = "faint" if self._stale else SIGN_COLOURS.get(sign, "muted")
        painter.setPen(theme.colour(tone))
        numbers = QRect(box.left(), box.top(), gutter - mark - 14, box.height())
        middle = Qt.AlignmentFlag.AlignVCenter
        if number:
            painter.drawText(numbers, middle | Qt.AlignmentFlag.AlignRight, str(number))
        if sign != SAME:
            place = QRect(box.left() + gutter - mark - 10, box.top(), mark + 2, box.height())
            painter.drawText(place, middle, sign)
        across = self.horizontalScrollBar()
        shift = across.value() if across is not None else 0
        code = box.adjusted(gutter, 0, 0, 0)
        painter.setClipRect(code)
        painter.setPen(theme.colour("faint" if self._stale else "text"))
        painter.drawText(QRect(code.left() - shift, code.top(), 1 << 20, code.height()), middle, text)
        painter.restore()
