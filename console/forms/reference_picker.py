"""Picks an object of the store: a button that shows the chosen one, and a searchable list under it."""

import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from PyQt6.QtCore import pyqtSignal

from console.forms.field_editors import Editor, EditorFactory, EditorHost
from console.widgets.line_editors import PickerButton
from console.widgets.popup_list import PickRow, PopupList
from models.field_values import FieldValues
from models.kinds import KINDS, Kind
from models.text_folding import fold_text
from services.language import tr

if TYPE_CHECKING:
    from models.base import ConfigurationObject

T = TypeVar("T", bound="ConfigurationObject")

NEW_KEY = "new"
NONE_KEY = "none"


class ReferenceField(Editor):
    """Edits the id of another object. `shown(item)` is emitted when the chosen object was read, with None when unset."""

    shown = pyqtSignal(object)

    def __init__(
        self,
        host: EditorHost,
        name: str,
        kind: Kind,
        *,
        optional: bool = True,
        accepts: "Callable[[ConfigurationObject], bool] | None" = None,
    ) -> None:
        """Edit the field `name`; the list has those objects of `kind` that `accepts` takes, without it all of them."""
        info = KINDS[kind]
        self.button = PickerButton()
        super().__init__(self.button, name)
        self._host = host
        self.kind = kind
        self._optional, self._accepts = optional, accepts
        self._id: uuid.UUID | None = None
        self.item: ConfigurationObject | None = None
        self._items: dict[str, ConfigurationObject] = {}
        self.popup: PopupList | None = None
        self.button.set_value(info.icon, tr("Choose a {kind}", kind=tr(info.singular)), placeholder=True)
        self.button.clicked.connect(self.open)

    # -- the value ---------------------------------------------------------------------------------------------

    def read(self) -> FieldValues:
        """Return the id of what is chosen."""
        return {self.names[0]: self._id}

    def write(self, values: FieldValues) -> None:
        """Show the object with this id; its name is read in a thread."""
        value = values.get(self.names[0])
        wanted = value if isinstance(value, uuid.UUID) else None
        if wanted != self._id or (wanted is not None and self.item is None):
            self._id = wanted
            self.reload_item()

    def reload_item(self) -> None:
        """Read the chosen object again, as after a change of it."""
        self._host.tasks.start(self._read(), group=f"read {self.names[0]}")

    async def _read(self) -> None:
        from services.common.errors import ConsoleError

        item, wanted = None, self._id
        if wanted is not None:
            workspace = await self._host.ctx.ready()
            try:
                item = await self._host.ctx.call(workspace.configuration.get, self.kind, wanted)
            except ConsoleError:
                item = None  # deleted meanwhile; the store's rules say so beside the field
        if wanted == self._id:  # else another was chosen while this one was read
            self._show(item)

    def _show(self, item: "ConfigurationObject | None") -> None:
        self.item = item
        info = KINDS[self.kind]
        if item is None:
            self.button.set_value(info.icon, tr("Choose a {kind}", kind=tr(info.singular)), placeholder=True)
        else:
            self.button.set_value(info.icon, item.name, badge=tr(item.badge))
        self.shown.emit(item)

    def choose(self, item: "ConfigurationObject | None") -> None:
        """Choose an object, as a person does."""
        self._id = None if item is None else item.id
        self._show(item)
        self.edited.emit()

    def item_as(self, model: type[T]) -> T | None:
        """Return the chosen object if it is one of `model`, else None."""
        return self.item if isinstance(self.item, model) else None

    # -- the list ----------------------------------------------------------------------------------------------

    def open(self) -> None:
        """Open the list under the button and fill it."""
        info = KINDS[self.kind]
        popup = self.popup
        if popup is None:
            popup = self.popup = PopupList(self.button)
            popup.set_placeholder(tr("Search {kinds}", kinds=tr(info.plural)))
            popup.search_changed.connect(self._search)
            popup.chosen.connect(self._chosen)
        popup.set_rows([])
        popup.set_state("loading", tr("Reading {kinds}", kinds=tr(info.plural)))
        popup.popup()
        self._host.tasks.start(self._fill(popup), group=f"fill {self.names[0]}")

    async def _fill(self, popup: PopupList) -> None:
        workspace = await self._host.ctx.ready()
        items = await self._host.ctx.call(workspace.configuration.all, self.kind)
        shown = [one for one in items if self._accepts is None or self._accepts(one)]
        self._items = {str(i.id): i for i in sorted(shown, key=lambda i: i.name.casefold())}
        self._filter(popup, popup.search_text())

    def _search(self, text: str) -> None:
        if self.popup is not None:
            self._filter(self.popup, text)

    def _filter(self, popup: PopupList, text: str) -> None:
        needle = fold_text(text).strip()
        info = KINDS[self.kind]
        rows = [
            PickRow(key, item.name, item.caption, info.icon, tr(item.badge))
            for key, item in self._items.items()
            if needle in fold_text(f"{item.name} {item.caption}")
        ]
        found = len(rows)
        if self._optional and self._id is not None and not needle:
            rows.append(PickRow(NONE_KEY, tr("None"), "", "cross", ""))
        if self._host.ctx.create_object is not None:
            rows.append(PickRow(NEW_KEY, tr("New {kind}…", kind=tr(info.singular)), "", "plus", ""))
        popup.set_rows(rows, current=str(self._id) if self._id else None)
        nothing = (
            tr("No {kind} matches", kind=tr(info.singular))
            if needle
            else tr("No {kinds} yet", kinds=tr(info.plural))
        )
        popup.set_state("ready" if found else "empty", "" if found else nothing)

    def _chosen(self, key: str) -> None:
        if key == NEW_KEY:
            self._host.tasks.start(self._make(), group=f"new {self.names[0]}")
        elif key == NONE_KEY:
            self.choose(None)
        else:
            self.choose(self._items[key])
        self.button.setFocus()

    async def _make(self) -> None:
        create = self._host.ctx.create_object
        created = await create(self.kind, self.button.window()) if create is not None else None
        if created is not None:
            self.choose(created)
        self.button.setFocus()


def reference_field(kind: Kind, *, optional: bool = True) -> EditorFactory:
    """Return the factory of an editor for a reference to `kind`."""
    make: Callable[[EditorHost, str], Editor] = lambda host, name: ReferenceField(  # noqa: E731 - a factory is a value
        host, name, kind, optional=optional
    )
    return make
