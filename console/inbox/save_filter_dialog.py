"""Keeping what is shown as a filter with a name of its own, for everybody on the store."""

from typing import Any

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

WIDTH, NAME_MAX_LENGTH = 420, 60
HELP_TEXT = tr_later("Stands in the tree under Requests, for everybody on this store")


class SaveFilterDialog(Dialog):
    """Asks what a filter is to be called."""

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
        self.name.textChanged.connect(lambda _text: self._look())
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
        self._look()
        self.name.setFocus()

    def _look(self) -> None:
        text = self.name.text().strip()
        taken = text.casefold() in self._taken
        self.save_button.setEnabled(bool(text) and not taken)
        if taken:
            self.field.set_error(tr("There is a filter of this name"))
        else:
            self.field.set_help(tr(HELP_TEXT))


async def save_current_filter(page: Any) -> None:
    """Ask for a name and keep what `page` shows under it; the page then shows that filter."""
    taken = {name for _, name in page.filters.saved} | {
        page.filters.name_of(key) for key in page.filters.named
    }
    dialog = SaveFilterDialog(_proposed_name(page), taken, page.window())
    filter_, sort = page.filter(), page.sort()
    if not await show_and_wait(dialog):
        return
    name = dialog.name.text().strip()
    await lazy_imports.ready(page.ctx, lazy_imports.inbox)
    from services.requests.inbox import saved_filters

    workspace = await page.ctx.ready()
    try:
        made = await page.ctx.call(saved_filters.save_filter, workspace.store, name, filter_, sort)
    except ConsoleError as error:
        page.ctx.show_problem(error.problem)
        return
    await page.filters.read()
    page.show_filter(made.key)
    page.ctx.notify(tr("Saved the filter {name}", name=name))


def _proposed_name(page: Any) -> str:
    """Return a name made of what narrows the list down."""
    parts = [page.bar.field.text().strip(), page.bar.policy.key]
    return " ".join(part for part in parts if part)[:NAME_MAX_LENGTH]
