"""What stands beside the finding of a chain: other policies, requests since the break, and where the facts were read."""

import uuid
from collections.abc import Sequence

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from console.chain.chain_side_texts import (
    OtherPolicyRow,
    more_others_text,
    other_rows,
    read_from_rows,
    since_break_target,
    since_break_text,
)
from console.runtime.page_targets import Target
from console.widgets.labels import ElidedLabel, IconLabel, Label, LinkLabel, horizontal_rule, wrapped_label
from services.approval_chain import ChainReport
from services.language import tr

_LEFT, _RIGHT = Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignRight
ROW, BELOW = 28, 20
COLUMNS = 5
"""Policy, shape, state, priority, requests."""


class ChainSide(QWidget):
    """Three lists under headings; a list without content is not shown."""

    policy_requested = pyqtSignal(object)
    """The id of a Policy to open."""
    requests_requested = pyqtSignal(object)
    """The target of the list of requests since the break."""

    def __init__(self) -> None:
        super().__init__()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        self._since_target: Target | None = None
        self.others = QWidget()
        self._others = QVBoxLayout(self.others)
        self.since = self._build_since()
        self.sources = QWidget()
        self._sources = QVBoxLayout(self.sources)
        for part in (self._others, self._sources):
            part.setContentsMargins(0, 0, 0, BELOW)
            part.setSpacing(4)
        for widget in (self.others, self.since, self.sources):
            layout.addWidget(widget)
        layout.addStretch(1)

    def _build_since(self) -> QWidget:
        holder = QWidget()
        column = QVBoxLayout(holder)
        column.setContentsMargins(0, 0, 0, BELOW)
        column.setSpacing(6)
        column.addWidget(Label(tr("Since the break"), role="section"))
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(IconLabel("notice", 14), 0, Qt.AlignmentFlag.AlignTop)
        self.since_text = wrapped_label("")
        row.addWidget(self.since_text, 1)
        self.since_link = LinkLabel(tr("Show"))
        self.since_link.setAccessibleName(tr("Show requests"))
        self.since_link.clicked.connect(lambda: self.requests_requested.emit(self._since_target))
        row.addWidget(self.since_link, 0, Qt.AlignmentFlag.AlignTop)
        column.addLayout(row)
        return holder

    def show_chain(self, report: ChainReport | None) -> None:
        """Show what stands beside the links of a checked chain; nothing where there is none."""
        if report is None:
            self._show_others([], "")
        else:
            self._show_others(other_rows(report), more_others_text(report))
        since = since_break_text(report) if report is not None else ""
        self._since_target = since_break_target(report) if report is not None else None
        self.since_link.setVisible(self._since_target is not None)
        self.since_text.setText(since)
        self.since.setVisible(bool(since))
        self._show_sources(read_from_rows(report) if report is not None else [])

    def _show_others(self, rows: Sequence[OtherPolicyRow], more: str) -> None:
        _clear(self._others)
        self.others.setVisible(bool(rows))
        if not rows:
            return
        self._others.addWidget(Label(tr("Other policies of this chain"), role="section"))
        caption = tr("The same action, so one fix covers all. Requests in the last 30 days")
        self._others.addWidget(wrapped_label(caption, "caption"))
        table = QWidget()
        table.setAccessibleName(tr("Other policies of this chain"))
        grid = QGridLayout(table)
        grid.setContentsMargins(0, 6, 0, 0)
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(0)
        grid.setColumnStretch(0, 1)
        heads = (
            (tr("Policy"), 0, _LEFT),
            (tr("Chain"), 2, _LEFT),
            (tr("Priority"), 3, _RIGHT),
            (tr("Requests"), 4, _RIGHT),
        )
        for text, column, side in heads:
            grid.addWidget(Label(text, role="caption"), 0, column, side)
        for number, row in enumerate(rows):
            line = 2 * number + 1
            grid.addWidget(horizontal_rule(), line, 0, 1, COLUMNS)
            self._add_row(grid, line + 1, row)
        grid.addWidget(horizontal_rule(), 2 * len(rows) + 1, 0, 1, COLUMNS)
        self._others.addWidget(table)
        if more:
            self._others.addWidget(Label(more, role="caption"))

    def _add_row(self, grid: QGridLayout, line: int, row: OtherPolicyRow) -> None:
        grid.setRowMinimumHeight(line, ROW)
        if row.object_id:
            link = LinkLabel(row.name)
            link.setContentsMargins(0, 1, 4, 1)  # in line with the names of the other rows
            object_id = uuid.UUID(row.object_id)
            link.clicked.connect(lambda: self.policy_requested.emit(object_id))
            grid.addWidget(link, line, 0, _LEFT | Qt.AlignmentFlag.AlignVCenter)
        else:
            grid.addWidget(ElidedLabel(row.name), line, 0)
        grid.addWidget(IconLabel(row.shape, 14), line, 1)
        grid.addWidget(Label(row.state), line, 2)
        grid.addWidget(Label(row.priority), line, 3, _RIGHT | Qt.AlignmentFlag.AlignVCenter)
        grid.addWidget(Label(row.requests), line, 4, _RIGHT | Qt.AlignmentFlag.AlignVCenter)

    def _show_sources(self, rows: Sequence[tuple[str, str]]) -> None:
        _clear(self._sources)
        self.sources.setVisible(bool(rows))
        if not rows:
            return
        self._sources.addWidget(Label(tr("Read from"), role="section"))
        holder = QWidget()
        grid = QGridLayout(holder)
        grid.setContentsMargins(0, 2, 0, 0)
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(8)
        grid.setColumnStretch(0, 1)
        for line, (links, places) in enumerate(rows):
            grid.addWidget(wrapped_label(links, "muted"), line, 0)
            grid.addWidget(Label(places), line, 1, _RIGHT | Qt.AlignmentFlag.AlignTop)
        self._sources.addWidget(holder)


def _clear(layout: QVBoxLayout) -> None:
    while (item := layout.takeAt(0)) is not None:
        widget = item.widget()
        if widget is not None:
            widget.hide()
            widget.deleteLater()
