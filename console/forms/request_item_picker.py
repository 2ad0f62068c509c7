"""Picks a Request Item: searched live on the ServiceNow server, marked when it carries the variables of the contract."""

import asyncio
import uuid
from contextlib import aclosing
from typing import TYPE_CHECKING

from PyQt6.QtCore import QTimer, pyqtSignal

from console.forms.field_editors import Editor, EditorHost
from console.runtime import lazy_imports
from console.widgets.line_editors import PickerButton
from console.widgets.popup_list import PickRow, PopupList
from models.field_values import FieldValues
from models.translation_marks import tr_later
from services.common.errors import ConsoleError
from services.language import tr

if TYPE_CHECKING:
    from services.servicenow.request_item_search import RequestItem

SEARCH_DEBOUNCE_MS = 200
MAX_ITEMS = 200
ICON = "box"
PLACEHOLDER = tr_later("Choose a Request Item")
FIELD_NAMES = ("request_item_id", "request_item_name", "request_item_category")


class RequestItemField(Editor):
    """Edits id, name and category of a Request Item. `shown(item)` is emitted when an item was chosen."""

    shown = pyqtSignal(object)

    def __init__(self, host: EditorHost, name: str) -> None:
        self.button = PickerButton()
        super().__init__(self.button, name, *FIELD_NAMES[1:])
        self._host = host
        self._values: FieldValues = dict.fromkeys(FIELD_NAMES, "")
        self.server_id: uuid.UUID | None = None
        self.popup: PopupList | None = None
        self._items: dict[str, RequestItem] = {}
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(SEARCH_DEBOUNCE_MS)
        self._timer.timeout.connect(self._search)
        self.button.clicked.connect(self.open)
        self._show()

    # -- the value ---------------------------------------------------------------------------------------------

    def read(self) -> FieldValues:
        """Return id, name and category of what is chosen; empty texts when nothing is."""
        return dict(self._values)

    def write(self, values: FieldValues) -> None:
        """Show the item that values name."""
        self._values = {name: values.get(name) or "" for name in FIELD_NAMES}
        self._show()

    def set_other_values(self, values: FieldValues) -> None:
        """Search on the server that is chosen now."""
        server_id = values.get("server_id")
        self.server_id = server_id if isinstance(server_id, uuid.UUID) else None
        self.button.setEnabled(self.server_id is not None)

    def _show(self) -> None:
        name = str(self._values["request_item_name"])
        self.button.set_value(ICON, name or tr(PLACEHOLDER), placeholder=not name)

    def choose(self, item: "RequestItem | None") -> None:
        """Choose an item, as a person does."""
        values = ("", "", "") if item is None else (item.sys_id, item.name, item.category)
        self._values = dict(zip(FIELD_NAMES, values, strict=True))
        self._show()
        self.shown.emit(item)
        self.edited.emit()

    # -- the list ----------------------------------------------------------------------------------------------

    def open(self) -> None:
        """Open the list under the button and begin to search."""
        popup = self.popup
        if popup is None:
            popup = self.popup = PopupList(self.button)
            popup.set_placeholder(tr("Search Request Items on ServiceNow"))
            popup.search_changed.connect(self._typed)
            popup.chosen.connect(self._chosen)
            popup.cancelled.connect(self._stop)
        popup.set_rows([])
        popup.popup()
        self._search()

    def _typed(self, _text: str) -> None:
        if self.popup is not None:
            self.popup.mark_outdated(tr("Searching on ServiceNow"))
        self._timer.start()

    def _stop(self) -> None:
        self._timer.stop()
        self._host.tasks.cancel("search items")

    def _search(self) -> None:
        if self.popup is not None:
            self._host.tasks.start(self._fill(self.popup, self.popup.search_text()), group="search items")

    async def _fill(self, popup: PopupList, text: str) -> None:
        popup.set_state("loading", tr("Searching on ServiceNow"))
        found: dict[str, RequestItem] = {}
        server_id = self.server_id
        if server_id is None:
            return
        try:
            await lazy_imports.ready(self._host.ctx, lazy_imports.servicenow)
            from services.servicenow import request_item_search

            workspace = await self._host.ctx.ready()
            catalogue = request_item_search.Catalogue(await workspace.instance(server_id))
            async with aclosing(catalogue.search(text, limit=MAX_ITEMS)) as batches:
                async for batch in batches:
                    fresh = [item for item in batch if item.sys_id not in found]
                    rows = [popup_row(item) for item in fresh]
                    if found:
                        popup.append_rows(rows)
                    else:
                        popup.set_rows(rows, current=str(self._values[FIELD_NAMES[0]]) or None)
                    found |= {item.sys_id: item for item in fresh}
                    self._items = found
                    await asyncio.sleep(0)  # let the list paint between batches
            doubt = "" if found else (await catalogue.visibility()).sentence
        except ConsoleError as error:
            if not found:
                popup.set_rows([])  # those of other words
            popup.set_state("failed", f"{error.problem.cause} {error.problem.remedy}")
            return
        if not found:
            popup.set_rows([])
            popup.set_state("empty", nothing_found_text(text, doubt))
        elif len(found) >= MAX_ITEMS:
            popup.set_state("cut", tr("First {count}, narrow the search", count=len(found)))
        else:
            popup.set_state("ready", "")

    def _chosen(self, key: str) -> None:
        self._stop()
        self.choose(self._items[key])
        self.button.setFocus()


def nothing_found_text(text: str, doubt: str) -> str:
    """Return what the list says when a search for `text` found nothing; `doubt` says why that proves nothing."""
    if doubt:
        seen = (
            tr("No Request Item seen that matches “{text}”", text=text)
            if text
            else tr("No Request Item seen")
        )
        return f"{seen}. {doubt}"
    return tr("No Request Item matches “{text}”", text=text) if text else tr("No Request Items found")


def contract_text(item: "RequestItem") -> tuple[bool, str]:
    """Return whether an item carries the variables of the contract, and a sentence about it."""
    from services.servicenow.contract import VARIABLES

    met = sum(1 for name in VARIABLES if name in item.variables)
    place = tr(", in {category}", category=item.category) if item.category else ""
    if item.meets_contract:
        return True, tr(
            "Required variables present: {met} of {count} variables{place}",
            met=met,
            count=len(VARIABLES),
            place=place,
        )
    return False, tr(
        "Required variables missing: {met} of {count} variables{place}",
        met=met,
        count=len(VARIABLES),
        place=place,
    )


def popup_row(item: "RequestItem") -> PickRow:
    """Return how an item is listed: its category, and a badge when it carries the contract's variables."""
    caption = " · ".join(part for part in (item.category, item.short_description) if part)
    badge = tr("Required variables present") if item.meets_contract else ""
    if not item.active:
        badge = tr("Not active")
    return PickRow(item.sys_id, item.name, caption, ICON, badge)


def request_item_field(host: EditorHost, name: str) -> Editor:
    """Make an editor for the Request Item of a process."""
    return RequestItemField(host, name)
