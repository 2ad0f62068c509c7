"""What can be done on the page of an action: choose an export, write the copy, open Import Items, try the window."""

from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject, QUrl
from PyQt6.QtGui import QDesktopServices

from console.actions.approval_type_field import GuidDialog
from console.runtime.import_watch import WaitState
from console.widgets.file_dialog import open_file_dialog
from console.widgets.save_dialog import open_save_dialog
from services.language import tr

if TYPE_CHECKING:
    from console.objects.action import ActionPage

IMPORT_PLACE = "PrivilegeManager/#/item/xml/"
"""The page Import Items, below the base URL of a server."""


class ActionActs(QObject):
    """The acts of one page."""

    def __init__(self, page: "ActionPage") -> None:
        super().__init__(page)
        self._page = page

    def enter_guid(self) -> None:
        """Ask for the GUID of the Approval Type."""
        item = self._page.approval_type.item
        name = item.name if item is not None else ""
        dialog = GuidDialog(
            name, self._page.approval_type.guid, self._page.facts.offered_guid, self._page.window()
        )
        dialog.accepted.connect(lambda: self._page.approval_type.set_guid(dialog.guid))
        dialog.accepted.connect(self._page.show_notes)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def choose_export(self) -> None:
        """Ask for the file of an export."""
        open_file_dialog(
            self._page.window(),
            tr("Choose an export"),
            self.use_export,
            [tr("Exports (*.zip *.xml)"), tr("All files (*)")],
        )

    def use_export(self, path: str) -> None:
        """Read a file as the export."""
        self._page.tasks.start(self._use_export(path), group="export")

    async def _use_export(self, path: str) -> None:
        was_dirty = self._page.session.dirty
        name = await self._page.files.use_export(self._page.facts, self._page.session.id, path)
        if name:
            platform = self._page.facts.export.platform if self._page.facts.export is not None else None
            self._page.source.choose(name, platform or "")
        await self._page.load_facts()
        if not name:
            self._page.layout_view.ensureWidgetVisible(self._page.layout_view.failure)
        elif self._page.session.dirty and not was_dirty and not self._page.session.errors:
            # Only what the export itself says differs: nobody has typed anything that could be thought over.
            self._page.save()

    def write_copy(self) -> None:
        """Ask for a file, and write the copy into it."""
        name = self._page.files.file_name(self._page.session.text("name"))
        kinds = tr("Zip for Import Items (*.zip)")
        open_save_dialog(
            self._page.window(), tr("Write copy"), name, kinds, lambda path: self.write_copy_to(str(path))
        )

    def write_copy_to(self, path: str) -> None:
        """Write the copy into a file, and wait until the server shows it."""
        self._page.tasks.start(self._write_copy(path), group="write")

    async def _write_copy(self, path: str) -> None:
        stored = self._page.stored
        if stored is None:
            return
        await self._page.files.write_copy(stored, path)
        self._page.ctx.notify(tr("Wrote {name}", name=path.replace("\\", "/").rpartition("/")[2]))
        if self._page.ctx.imports is not None and stored.server_id is not None:
            self._page.ctx.imports.watch(stored.id)
        await self._page.load_facts()

    def open_import(self) -> None:
        """Open Import Items of the server in the browser, and wait for the copy."""
        self._page.tasks.start(self._open_import(), group="open")

    async def _open_import(self) -> None:
        address = await self._page.files.base_url(self._page.session.reference("server_id"))
        if address:
            QDesktopServices.openUrl(QUrl(address + IMPORT_PLACE))
        if self._page.waiting.state is WaitState.NONE and self._page.copy_state.is_written:
            self.ask_now()

    def ask_now(self) -> None:
        """Ask the server now, and wait on."""
        if self._page.ctx.imports is not None:
            self._page.ctx.imports.watch(self._page.session.id)

    def try_window(self) -> None:
        """Open the window as a working dialog."""
        self._page.tasks.start(self._try_window(), group="try")

    async def _try_window(self) -> None:
        from console.endpoint.endpoint_dialog import open_endpoint_window

        await open_endpoint_window(self._page.ctx, self._page.session.id, parent=self._page)
