"""The plan of one policy: the table on the left, what to know before Apply and the buttons on the right."""

from collections.abc import Sequence

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtGui import QResizeEvent
from PyQt6.QtWidgets import QBoxLayout, QFrame, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from console.design import theme
from console.policies.plan_presenter import Finding, PlanPresenter
from console.policies.plan_table import PlanTable
from console.widgets import buttons, plain_text
from console.widgets.flow_layout import FlowLayout
from console.widgets.labels import ElidedLabel, IconLabel, Label, with_break_points, wrapped_label
from console.widgets.line_editors import CheckBox, PickerButton
from console.widgets.popup_list import PickRow, PopupList
from models.text_folding import fold_text
from services.language import tr

GAP, SIDE_WIDTH, NARROW_WIDTH = 20, 320, 820
"""Between the two columns; the width of the right one; below that width it goes under the left one."""


class FindingRow(QWidget):
    """A shape, a title, and a sentence below it."""

    def __init__(self, finding: Finding) -> None:
        super().__init__()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        shape = IconLabel(finding.shape, 14)
        shape.setContentsMargins(0, 2, 0, 0)
        row.addWidget(shape, 0, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout()
        column.setSpacing(1)
        column.addWidget(wrapped_label(with_break_points(finding.title), "strong"))
        if finding.text:
            column.addWidget(wrapped_label(with_break_points(finding.text), "caption"))
        row.addLayout(column, 1)


class PlanView(QWidget):
    """Shows what a `PlanPresenter` decides; knows no service."""

    apply_requested = pyqtSignal()
    plan_requested = pyqtSignal()
    undo_requested = pyqtSignal()
    add_requested = pyqtSignal(str)
    """The key of an action to add."""
    conditions_requested = pyqtSignal()
    choices_requested = pyqtSignal()
    """The list of actions is opened."""

    def __init__(self, *, adds_actions: bool = True) -> None:
        """Make a view; with `adds_actions` it offers to add one, which a form does otherwise."""
        super().__init__()
        self._findings: tuple[Finding, ...] = ()
        self._choices: list[PickRow] = []
        self._popup: PopupList | None = None
        self._adds_actions = adds_actions
        self._layout = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(GAP)
        self._layout.addWidget(self._build_left(), 1)
        self._rule = QFrame()
        self._rule.setProperty("role", "upright")
        self._layout.addWidget(self._rule)
        self.side = self._build_right()
        self._layout.addWidget(self.side)
        self._narrow = False
        self._arrange()

    # -- building ----------------------------------------------------------------------------------------------

    def _build_left(self) -> QWidget:
        left = QWidget()
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        head = QHBoxLayout()
        head.setSpacing(16)
        head.addWidget(Label(tr("Plan"), role="section"))
        self.caption = ElidedLabel("", role="caption")
        head.addWidget(self.caption, 1)
        column.addLayout(head)
        self.table = PlanTable()
        frame = QFrame()
        frame.setProperty("role", "card")
        inside = QVBoxLayout(frame)
        inside.setContentsMargins(1, 1, 1, 1)
        inside.addWidget(self.table)
        frame.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        column.addWidget(frame)
        foot = QHBoxLayout()
        foot.setSpacing(8)
        self._undo_icon = IconLabel("history", 12)
        self.undo_text = ElidedLabel("", role="caption")
        self.undo_button = buttons.small("Undo…", icon="undo")
        self.undo_button.clicked.connect(self.undo_requested)
        foot.addWidget(self._undo_icon)
        foot.addWidget(self.undo_text, 1)
        foot.addWidget(self.undo_button)
        column.addLayout(foot)
        elsewhere = tr("Child actions, priority and targets are changed in Privilege Manager.")
        column.addWidget(wrapped_label(elsewhere, "caption"))
        column.addStretch(1)
        return left

    def _build_right(self) -> QWidget:
        side = QWidget()
        column = QVBoxLayout(side)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(Label(tr("Before you apply"), role="section"))
        self._rows = QVBoxLayout()
        self._rows.setSpacing(10)
        column.addLayout(self._rows)
        column.addSpacing(4)
        self.apply_button = buttons.primary("Apply", icon="tick")
        self.again_button = buttons.secondary("Plan again", icon="refresh")
        self.add_button = PickerButton()
        self.add_button.set_value("plus", tr("Add action…"), placeholder=True)
        self.add_button.setAccessibleName(tr("Add action…"))
        self.add_button.clicked.connect(self._open_choices)
        self.add_button.setVisible(self._adds_actions)
        line = FlowLayout(gap=8)
        line.addWidget(self.apply_button)
        line.addWidget(self.again_button)
        column.addLayout(line)
        self.reason = wrapped_label("", "caption")
        column.addWidget(self.reason)
        column.addWidget(self.add_button)
        self.conditions_button = buttons.secondary("Change conditions…", icon="funnel")
        self.conditions_button.clicked.connect(self.conditions_requested)
        column.addWidget(self.conditions_button, 0, Qt.AlignmentFlag.AlignLeft)
        self.endpoints = CheckBox(tr("Update endpoints afterwards"))
        column.addWidget(self.endpoints)
        column.addStretch(1)
        self.apply_button.clicked.connect(self.apply_requested)
        self.again_button.clicked.connect(self.plan_requested)
        return side

    # -- what it shows -----------------------------------------------------------------------------------------

    def show_presenter(self, presenter: PlanPresenter) -> None:
        """Show what the presenter decides."""
        controls = presenter.controls()
        self.caption.setText(presenter.caption())
        lines = presenter.lines()
        shown = [self.table.lines.row(row) for row in range(self.table.lines.rowCount())]
        if lines != shown:
            self.table.lines.replace(lines)
        self._show_findings(presenter.findings())
        self.apply_button.setText(controls.apply_text)
        self.apply_button.setEnabled(not controls.apply_reason)
        self.reason.setText(controls.apply_reason)
        self.reason.setVisible(bool(controls.apply_reason))
        self.again_button.setEnabled(controls.can_plan)
        self.add_button.setEnabled(controls.can_plan)
        self.conditions_button.setEnabled(presenter.can_change_filters)
        self.endpoints.setEnabled(controls.can_plan)
        self.undo_text.setText(controls.undo_text)
        self._undo_icon.setVisible(bool(controls.undo_text))
        self.undo_button.setVisible(controls.can_undo)

    def _show_findings(self, findings: Sequence[Finding]) -> None:
        if tuple(findings) == self._findings:
            return
        self._findings = tuple(findings)
        while (entry := self._rows.takeAt(0)) is not None:
            row = entry.widget()
            if row is not None:
                row.hide()
                row.deleteLater()
        for finding in findings:
            self._rows.addWidget(FindingRow(finding))

    # -- adding an action --------------------------------------------------------------------------------------

    def set_choices(self, choices: Sequence[PickRow]) -> None:
        """Offer these actions."""
        self._choices = list(choices)
        self._fill("")

    def _open_choices(self) -> None:
        if self._popup is None:
            self._popup = PopupList(self.add_button)
            self._popup.set_placeholder(tr("Search actions"))
            self._popup.search_changed.connect(self._fill)
            self._popup.chosen.connect(self.add_requested)
        self._popup.set_state("loading", tr("Reading"))
        self._popup.popup()
        self.choices_requested.emit()

    def _fill(self, text: str) -> None:
        if self._popup is None:
            return
        needle = fold_text(text).strip()
        rows = [row for row in self._choices if needle in fold_text(row.text)]
        self._popup.set_rows(rows)
        self._popup.set_state("ready" if rows else "empty", "" if rows else tr("No action to add"))

    # -- layout ------------------------------------------------------------------------------------------------

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Put the right column under the plan where there is no room beside it."""
        super().resizeEvent(event)
        narrow = self.width() < theme.scaled(NARROW_WIDTH)
        if narrow != self._narrow:
            self._narrow = narrow
            self._arrange()

    def _arrange(self) -> None:
        directions = QBoxLayout.Direction
        self._layout.setDirection(directions.TopToBottom if self._narrow else directions.LeftToRight)
        self._rule.setVisible(not self._narrow)
        width = theme.scaled(SIDE_WIDTH)
        self.side.setMinimumWidth(0 if self._narrow else width)
        self.side.setMaximumWidth(16_777_215 if self._narrow else width)

    def describe(self, text: str) -> None:
        """Say on Apply what a screen reader and the tooltip say besides its text."""
        plain_text.set_tooltip(self.apply_button, text)
