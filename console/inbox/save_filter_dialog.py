"""Saves the filter that is shown under a name, for all users of the store."""

from typing import TYPE_CHECKING

from PyQt6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from console.runtime import lazy_imports
from console.runtime.task_runner import show_and_wait
from console.widgets import buttons
from console.widgets.dialog import Dialog
from console.widgets.field import Field
from console.widgets.labels import Label
from console.widgets.line_editors import TextLineEdit
from models.translation_marks import tr_later
from services.common.errors import ConsoleError
from services.language import tr

if TYPE_CHECKING:
    from console.inbox.filter_counts import FilterCatalog
    from console.runtime.context import Context
    from services.requests.inbox.filters import Filter, Sort

WIDTH, NAME_MAX_LENGTH = 420, 60
HELP_TEXT = tr_later("Stands in the tree under Requests, for everybody on this store")


class SaveFilterDialog(Dialog):
    """Asks for the name of a filter."""

    def __init__(self, proposed: str, taken: set[str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Save filter"))
        self.setMinimumWidth(WIDTH)
        self._taken = {name.casefold() for name in taken}
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 16, 24, 16)
        layout.setSpacing(12)
        layout.addWidget(Label(tr("Save filter"), role="section"))
        self.name = TextLineEdit()
        self.name.setMaxLength(NAME_MAX_LENGTH)
        self.name.setText(proposed)
        self.name.selectAll()
        self.field = Field("Name", self.name, HELP_TEXT)
        self.name.textChanged.connect(lambda _text: self._validate())
        layout.addWidget(self.field)
        foot = QHBoxLayout()
        foot.setSpacing(8)
        foot.addStretch(1)
        self.save_button = buttons.primary("Save filter")
        self.save_button.setDefault(True)
        self.save_button.clicked.connect(self.accept)
        out = buttons.secondary("Cancel")
        out.clicked.connect(self.reject)
        foot.addWidget(self.save_button)
        foot.addWidget(out)
        layout.addLayout(foot)
        self._validate()
        self.name.setFocus()

    def _validate(self) -> None:
        text = self.name.text().strip()
        taken = text.casefold() in self._taken
        self.save_button.setEnabled(bool(text) and not taken)
        if taken:
            self.field.set_error(tr("There is a filter of this name"))
        else:
            self.field.set_help(tr(HELP_TEXT))


async def save_filter(
    ctx: "Context", filters: "FilterCatalog", filter_: "Filter", sort: "Sort", proposed: str, parent: QWidget
) -> str | None:
    """Ask for a name and save a filter under it; returns its key, None if it was not saved."""
    taken = {name for _, name in filters.saved} | {filters.name_of(key) for key in filters.filters_by_key}
    dialog = SaveFilterDialog(proposed[:NAME_MAX_LENGTH], taken, parent)
    if not await show_and_wait(dialog):
        return None
    name = dialog.name.text().strip()
    await lazy_imports.ready(ctx, lazy_imports.inbox)
    from services.requests.inbox import saved_filters

    workspace = await ctx.ready()
    try:
        made = await ctx.call(saved_filters.save_filter, workspace.store, name, filter_, sort)
    except ConsoleError as error:
        ctx.show_problem(error.problem)
        return None
    await filters.read()
    ctx.notify(tr("Saved the filter {name}", name=name))
    return made.key
