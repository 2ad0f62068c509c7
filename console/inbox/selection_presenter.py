"""Decides what the details show and which actions the selected requests allow. Imports no Qt."""

import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from console.inbox.action_availability import disabled_reasons, not_listed_reasons, same_reason
from console.inbox.request_rows import is_open, row_from_request
from services.language import plural, tr

if TYPE_CHECKING:
    from console.inbox.details_loader import DetailsLoader
    from console.inbox.list_controller import RequestListController
    from console.inbox.row_reader import ListSnapshot
    from services.common.errors import Problem
    from services.requests.details.model import EligibleApprover
    from services.requests.inbox.inbox import RequestRow


class DetailsView(Protocol):
    """The details below the list."""

    @property
    def is_open(self) -> bool:
        """Whether the details are shown."""

    @property
    def has_focus(self) -> bool:
        """Whether the keyboard focus is in the details."""

    @property
    def answer(self) -> str:
        """The answer for the caller that is shown."""

    @property
    def link(self) -> str:
        """The address of the record that is shown."""

    def open(self) -> None:
        """Show the details."""

    def close(self) -> None:
        """Hide and clear the details."""

    def clear(self) -> None:
        """Show nothing of the request before."""

    def show_selection_count(self, text: str, about: str) -> None:
        """Show how many requests are selected."""

    def show_failure(self, name: str, problem: "Problem", retry: Callable[[], None]) -> None:
        """Show why the details of a request could not be read."""

    def set_actions(self, reasons: Mapping[str, str], *, in_list: bool) -> None:
        """Show which actions are disabled and why, and whether the request is in the list."""

    def focus_answer(self) -> None:
        """Move the keyboard focus into the details."""


class SelectionPresenter:
    """Keeps the details, and everything that acts on requests, in step with the selected rows."""

    def __init__(
        self,
        requests: "RequestListController",
        loader: "DetailsLoader",
        view: DetailsView,
        *,
        shows_everything: Callable[[], bool],
        focus_rows: Callable[[], None],
        commands_changed: Callable[[], None],
    ) -> None:
        self._requests, self._loader, self._view = requests, loader, view
        self._shows_everything = shows_everything
        """Whether the list has every request: one that is not in it is not in the store."""
        self._focus_rows, self._commands_changed = focus_rows, commands_changed
        self.target: uuid.UUID | None = None
        """A request that is being opened. No action is available until its row is selected."""
        self._closed = False
        """Whether the user closed the details; they stay closed until other rows are selected."""

    # -- what actions apply to ---------------------------------------------------------------------------------

    def rows(self) -> "list[RequestRow]":
        """Return the requests that an action applies to: the selected ones, as they were read last."""
        rows = list(self._requests.selection.rows) if self.target is None else []
        request = self._loader.request
        if len(rows) == 1 and request is not None and self._loader.request_id == rows[0].id:
            return [row_from_request(request)]
        return rows

    @property
    def shown_left_list(self) -> bool:
        """Whether the request in the details is no longer in the list."""
        shown = self._loader.request_id
        return (
            self.target is None
            and shown is not None
            and all(row.id != shown for row in self._requests.selection.rows)
        )

    @property
    def shows_one(self) -> bool:
        """Whether the details show the one selected request."""
        return self._view.is_open and self._loader.request_id is not None and not self.shown_left_list

    def reasons(self) -> Mapping[str, str]:
        """Return for each action why it cannot be done now, an empty text if it can."""
        if self.target is not None:
            return same_reason(tr("The request is being opened."))
        if self.shown_left_list:
            request = self._loader.request
            return not_listed_reasons(row_from_request(request) if request is not None else None)
        return disabled_reasons(self.rows(), self._requests.selection.count)

    def denial_reason(self, rows: "Sequence[RequestRow]") -> str:
        """Return why the account of the server may not decide the one request of `rows`; empty if it may or is not known."""
        if len(rows) != 1 or rows[0].id != self._loader.request_id:
            return ""
        return self._loader.permissions.denial_reason(rows[0].server_id, self._loader.approvers)

    def commands(self) -> set[str]:
        """Return the commands that the selected requests allow now."""
        found = {name for name, reason in self.reasons().items() if not reason}
        if self.shows_one and self._view.answer:
            found.add("copy_answer")
        if self.shows_one and self._view.link:
            found.add("open_in_servicenow")
        return found

    def update_actions(self) -> None:
        """Update every button and command to what can be done now."""
        self._view.set_actions(self.reasons(), in_list=not self.shown_left_list)
        self._commands_changed()

    def known_approvers(self, rows: "Sequence[RequestRow]") -> "dict[uuid.UUID, Sequence[EligibleApprover]]":
        """Return the approvers of those requests whose instance was asked for them, by the id of the request."""
        approvers = self._loader.approvers
        return {
            row.id: approvers for row in rows if approvers is not None and row.id == self._loader.request_id
        }

    # -- what changes ------------------------------------------------------------------------------------------

    def on_user_selected(self) -> None:
        """Follow the user, who selected other rows."""
        self.target = None
        self._closed = False
        self._requests.take_table_selection()
        rows = self._requests.selection.rows
        if len(rows) == 1 and rows[0].id == self._loader.request_id:
            self._loader.show(rows[0].id)  # selected again: old details are fetched again
        self.follow()

    def follow(self) -> None:
        """Show the details of what is selected now."""
        selection = self._requests.selection
        shown = self._loader.request_id
        if self.target is not None or self._closed:
            pass
        elif selection.count > 1:
            self._show_count()
        elif selection.rows:
            self.show(selection.rows[0].id)
        elif selection.count:
            self._loader.clear()  # its row is being read
            self._view.clear()
            self._view.open()
        elif shown is None or selection.ids != (shown,) or self._shows_everything():
            self.hide()
        self.update_actions()

    def on_snapshot(self, snapshot: "ListSnapshot") -> bool:
        """Follow a new snapshot; returns False if the request that is being opened is not in it."""
        if self.target is not None:
            if self.target not in snapshot.positions:
                return False
            self.target = None
            self._focus_rows()
        shown = self._loader.request_id
        self.follow()
        if shown is not None and shown == self._loader.request_id:
            self._loader.reload()
        return True

    # -- the details -------------------------------------------------------------------------------------------

    def open(self, request_id: uuid.UUID) -> None:
        """Show a request while its row is searched for."""
        self.target, self._closed = request_id, False
        self.show(request_id)
        self.update_actions()

    def show(self, request_id: uuid.UUID) -> None:
        """Show the details of one request; they are read unless they are shown already."""
        if request_id != self._loader.request_id:
            self._view.clear()
            self._loader.show(request_id)
        self._view.open()

    def _show_count(self) -> None:
        self._loader.clear()
        selection = self._requests.selection
        rows, count = selection.rows, selection.count
        still_open = sum(is_open(row) for row in rows)
        about = (
            tr("{open} open, {ended} ended", open=still_open, ended=len(rows) - still_open) if rows else ""
        )
        self._view.show_selection_count(
            plural(count, "{count} request selected", "{count} requests selected"), about
        )
        self._view.open()

    def show_failure(self, problem: "Problem") -> bool:
        """Show in the details why they could not be read; returns False if they are closed or show something."""
        if not self._view.is_open or self._loader.details is not None:
            return False
        shown = [row for row in self._requests.selection.rows if row.id == self._loader.request_id]
        self._view.show_failure(shown[0].number if shown else "", problem, self._loader.refetch)
        return True

    def hide(self) -> None:
        """Show no details."""
        self._loader.clear()
        self._view.close()

    def drop(self) -> None:
        """Show no details, and disable what acted on them."""
        self.hide()
        self.update_actions()

    def drop_missing(self) -> None:
        """Show no details of a request that is gone, nor of the rows that were selected before it was asked for."""
        self.target, self._closed = None, True
        self.drop()

    def close(self) -> None:
        """Close the details for the user; the selection stays."""
        had_focus = self._view.has_focus
        self._closed = True
        self.target = None
        self.hide()
        if had_focus:
            self._focus_rows()
        self.update_actions()

    def focus_details(self) -> None:
        """Move the keyboard focus from the row to its details, and open them if they are closed."""
        self._closed = False
        if not self._view.is_open:
            self.follow()
        if self._view.is_open:
            self._view.focus_answer()
