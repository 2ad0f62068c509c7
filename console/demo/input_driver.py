"""A hand on mouse and keyboard: real clicks and keys on the real window, counted."""

import asyncio
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol, TypeAlias, TypeVar, cast

from PyQt6.QtCore import QPoint, Qt
from PyQt6.QtGui import QContextMenuEvent
from PyQt6.QtWidgets import (
    QApplication,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QLineEdit,
    QMenu,
    QPushButton,
    QWidget,
)

from console.demo import synthetic_input
from console.forms.object_page import ObjectPage
from console.navigation.tree_model import object_key
from console.shell.main_window import Window
from console.widgets.popup_list import PopupList

KEY_S = 0.01
"""Between two keys, for people who look."""
T = TypeVar("T")
DialogType = TypeVar("DialogType", bound=QDialog)
Shown: TypeAlias = Any  # Any: each kind has a page and an object of its own class


class NotObservedError(Exception):
    """Something that had to be seen was not."""


class _Picker(Protocol):
    """An editor that opens a list."""

    @property
    def button(self) -> QPushButton:
        """Opens the list."""

    @property
    def popup(self) -> PopupList | None:
        """The list, once it was opened."""


class WindowDriver:
    """Clicks and types like a person; `clicks` and `fields` count what a person would."""

    def __init__(self, window: Window) -> None:
        self.window = window
        self.clicks = 0
        self.fields = 0
        self.pause_s = 0.0
        """How long to wait before each click, for people who look."""

    # -- waiting -----------------------------------------------------------

    async def until(self, what: str, condition: Callable[[], T | None], seconds: float = 15.0) -> T:
        """Wait until `condition` is true and return it; raises NotObservedError with `what` in words."""
        ends = time.monotonic() + seconds
        while True:
            found = condition()
            if found:
                return found
            if time.monotonic() > ends:
                raise NotObservedError(f"not seen within {seconds:.0f} s: {what}")
            await asyncio.sleep(0.01)

    async def dialog(self, what: str, kind: type[DialogType]) -> DialogType:
        """Wait for a dialog of the window and return it; `what` says in words which one."""

        def find() -> DialogType | None:
            found = self.window.findChildren(kind, options=Qt.FindChildOption.FindDirectChildrenOnly)
            return next((one for one in found if one.isVisible()), None)

        return await self.until(what, find)

    # -- mouse and keyboard ------------------------------------------------

    async def click(self, widget: QWidget, where: QPoint | None = None) -> None:
        """Click a widget that can be seen and used."""
        await self.until(
            f"{widget.accessibleName() or type(widget).__name__} can be clicked",
            lambda: widget.isVisible() and widget.isEnabled(),
        )
        self.clicks += 1
        if self.pause_s:
            await asyncio.sleep(self.pause_s)
        synthetic_input.click(widget, where)
        await asyncio.sleep(0)

    async def press(self, text: str, root: QWidget | None = None) -> None:
        """Click the button with this text on the shown page (or below `root`)."""
        await self.click(await self.button(text, root))

    async def button(self, text: str, root: QWidget | None = None) -> QPushButton:
        """Return the visible button with this text."""

        def find() -> QPushButton | None:
            # The other open pages have as many buttons again, and looking for one is no work of the window.
            place: QWidget = root or self.window.page or self.window.pages
            found: list[QPushButton] = place.findChildren(QPushButton)
            return next((b for b in found if b.text() == text and b.isVisible()), None)

        return await self.until(f"a button “{text}”", find)

    async def type(self, widget: QWidget, text: str) -> None:
        """Put the keyboard into a field, replace what stands there, and count the field."""
        await self.until("the field can be typed into", widget.isVisible)
        widget.setFocus(Qt.FocusReason.TabFocusReason)
        synthetic_input.select_all(widget)
        for letter in text:
            synthetic_input.type_text(widget, letter)
            await asyncio.sleep(self.pause_s and KEY_S)
        self.fields += 1
        await asyncio.sleep(0)

    # -- the window's parts ------------------------------------------------

    async def menu(self, key: str, *way: str) -> None:
        """Right-click a node of the tree and follow its menu by texts."""
        viewport, where = self._row(key)
        event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, where, viewport.mapToGlobal(where))
        self.clicks += 1
        QApplication.sendEvent(viewport, event)
        for text in way:
            await self._choose(text)

    async def _choose(self, text: str) -> None:
        """Click an entry of an open menu."""
        menu = await self.until(f"the menu with “{text}”", lambda: _find_menu(text))
        action = next(a for a in menu.actions() if a.text() == text)
        await self.click(menu, menu.actionGeometry(action).center())

    async def open(self, kind: str, object_id: uuid.UUID) -> None:
        """Click an object in the tree."""
        await self.click(*self._row(object_key(kind, object_id)))

    def _row(self, key: str) -> tuple[QWidget, QPoint]:
        """Scroll to a row of the tree and return the widget that shows it and the middle of the row."""
        navigation = self.window.navigation
        node, viewport = navigation.model.node(key), navigation.tree.viewport()
        if node is None or viewport is None:
            raise NotObservedError(f"the tree has no row {key}")
        index = navigation.proxy.mapFromSource(navigation.model.index_of(node))
        navigation.tree.scrollTo(index)
        return viewport, navigation.tree.visualRect(index).center()

    @property
    def object_page(self) -> ObjectPage:
        """The shown page of an object."""
        page = self.window.page
        if not isinstance(page, ObjectPage):
            raise NotObservedError("no page of an object is shown")
        return page

    async def pick(self, field: str, text: str) -> None:
        """Open a picker of the shown page and click the row with this name."""
        await self.pick_from(cast("_Picker", self.object_page.form.field(field).editor), text)

    async def pick_from(self, editor: _Picker, text: str) -> None:
        """Open a picker and click the row with this name."""
        await self.click(editor.button)
        popup = await self.until(
            "the list is open",
            lambda: editor.popup if editor.popup is not None and editor.popup.isVisible() else None,
        )
        place = await self.until(
            f"“{text}” in the list",
            lambda: next((i + 1 for i, row in enumerate(popup.rows) if row.text == text), 0),
        )
        index = popup.model.index(place - 1)
        popup.view.scrollTo(index)
        viewport = popup.view.viewport()
        if viewport is None:
            raise NotObservedError("the list has no rows")
        await self.click(viewport, popup.view.visualRect(index).center())

    async def fill(self, field: str, text: str) -> None:
        """Type into a field of the shown page."""
        await self.type(self.object_page.form.field(field).editor.focus_target, text)

    async def accept_file(self, dialog: QFileDialog, file: Path) -> None:
        """Enter a file into a dialog of files, and press its button."""
        line = dialog.findChild(QLineEdit, "fileNameEdit")
        box = dialog.findChild(QDialogButtonBox, "buttonBox")
        if line is None or box is None:
            raise NotObservedError("the dialog of files is not one of Qt")
        line.setText(str(file))
        self.fields += 1
        accepting = (QDialogButtonBox.ButtonRole.AcceptRole,)
        button = next(one for one in box.buttons() if box.buttonRole(one) in accepting)
        await self.click(button)

    async def page(self, kind: str) -> Shown:
        """Wait for a loaded page of a kind and return it."""

        def shown() -> Shown:
            page = self.window.page
            ready = (
                page is not None
                and page.kind == kind
                and getattr(getattr(page, "session", None), "ready", True)
            )
            return page if ready else None

        return await self.until(f"the page {kind}", shown)

    async def saved(self) -> Shown:
        """Wait until the shown object is stored, and return it."""
        session = self.object_page.session
        await self.until(
            "the object is saved", lambda: not session.is_new and not session.dirty and not session.saving
        )
        return session.item


def _find_menu(text: str) -> QMenu | None:
    menus = [w for w in QApplication.topLevelWidgets() if isinstance(w, QMenu) and w.isVisible()]
    return next((m for m in menus if any(a.text() == text for a in m.actions())), None)
