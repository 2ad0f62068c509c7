"""Keeps the details and everything that acts on requests in step with the rows that are selected."""

import uuid
from collections.abc import Mapping
from typing import Any

from PyQt6.QtCore import Qt

from console.inbox import cell_content
from console.inbox.action_availability import disabled_reasons, not_listed_reasons
from console.inbox.details_pane import DetailsPane
from console.inbox.request_as_row import StoredRequestRow
from console.navigation.request_places import ALL
from services.language import plural, tr

FOCUS_REASON = Qt.FocusReason.OtherFocusReason


class SelectionController:
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
            return [StoredRequestRow(self._page.showing.row)]
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
        return self._page.visible_pane is not None and self._page.showing.id is not None and not self.left

    def reasons(self) -> Mapping[str, str]:
        """Return for each act why it cannot be done now; an empty text where it can."""
        page = self._page
        if self.goal is not None:
            return dict.fromkeys(
                disabled_reasons([], 0, page.showing.rights, None), tr("The request is being opened.")
            )
        if self.left:
            return not_listed_reasons(page.showing.row)
        rows = self.rows()
        people = page.showing.people if len(rows) == 1 and rows[0].id == page.showing.id else None
        return disabled_reasons(rows, page.looking.count, page.showing.rights, people)

    def state(self) -> None:
        """Let every button and command say what can be done now."""
        pane = self._page.existing_pane
        if pane is not None:
            pane.set_reasons(self.reasons())
            pane.set_in_list(not self.left)
        self._page.commands_changed.emit()

    def known_approvers(self, rows: list[Any]) -> dict[uuid.UUID, Any]:
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
        elif page.showing.id is None or looking.chosen != (page.showing.id,) or self._is_unfiltered():
            self.hide()
        self.state()

    def looked(self, look: Any) -> bool:
        """Follow what a look found; returns whether another list is to be shown for the request that is opened."""
        if self.goal is not None:
            if self.goal not in look.places:
                return True
            self.goal = None
            self._page.table.setFocus(FOCUS_REASON)
        shown = self._page.showing.id
        self.follow()
        if shown is not None and shown == self._page.showing.id:
            self._page.showing.renew()
        return False

    def _is_unfiltered(self) -> bool:
        """Whether the list has every request: what is not in it is not in the store."""
        return bool(self._page.key == ALL and not self._page.bar.is_active)

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
        still_open = sum(cell_content.is_open(row) for row in rows)
        about = (
            tr("{open} open, {ended} ended", open=still_open, ended=len(rows) - still_open) if rows else ""
        )
        page.pane.show_selection_count(
            plural(count, "{count} request selected", "{count} requests selected"), about
        )
        page.pane.show()

    def hide(self) -> None:
        """Show nothing."""
        page = self._page
        page.showing.clear()
        if page.existing_pane is not None:
            page.existing_pane.hide()
            page.existing_pane.clear()

    def close(self) -> None:
        """Close the details by hand; the selection stays."""
        page = self._page
        pane, focus = page.visible_pane, page.focusWidget()
        inside = pane is not None and focus is not None and pane.isAncestorOf(focus)
        self._closed = True
        self.goal = None
        self.hide()
        if inside:
            page.table.setFocus(FOCUS_REASON)
        self.state()

    def focus_details(self) -> None:
        """Go on from the row to what can be done with it."""
        self._closed = False
        if self._page.visible_pane is None:
            self.follow()
        if self._page.visible_pane is not None:
            self._page.pane.copy_button.setFocus(Qt.FocusReason.TabFocusReason)
