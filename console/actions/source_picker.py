"""Picks the action that is copied: those of the server, and the export of one."""

import uuid

from PyQt6.QtCore import pyqtSignal

from console.forms.field_editors import Editor, EditorHost
from console.runtime import lazy_imports
from console.widgets.line_editors import PickerButton
from console.widgets.popup_list import PickRow, PopupList
from models.field_values import FieldValues
from models.text_folding import fold_text
from services.language import tr

EXPORT_KEY = "export"
ICON = "action"


class SourceActionField(Editor):
    """Edits `copy_of`, the name of an action. `export_wanted` is emitted for the last row of the list."""

    export_wanted = pyqtSignal()

    def __init__(self, host: EditorHost, name: str) -> None:
        self.button = PickerButton()
        super().__init__(self.button, name, "platform")
        self._host = host
        self._value, self._platform = "", ""
        self._server_id: uuid.UUID | None = None
        self._names: list[str] = []
        self.popup: PopupList | None = None
        self.button.clicked.connect(self.open)
        self._show()

    def read(self) -> FieldValues:
        """Return the name, and the platform that came with it."""
        return {"copy_of": self._value, "platform": self._platform}

    def write(self, values: FieldValues) -> None:
        """Show a name."""
        self._value, self._platform = str(values.get("copy_of") or ""), str(values.get("platform") or "")
        self._show()

    def set_other_values(self, values: FieldValues) -> None:
        """Follow the server, whose actions are listed."""
        server_id = values.get("server_id")
        self._server_id = server_id if isinstance(server_id, uuid.UUID) else None

    def choose(self, name: str, platform: str = "") -> None:
        """Choose an action by name, as a person does."""
        if (name, platform or self._platform) != (self._value, self._platform):
            self._value, self._platform = name, platform or self._platform
            self._show()
            self.edited.emit()

    def _show(self) -> None:
        self.button.set_value(ICON, self._value or tr("Choose an action"), placeholder=not self._value)

    # -- the list ----------------------------------------------------------------------------------------------

    def open(self) -> None:
        """Open the list under the button and fill it."""
        if self.popup is None:
            self.popup = PopupList(self.button)
            self.popup.set_placeholder(tr("Search actions"))
            self.popup.search_changed.connect(self._filter)
            self.popup.chosen.connect(self._chosen)
        self._filter("")
        self.popup.popup()
        self._host.tasks.start(self._fill(), group="fill copy_of")

    async def _fill(self) -> None:
        if self._server_id is None:
            self._names = []
        else:
            workspace = await self._host.ctx.ready()
            await lazy_imports.ready(self._host.ctx, lazy_imports.actions)
            from services.actions.server_actions import load_server_actions

            listed = await self._host.ctx.call(load_server_actions, workspace.store, self._server_id)
            self._names = sorted({one.name for one in listed.approval_actions if one.name}, key=str.casefold)
        if self.popup is not None:
            self._filter(self.popup.search_text())

    def _filter(self, text: str) -> None:
        if self.popup is None:
            return
        needle = fold_text(text).strip()
        rows = [PickRow(name, name, "", ICON) for name in self._names if needle in fold_text(name)]
        found = len(rows)
        rows.append(PickRow(EXPORT_KEY, tr("Choose an export…"), "", "plus"))
        self.popup.set_rows(rows, current=self._value or None)
        nothing = tr("No action matches") if needle else tr("No actions were read from the server yet")
        self.popup.set_state("ready" if found else "empty", "" if found else nothing)

    def _chosen(self, key: str) -> None:
        if key == EXPORT_KEY:
            self.export_wanted.emit()
        else:
            self.choose(key)
        self.button.setFocus()


def source_action(host: EditorHost, name: str) -> Editor:
    """Make the picker of the copied action."""
    return SourceActionField(host, name)
