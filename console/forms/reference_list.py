"""Picks several objects of the store: a row for each chosen one, and a button that adds one more."""

import uuid
from typing import TYPE_CHECKING

from PyQt6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from console.forms.field_editors import Editor, EditorFactory, EditorHost
from console.forms.reference_picker import ReferenceField
from console.widgets import buttons
from console.widgets.labels import ElidedLabel, IconLabel
from models.field_values import FieldValues
from models.kinds import KINDS, Kind
from models.reference_lists import dump_references, load_references
from services.language import tr

if TYPE_CHECKING:
    from models.base import ConfigurationObject

ICON_SIZE = 16


class ReferenceListField(Editor):
    """Edits the ids of several objects of one kind, in their order."""

    def __init__(self, host: EditorHost, name: str, kind: Kind) -> None:
        super().__init__(QWidget(), name)
        self._host = host
        self._kind = kind
        self._ids: list[uuid.UUID] = []
        self._names: dict[uuid.UUID, str] = {}
        self._picker = ReferenceField(host, name, kind, optional=False)
        self._picker.edited.connect(self._add)
        self._rows = QVBoxLayout()
        self._rows.setContentsMargins(0, 0, 0, 0)
        self._rows.setSpacing(4)
        layout = QVBoxLayout(self.widget)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addLayout(self._rows)
        layout.addWidget(self._picker.button)
        self._clear_picker()

    @property
    def focus_target(self) -> QWidget:
        """Return the button that adds an object."""
        return self._picker.button

    @property
    def picker(self) -> ReferenceField:
        """The picker that adds an object."""
        return self._picker

    def read(self) -> FieldValues:
        """Return the ids, as the field stores them."""
        return {self.names[0]: dump_references(self._ids)}

    def write(self, values: FieldValues) -> None:
        """Show the objects with these ids; their names are read in a thread."""
        try:
            wanted = load_references(str(values.get(self.names[0]) or "[]"))
        except ValueError:
            wanted = []
        if wanted != self._ids or not self._names.keys() >= set(wanted):
            self._ids = wanted
            self._host.tasks.start(self._read_names(), group=f"read {self.names[0]}")
        self._show()

    async def _read_names(self) -> None:
        workspace = await self._host.ctx.ready()
        items = await self._host.ctx.call(workspace.configuration.all, self._kind)
        self._names = {item.id: item.name for item in items}
        self._show()

    def _add(self) -> None:
        item = self._picker.item
        if item is not None and item.id not in self._ids:
            self._remember(item)
            self._ids.append(item.id)
            self._show()
            self.edited.emit()
        self._clear_picker()

    def _remember(self, item: "ConfigurationObject") -> None:
        self._names[item.id] = item.name

    def _remove(self, object_id: uuid.UUID) -> None:
        self._ids.remove(object_id)
        self._show()
        self._picker.button.setFocus()
        self.edited.emit()

    def _clear_picker(self) -> None:
        info = KINDS[self._kind]
        self._picker.write({self.names[0]: None})
        self._picker.button.set_value("plus", tr("Add {kind}…", kind=tr(info.singular)), placeholder=True)

    def _show(self) -> None:
        while (entry := self._rows.takeAt(0)) is not None:
            row = entry.widget()
            if row is not None:
                row.hide()
                row.deleteLater()
        for object_id in self._ids:
            self._rows.addWidget(self._make_row(object_id))

    def _make_row(self, object_id: uuid.UUID) -> QWidget:
        name = self._names.get(object_id, "")
        row = QWidget()
        layout = QHBoxLayout(row)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addWidget(IconLabel(KINDS[self._kind].icon, ICON_SIZE))
        layout.addWidget(ElidedLabel(name), 1)
        remove = buttons.small(tr("Remove"))
        remove.setAccessibleName(tr("Remove {name}", name=name))
        remove.clicked.connect(lambda: self._remove(object_id))
        layout.addWidget(remove)
        return row


def reference_list(kind: Kind) -> EditorFactory:
    """Return the factory of an editor for references to several objects of `kind`."""
    return lambda host, name: ReferenceListField(host, name, kind)
