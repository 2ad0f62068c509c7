"""The side panel of a policy's page: what the server has of it, when that was read, and ways onwards."""

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from console.policies.list_presenter import ListSnapshot
from console.policies.policy_rows import PolicyColumn, PolicyRow
from console.widgets import buttons
from console.widgets.labels import IconLabel, Label, with_break_points, wrapped_label
from models.translation_marks import tr_later
from services.language import number, time_or_date, tr

LINES = (
    tr_later("Status"),
    tr_later("Priority"),
    tr_later("Actions"),
    tr_later("Targets"),
    tr_later("Conditions"),
    tr_later("Requests, 30 days"),
    tr_later("Last read"),
)
SHAPE = 14


def server_lines(row: PolicyRow | None, snapshot: ListSnapshot) -> list[tuple[str, str]]:
    """Return shape and text of each line of `LINES`; no lines where the server was never read."""
    if snapshot.read_at is None:
        return []
    read_at = time_or_date(snapshot.read_at)
    if row is None or not row.on_server:
        return [("todo", tr("Not there yet")), *[("", "")] * 5, ("", read_at)]
    unknown, none = tr("Cannot be read"), tr("None")

    def names(values: tuple[str, ...] | None) -> str:
        return unknown if values is None else ", ".join(values) or none

    return [
        (row.shape(PolicyColumn.STATUS), row.text(PolicyColumn.STATUS)),
        ("", unknown if row.priority is None else str(row.priority)),
        ("", names(row.actions)),
        ("notice" if row.targets == () else "", names(row.targets)),
        ("", unknown if row.conditions is None else row.conditions or none),
        ("", number(row.requests)),
        ("", read_at),
    ]


class ServerSide(QWidget):
    """The values as lines, and buttons below them."""

    refresh_requested = pyqtSignal()
    plan_requested = pyqtSignal()
    open_requested = pyqtSignal()

    def __init__(self) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(Label(tr("On Privilege Manager"), role="section"))
        self.empty = wrapped_label(tr("Not read from the server yet."), "muted")
        column.addWidget(self.empty)
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(8)
        self._grid.setVerticalSpacing(6)
        self._grid.setColumnStretch(1, 1)
        self._rows: list[tuple[Label, IconLabel, Label, QWidget]] = []
        for place, name in enumerate(LINES):
            self._add_line(place, tr(name))
        column.addLayout(self._grid)
        self.refresh_button = buttons.small("Read again", icon="refresh")
        self.plan_button = buttons.small("Show the plan")
        self.open_button = buttons.small("Open in Privilege Manager", icon="open")
        self.refresh_button.clicked.connect(self.refresh_requested)
        self.plan_button.clicked.connect(self.plan_requested)
        self.open_button.clicked.connect(self.open_requested)
        for button in (self.plan_button, self.refresh_button, self.open_button):
            column.addWidget(button, 0, Qt.AlignmentFlag.AlignLeft)
        self.show_lines([])

    def _add_line(self, place: int, name: str) -> None:
        label, shape, text = Label(name, role="muted"), IconLabel("", SHAPE), wrapped_label("")
        holder = QWidget()
        row = QHBoxLayout(holder)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        row.addWidget(shape, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(text, 1)
        self._grid.addWidget(label, place, 0, Qt.AlignmentFlag.AlignTop)
        self._grid.addWidget(holder, place, 1)
        self._rows.append((label, shape, text, holder))

    def show_lines(self, lines: list[tuple[str, str]]) -> None:
        """Show what `server_lines` returned."""
        self.empty.setVisible(not lines)
        for place, (label, shape, text, holder) in enumerate(self._rows):
            picture, words = lines[place] if lines else ("", "")
            shape.show_shape(picture)
            shape.setVisible(bool(picture))
            text.setText(with_break_points(words))
            for widget in (label, holder):
                widget.setVisible(bool(words))

    def set_state(self, *, can_read: bool, can_plan: bool, can_open: bool) -> None:
        """Say what can be done now."""
        self.refresh_button.setEnabled(can_read)
        self.plan_button.setEnabled(can_plan)
        self.open_button.setEnabled(can_open)
