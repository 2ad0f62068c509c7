"""Saves the filter that is shown under a name, for all users of the store."""

from typing import TYPE_CHECKING

from PyQt6.QtWidgets import QWidget

from console.forms.filter_name_dialog import NAME_MAX_LENGTH, FilterNameDialog
from console.runtime import lazy_imports
from console.runtime.task_runner import show_and_wait
from models.translation_marks import tr_later
from services.common.errors import ConsoleError
from services.language import tr

if TYPE_CHECKING:
    from console.inbox.filter_counts import FilterCatalog
    from console.runtime.context import Context
    from services.requests.inbox.filters import Filter, Sort

HELP_TEXT = tr_later("Stands in the tree under Requests, for everybody on this store")


class SaveFilterDialog(FilterNameDialog):
    """Asks for the name of a filter that all users of the store share."""

    def __init__(self, proposed: str, taken: set[str], parent: QWidget | None = None) -> None:
        super().__init__(proposed, taken, HELP_TEXT, parent)


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
