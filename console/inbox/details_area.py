"""The area of the details below the list. The pane is created when it is first needed, in a turn of its own."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject, Qt, QTimer, pyqtSignal
from PyQt6.QtWidgets import QSplitter, QWidget

from console.inbox.details_pane import DetailsPane
from console.runtime.window_settings import WindowSettings

if TYPE_CHECKING:
    from services.common.errors import Problem
    from services.requests.details.model import RequestDetails

SPLITTER_SETTING = "requests_splitter"
DEFAULT_HEIGHTS = (440, 300)


class DetailsArea(QObject):
    """Implements `selection_presenter.DetailsView` with a pane in the splitter of the page."""

    command_requested = pyqtSignal(str)
    closed = pyqtSignal()
    find_requested = pyqtSignal()

    def __init__(self, splitter: QSplitter, settings: WindowSettings | None, page: QWidget) -> None:
        super().__init__(page)
        self._splitter, self._settings, self._page = splitter, settings, page
        self._pane: DetailsPane | None = None
        self._is_wanted = False
        """Whether the pane is to be shown as soon as it is there."""
        self._reasons: Mapping[str, str] = {}
        self._in_list = True
        splitter.splitterMoved.connect(lambda *_: self._store_heights())

    @property
    def pane(self) -> DetailsPane:
        """The pane; it is created if it does not exist yet."""
        return self._pane or self._create_pane()

    @property
    def visible_pane(self) -> DetailsPane | None:
        """The pane if it is shown."""
        self.make_wanted()
        return self._shown_pane

    @property
    def _shown_pane(self) -> DetailsPane | None:
        return self._pane if self._pane is not None and self._pane.isVisibleTo(self._page) else None

    def make_wanted(self) -> bool:
        """Create and show the pane if it was opened before it was there; returns whether it was."""
        wanted = self._is_wanted
        if wanted:
            self._create_pane()
        return wanted

    def _create_pane(self) -> DetailsPane:
        self._pane = pane = DetailsPane()
        pane.hide()
        pane.command_requested.connect(self.command_requested)
        pane.closed.connect(self.closed)
        pane.find_requested.connect(self.find_requested)
        self._splitter.addWidget(pane)
        self._splitter.setSizes(list(DEFAULT_HEIGHTS))
        heights = self._settings.bytes(SPLITTER_SETTING) if self._settings is not None else None
        if heights is not None:
            self._splitter.restoreState(heights)
            pane.hide()
        pane.set_reasons(self._reasons)
        pane.set_in_list(self._in_list)
        if self._is_wanted:
            self._is_wanted = False
            pane.show()
        return pane

    def _store_heights(self) -> None:
        if self._settings is not None:
            self._settings.set_bytes(SPLITTER_SETTING, self._splitter.saveState())

    # -- the view of the presenter -----------------------------------------------------------------------------

    @property
    def is_open(self) -> bool:
        """Whether the details are shown."""
        return self._is_wanted or self._shown_pane is not None

    @property
    def has_focus(self) -> bool:
        """Whether the keyboard focus is in the details."""
        pane, focus = self._shown_pane, self._page.focusWidget()
        return pane is not None and focus is not None and pane.isAncestorOf(focus)

    @property
    def answer(self) -> str:
        """The answer for the caller that is shown."""
        return self._pane.answer if self._pane is not None else ""

    @property
    def link(self) -> str:
        """The address of the record that is shown."""
        return self._pane.link if self._pane is not None else ""

    def open(self) -> None:
        """Show the details; a pane that is not there yet is created in a turn of its own, as it has many widgets."""
        if self._pane is not None:
            self._pane.show()
        elif not self._is_wanted:
            self._is_wanted = True
            QTimer.singleShot(1, self.make_wanted)

    def close(self) -> None:
        """Hide and clear the details."""
        self._is_wanted = False
        if self._pane is not None:
            self._pane.hide()
            self._pane.clear()

    def clear(self) -> None:
        """Show nothing of the request before; a pane that is not there yet shows nothing."""
        if self._pane is not None:
            self._pane.clear()

    def show_details(self, details: "RequestDetails", *, fetching: bool, now: datetime) -> None:
        """Show the details of a request; `fetching` says that its instance is being asked meanwhile."""
        self.pane.show_details(details, fetching=fetching, now=now)

    def show_selection_count(self, text: str, about: str) -> None:
        """Show how many requests are selected."""
        self.pane.show_selection_count(text, about)

    def show_failure(self, name: str, problem: "Problem", retry: Callable[[], None]) -> None:
        """Show why the details of a request could not be read."""
        self.pane.show_failure(name, problem, retry)

    def set_actions(self, reasons: Mapping[str, str], *, in_list: bool) -> None:
        """Show which actions are disabled and why, and whether the request is in the list."""
        self._reasons, self._in_list = reasons, in_list
        if self._pane is not None:
            self._pane.set_reasons(reasons)
            self._pane.set_in_list(in_list)

    def focus_answer(self) -> None:
        """Move the keyboard focus to the first button of the details."""
        self.pane.copy_button.setFocus(Qt.FocusReason.TabFocusReason)
