"""The context menu of the rows: the commands of the window, and the order of the list."""

from typing import Any

from PyQt6.QtCore import Qt
from PyQt6.QtGui import QAction
from PyQt6.QtWidgets import QMenu

from console.inbox import cell_content
from services.language import tr

ROW_COMMANDS = ("copy_answer", "open_in_servicenow", "", "approve", "reject", "remind", "", "cancel_request")


def row_menu(page: Any) -> QMenu:
    """Make the menu for what is selected on `page`."""
    commands = page.ctx.commands
    commands.refresh()
    menu = QMenu(page)
    menu.setAccessibleName(tr("Requests"))
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    for name in ROW_COMMANDS:
        if name:
            menu.addAction(commands.action(name))
        else:
            menu.addSeparator()
    menu.addSeparator()
    order = menu.addMenu(tr("Sort by"))
    if order is not None and page.filters.named:
        now = page.sort()
        for column, name in cell_content.SORTABLE.items():
            action = QAction(tr(cell_content.COLUMNS[column].name), order)
            action.setCheckable(True)
            action.setChecked(name == now.column)
            action.triggered.connect(lambda _on, column=column: page.sort_by(column))
            order.addAction(action)
    return menu
