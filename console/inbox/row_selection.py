"""The selection of the list by the ids of requests, so that it survives rows that come, go and move. Imports no Qt."""

import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from console.inbox.action_availability import MAX_SELECTED

if TYPE_CHECKING:
    from console.inbox.row_reader import ListSnapshot
    from services.requests.inbox.inbox import RequestRow


class RowSelection:
    """The selected requests of a list. Rows may be selected before they were read: `missing` has their positions."""

    def __init__(self) -> None:
        self.ids: tuple[uuid.UUID, ...] = ()
        """The selected requests. A single one that left the list by itself stays until the user selects another."""
        self.current: uuid.UUID | None = None
        """The request with the keyboard focus."""
        self.count = 0
        """How many rows are selected."""
        self.rows: tuple[RequestRow, ...] = ()
        """The selected requests that are in the list, in its order; none while they are read, or above MAX_SELECTED."""
        self.missing: list[int] = []
        """Positions of selected rows that were not read yet."""
        self._rows_by_position: dict[int, RequestRow] = {}

    @property
    def positions(self) -> Sequence[int]:
        """The positions of the selected rows that are known."""
        return list(self._rows_by_position)

    @property
    def ids_to_find(self) -> tuple[uuid.UUID, ...]:
        """The requests to select again after the next read: of more than MAX_SELECTED only the current one."""
        if self.count > MAX_SELECTED and self.current is not None:
            return (self.current,)
        return self.ids

    def clear(self) -> None:
        """Select nothing."""
        self.ids, self.rows, self.current, self.count = (), (), None, 0
        self._rows_by_position, self.missing = {}, []

    def select(
        self,
        ranges: Sequence[tuple[int, int]],
        loaded: Callable[[int], "RequestRow | None"],
        current: uuid.UUID | None,
    ) -> None:
        """Take the ranges of rows that the user selected; `current` is the request with the keyboard focus."""
        self.count = sum(last - first + 1 for first, last in ranges)
        positions = (
            []
            if self.count > MAX_SELECTED
            else [position for first, last in ranges for position in range(first, last + 1)]
        )
        known = {position: loaded(position) or self._rows_by_position.get(position) for position in positions}
        self._rows_by_position = {position: row for position, row in known.items() if row is not None}
        self.missing = [position for position, row in known.items() if row is None]
        self._update(current)

    def add_missing(self, rows: Mapping[int, "RequestRow"], current: uuid.UUID | None) -> None:
        """Take the rows of the missing positions."""
        self._rows_by_position = dict(sorted((self._rows_by_position | dict(rows)).items()))
        self.missing = []
        self._update(current)

    def _update(self, current: uuid.UUID | None) -> None:
        by_id = {} if self.missing else {row.id: row for row in self._rows_by_position.values()}
        self.rows, self.ids = tuple(by_id.values()), tuple(by_id)
        # Without a selection, or with too many rows for one, the current request only has the keyboard focus.
        self.current = (
            current
            if current in by_id or self.count > MAX_SELECTED
            else next(iter(by_id), None if self.count else current)
        )

    def follow(self, snapshot: "ListSnapshot", target: uuid.UUID | None, *, fresh: bool) -> None:
        """Select the same requests in a new snapshot, or `target` if it is there. `fresh`: another filter or order.

        Of several requests those that left the list are no longer selected; a single one is kept unless `fresh`.
        """
        positions = snapshot.positions
        if target is not None and target in positions:
            self.ids, self.current = (target,), target
        else:
            self.ids = self.ids_to_find
        wanted = set(self.ids)
        self.rows = tuple(row for row in snapshot.found_rows if row.id in wanted)
        self._rows_by_position = {positions[row.id]: row for row in self.rows}
        self.missing = []
        self.count = len(self.rows)
        if self.rows or fresh or len(self.ids) > 1:
            self.ids = tuple(row.id for row in self.rows)
        if self.ids and self.current not in self.ids:
            self.current = self.ids[0]

    def moved(self, loaded: Callable[[int], "RequestRow | None"]) -> bool:
        """Whether other requests are at the positions of the selected ones: the list changed since it was read."""
        shown = ((loaded(position), row) for position, row in self._rows_by_position.items())
        return any(here is not None and here.id != row.id for here, row in shown)
