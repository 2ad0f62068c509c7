"""Asks which filters a policy is to have, and what each is for. The plan says what that changes."""

from collections.abc import Sequence

from PyQt6.QtWidgets import QHBoxLayout, QWidget

from console.policies.filter_changes import (
    ROLE_NAMES,
    FilterChanges,
    FilterLine,
    change_lines,
)
from console.widgets import buttons, plain_text
from console.widgets.dialog import Dialog
from console.widgets.dialog_parts import button_row, titled_column
from console.widgets.field import Field
from console.widgets.labels import wrapped_label
from console.widgets.line_editors import ElidingComboBox
from console.widgets.rows_table import RowsTable, TableRow
from models.translation_marks import tr_later
from services.language import tr

WIDTH, HEIGHT = 620, 220
COLUMNS, WIDTHS = (tr_later("Filter"), tr_later("Used as"), tr_later("Operation")), (300, 150, 110)


class ConditionsDialog(Dialog):
    """The filters of a policy as they will be; `changes` is what differs from what the server has."""

    def __init__(
        self,
        policy: str,
        lines: Sequence[FilterLine],
        choices: Sequence[tuple[str, str]],
        parent: QWidget | None = None,
    ) -> None:
        """Show `lines`; `choices` are GUID and name of the filters of the server."""
        super().__init__(parent)
        self._lines, self._names = list(lines), dict(choices)
        title = tr("Conditions of {policy}", policy=policy)
        self.setWindowTitle(plain_text.window_title(title))
        self.setMinimumWidth(WIDTH)
        layout = titled_column(self, title)
        about = tr("Nothing is written before the plan is applied.")
        layout.addWidget(wrapped_label(about, "caption"))
        self.table = RowsTable(tr("Filters of the policy"), COLUMNS, WIDTHS)
        self.table.setProperty("role", "card")
        self.table.setMinimumHeight(HEIGHT)
        layout.addWidget(self.table, 1)
        self.switch_button = buttons.secondary("Remove")
        self.switch_button.clicked.connect(self._switch)
        layout.addWidget(self.switch_button)
        layout.addLayout(self._build_adding())
        self.plan_button = buttons.primary("Plan")
        self.plan_button.setDefault(True)
        self.plan_button.clicked.connect(self.accept)
        layout.addLayout(button_row(self, self.plan_button))
        self.table.chosen.connect(lambda _place: self._refresh())
        self.table.activated.connect(lambda _index: self._switch())
        self._show()

    def _build_adding(self) -> QHBoxLayout:
        self.filter, self.role = ElidingComboBox(), ElidingComboBox()
        for item_id, name in sorted(self._names.items(), key=lambda one: one[1].casefold()):
            self.filter.addItem(plain_text.one_line(name), item_id)
        for role, text in ROLE_NAMES.items():
            self.role.addItem(tr(text), role)
        self.add_button = buttons.secondary("Add", icon="plus")
        self.add_button.clicked.connect(self._add)
        self.add_button.setEnabled(bool(self._names))
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(
            Field("Filter", self.filter, "" if self._names else tr("The server tells no filters")), 2
        )
        row.addWidget(Field("Used as", self.role), 1)
        row.addWidget(self.add_button)
        return row

    @property
    def changes(self) -> FilterChanges:
        """What is to be added and removed."""
        return FilterChanges.of(self._lines)

    def _add(self) -> None:
        item_id, role = str(self.filter.currentData()), int(self.role.currentData())
        self._lines = change_lines(self._lines, item_id, self._names.get(item_id, item_id), role)
        self._show()

    def _switch(self) -> None:
        place = self.table.currentIndex().row()
        if 0 <= place < len(self._lines):
            line = self._lines[place]
            self._lines[place] = line.switched()
            self._lines = [one for one in self._lines if one.is_there or one.is_wanted]
            self._show()

    def _show(self) -> None:
        self.table.show_rows(
            [
                TableRow(line.shape, (line.name, tr(ROLE_NAMES[line.role]), line.word), line.key)
                for line in self._lines
            ]
        )
        self._refresh()

    def _refresh(self) -> None:
        place = self.table.currentIndex().row()
        line = self._lines[place] if 0 <= place < len(self._lines) else None
        self.switch_button.setEnabled(line is not None)
        self.switch_button.setText(tr("Keep") if line is not None and not line.is_wanted else tr("Remove"))
