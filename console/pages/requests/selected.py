"""Keeps the details and everything that acts on requests in step with the rows that are selected."""

import uuid
from collections.abc import Mapping
from typing import Any

from PyQt6.QtCore import Qt

from console.inbox.places import ALL
from console.pages.requests import cells
from console.pages.requests.as_row import AsRow
from console.pages.requests.pane import DetailsPane
from console.pages.requests.rights import left_the_list, reasons
from services.language import plural, tr

FOCUS = Qt.FocusReason.OtherFocusReason


class Selected:
    """Says for a page which requests are acted on, and lets the pane show exactly those."""

    def __init__(self, page: Any) -> None:
        self._page = page
        self.goal: uuid.UUID | None = None
        """A request that is being opened; nothing is acted on until its row is selected."""
        self._closed = False
        """Whether the details were closed by hand; they stay so until other rows are selected."""

    # -- what is acted on --------------------------------------------------------------------------------------

    def rows(self) -> list[Any]:
        """Return the requests that an act takes: those that are selected, as they were read last."""
        rows = list(self._page.looking.rows) if self.goal is None else []
        if len(rows) == 1 and self._page.showing.id == rows[0].id and self._page.showing.row is not None:
            return [AsRow(self._page.showing.row)]
        return rows

    @property
    def left(self) -> bool:
        """Whether the request that is shown no longer stands in the list."""
        shown = self._page.showing.id
        return (
            self.goal is None
            and shown is not None
            and all(row.id != shown for row in self._page.looking.rows)
        )

    @property
    def shows_one(self) -> bool:
        """Whether the pane shows the one request that is selected."""
        return self._page.open_pane is not None and self._page.showing.id is not None and not self.left

    def reasons(self) -> Mapping[str, str]:
        """Return for each act why it cannot be done now; an empty text where it can."""
        page = self._page
        if self.goal is not None:
            return dict.fromkeys(
                reasons([], 0, page.showing.rights, None), tr("The request is being opened.")
            )
        if self.left:
            return left_the_list(page.showing.row)
        rows = self.rows()
        people = page.showing.people if len(rows) == 1 and rows[0].id == page.showing.id else None
        return reasons(rows, page.looking.count, page.showing.rights, people)

    def state(self) -> None:
        """Let every button and command say what can be done now."""
        pane = self._page.made_pane
        if pane is not None:
            pane.set_reasons(self.reasons())
            pane.set_in_list(not self.left)
        self._page.commands_changed.emit()

    def people_of(self, rows: list[Any]) -> dict[uuid.UUID, Any]:
        """Return who is asked about requests, of those whose instance was asked."""
        people = self._page.showing.people
        return {row.id: people for row in rows if people is not None and row.id == self._page.showing.id}

    # -- what changes ------------------------------------------------------------------------------------------

    def picked(self) -> None:
        """Follow a person who selected other rows."""
        self.goal = None
        self._closed = False
        self._page.looking.remember()
        rows = self._page.looking.rows
        if len(rows) == 1 and rows[0].id == self._page.showing.id:
            self._page.showing.show(rows[0].id)  # selected once more: what is old is asked for again
        self.follow()

    def follow(self) -> None:
        """Show what is selected now."""
        page, looking = self._page, self._page.looking
        if self.goal is not None or self._closed:
            pass
        elif looking.count > 1:
            self._show_many(looking.count)
        elif looking.rows:
            self.show(looking.rows[0].id)
        elif looking.count:
            page.showing.clear()  # its row is being read
            page.pane.clear()
            page.pane.show()
        elif page.showing.id is None or looking.chosen != (page.showing.id,) or self._finds_all():
            self.hide()
        self.state()

    def looked(self, look: Any) -> bool:
        """Follow what a look found; returns whether another list is to be shown for the request that is opened."""
        if self.goal is not None:
            if self.goal not in look.places:
                return True
            self.goal = None
            self._page.table.setFocus(FOCUS)
        shown = self._page.showing.id
        self.follow()
        if shown is not None and shown == self._page.showing.id:
            self._page.showing.renew()
        return False

    def _finds_all(self) -> bool:
        """Whether the list has every request: what is not in it is not in the store."""
        return bool(self._page.key == ALL and not self._page.bar.narrows)

    # -- the pane ----------------------------------------------------------------------------------------------

    def open(self, request_id: uuid.UUID) -> None:
        """Show a request whose row is looked for."""
        self.goal, self._closed = request_id, False
        self.show(request_id)
        self.state()

    def show(self, request_id: uuid.UUID) -> None:
        """Show one request; it is read unless it is shown already."""
        pane: DetailsPane = self._page.pane
        if request_id != self._page.showing.id:
            pane.clear()
            self._page.showing.show(request_id)
        pane.show()

    def _show_many(self, count: int) -> None:
        page = self._page
        page.showing.clear()
        rows = page.looking.rows
        still_open = sum(cells.is_open(row) for row in rows)
        about = (
            tr("{open} open, {ended} ended", open=still_open, ended=len(rows) - still_open) if rows else ""
        )
        page.pane.show_many(plural(count, "{count} request selected", "{count} requests selected"), about)
        page.pane.show()

    def hide(self) -> None:
        """Show nothing."""
        page = self._page
        page.showing.clear()
        if page.made_pane is not None:
            page.made_pane.hide()
            page.made_pane.clear()

    def close(self) -> None:
        """Close the details by hand; the selection stays."""
        page = self._page
        pane, focus = page.open_pane, page.focusWidget()
        inside = pane is not None and focus is not None and pane.isAncestorOf(focus)
        self._closed = True
        self.goal = None
        self.hide()
        if inside:
            page.table.setFocus(FOCUS)
        self.state()

    def open_again(self) -> None:
        """Go on from the row to what can be done with it."""
        self._closed = False
        if self._page.open_pane is None:
            self.follow()
        if self._page.open_pane is not None:
            self._page.pane.copy_button.setFocus(Qt.FocusReason.TabFocusReason)
