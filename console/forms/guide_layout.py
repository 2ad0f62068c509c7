"""Where the parts of a guided page stand: steps and facts left, panels right; below each other in narrow windows."""

from collections.abc import Sequence

from PyQt6.QtWidgets import QBoxLayout, QFrame, QHBoxLayout, QVBoxLayout, QWidget

from console.design import theme
from console.forms.notice import Notice
from console.widgets.labels import Label, horizontal_rule
from console.widgets.step_list import StepList
from console.widgets.vertical_scroll_area import VerticalScrollArea
from services.language import tr

LEFT, MARGIN, GAP = 348, 24, 16
"""Width of the left column with its margins, the outer margin, and the margin beside the rule."""
NARROW = 860
"""Below this width of the page, at letters of normal size, the columns stand below each other."""


class GuideLayout:
    """Head, notice, and the two columns in scroll areas of their own."""

    def __init__(
        self,
        head: QWidget,
        steps: StepList,
        facts: QWidget,
        panels: Sequence[QWidget],
        page: QWidget,
        name: str,
    ) -> None:
        self._steps, self._facts = steps, facts
        self.notice = Notice()
        self.progress = Label("", role="caption")
        self._left, self._right = QWidget(), QWidget()
        self._left_column, self._right_column = QVBoxLayout(self._left), QVBoxLayout(self._right)
        self._rule = horizontal_rule()
        self._fill_left()
        self._right_column.setContentsMargins(GAP, 16, MARGIN, 16)
        for panel in panels:
            self._right_column.addWidget(panel)
        self._right_column.setSpacing(16)
        self._right_column.addStretch(1)
        self._columns = QWidget()
        self._row = QBoxLayout(QBoxLayout.Direction.LeftToRight, self._columns)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(0)
        self._between = QFrame()
        self._between.setProperty("role", "rule-vertical")
        self._between.setFixedWidth(1)
        self._row.addWidget(self._left)
        self._row.addWidget(self._between)
        self._row.addWidget(self._right, 1)
        self.scroll = VerticalScrollArea(self._columns, name)
        whole = QVBoxLayout(page)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(head)
        whole.addWidget(self.notice)
        whole.addWidget(self.scroll, 1)

    def _fill_left(self) -> None:
        column = self._left_column
        column.setContentsMargins(MARGIN, 16, GAP, 16)
        column.setSpacing(10)
        self._title = QWidget()
        row = QHBoxLayout(self._title)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(Label(tr("Steps"), role="section"))
        row.addStretch(1)
        row.addWidget(self.progress)
        column.addWidget(self._title)
        column.addWidget(self._steps)
        column.addSpacing(6)
        column.addWidget(self._rule)
        column.addSpacing(6)
        column.addWidget(self._facts)
        column.addStretch(1)

    def fit(self, width: int) -> None:
        """Put the columns beside or below each other."""
        narrow = width < theme.scaled(NARROW)
        direction = QBoxLayout.Direction.TopToBottom if narrow else QBoxLayout.Direction.LeftToRight
        if narrow:
            self._left.setMinimumWidth(0)
            self._left.setMaximumWidth(16_777_215)
        else:
            self._left.setFixedWidth(theme.scaled(LEFT))
        if direction == self._row.direction():
            return
        self._row.setDirection(direction)
        self._steps.set_narrow(narrow=narrow)
        self._between.setVisible(not narrow)
        self._rule.setVisible(not narrow)
        self._left_column.setContentsMargins(MARGIN, 16, MARGIN if narrow else GAP, 0 if narrow else 16)
        self._right_column.setContentsMargins(MARGIN if narrow else GAP, 16, MARGIN, 16)
        if narrow:
            self._left_column.removeWidget(self._facts)
            self._right_column.insertWidget(self._right_column.count() - 1, self._facts)
        else:
            self._right_column.removeWidget(self._facts)
            self._left_column.insertWidget(self._left_column.count() - 1, self._facts)
