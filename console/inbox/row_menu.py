"""The context menu of the table: commands of the window for the selected rows, and the order of the list."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from PyQt6.QtCore import Qt
from PyQt6.QtGui import QAction
from PyQt6.QtWidgets import QMenu, QWidget

from console.inbox.cell_content import COLUMNS
from console.inbox.request_rows import SORTABLE
from console.runtime.command_registry import CommandRegistry
from services.language import tr

if TYPE_CHECKING:
    from services.requests.inbox.filters import Sort

ROW_COMMANDS = ("copy_answer", "open_in_servicenow", "", "approve", "reject", "remind", "", "cancel_request")


def row_menu(
    parent: QWidget, commands: CommandRegistry, sort: "Sort | None", sort_by: Callable[[int], None]
) -> QMenu:
    """Return the menu for what is selected; `sort` is the order that is shown, None while the filters are not known."""
    commands.refresh()
    menu = QMenu(parent)
    menu.setAccessibleName(tr("Requests"))
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    for name in ROW_COMMANDS:
        if name:
            menu.addAction(commands.action(name))
        else:
            menu.addSeparator()
    menu.addSeparator()
    order = menu.addMenu(tr("Sort by"))
    if order is not None and sort is not None:
        for column, name in SORTABLE.items():
            action = QAction(tr(COLUMNS[column].name), order)
            action.setCheckable(True)
            action.setChecked(name == sort.column)
            action.triggered.connect(lambda _on, column=column: sort_by(column))
            order.addAction(action)
    return menu
