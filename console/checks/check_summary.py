"""The lines above the stages of a check: which check is shown, counts by state, time and progress."""

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from console.checks.check_presenter import STATE_COUNT_TEXTS, CheckSummary
from console.widgets.flow_layout import FlowLayout
from console.widgets.labels import IconLabel, Label, LinkLabel, with_break_points
from console.widgets.meter import Meter
from services.language import tr


class CheckSummaryView(QWidget):
    """Shows a `CheckSummary`."""

    close_requested = pyqtSignal()
    """The report of the earlier check is to be closed."""

    def __init__(self) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(self._build_source_row())
        line = FlowLayout(gap=12)
        self._count = Label("", role="strong")
        line.addWidget(self._count)
        self._states: dict[str, tuple[QWidget, Label]] = {}
        for state, shape, *_ in STATE_COUNT_TEXTS:
            holder, text = QWidget(), Label("")
            pair = QHBoxLayout(holder)
            pair.setContentsMargins(0, 0, 0, 0)
            pair.setSpacing(6)
            pair.addWidget(IconLabel(shape, 14))
            pair.addWidget(text)
            line.addWidget(holder)
            self._states[state] = (holder, text)
        self._time = Label("", role="muted")
        line.addWidget(self._time)
        column.addLayout(line)
        self._meter = Meter()
        column.addWidget(self._meter)

    def _build_source_row(self) -> QWidget:
        row = self._source = QWidget()
        line = QHBoxLayout(row)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(12)
        self.source_text = Label("", role="muted")
        self.source_text.setWordWrap(True)
        self.close_link = LinkLabel(tr("Close this report"))
        self.close_link.clicked.connect(self.close_requested)
        line.addWidget(self.source_text, 1)
        line.addWidget(self.close_link)
        row.hide()
        return row

    def show_summary(self, summary: CheckSummary, *, can_close: bool) -> None:
        """Show the summary; `can_close` offers to close the report of an earlier check."""
        self._count.setText(summary.count)
        for state, (holder, text) in self._states.items():
            text.setText(summary.state_counts[state])
            holder.setVisible(bool(summary.state_counts[state]))
        self._meter.set_value(summary.progress)
        self._time.setText(summary.time)
        self._source.setVisible(bool(summary.source))
        self.close_link.setVisible(can_close)
        if summary.source:
            self.source_text.setText(with_break_points(summary.source))
