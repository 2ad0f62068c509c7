"""Decides what the page of policies shows: rows, counts, foot line, badges, and what stands in place of the table."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from console.policies.policy_rows import (
    COLUMN_ORDER,
    NO_TARGET,
    ChainVerdict,
    Criteria,
    PolicyColumn,
    PolicyFilter,
    PolicyRow,
    count_filters,
    select_rows,
    sort_rows,
    with_verdicts,
)
from models.text_folding import fold_text
from services.language import number, plural, time_or_date, tr

if TYPE_CHECKING:
    from services.common.errors import Problem


class ListState(StrEnum):
    """What stands in the place of the table."""

    LOADING = "loading"
    NO_SERVER = "no server"
    FAILED = "failed"
    """Nothing was ever read, and the server did not answer."""
    EMPTY = "empty"
    NO_MATCH = "no match"
    ROWS = "rows"


@dataclass(frozen=True, slots=True)
class ListSnapshot:
    """What was read for one server: the local copy joined with the stored policies."""

    rows: tuple[PolicyRow, ...] = ()
    read_at: datetime | None = None
    """When the server was last asked for its policies; None: never."""
    complete: bool = False


@dataclass(frozen=True, slots=True)
class ListBadge:
    """A badge behind the title."""

    text: str
    tone: str
    shape: str | None = None


@dataclass(slots=True)
class ListPresenter:
    """The state of the list."""

    has_servers: bool | None = None
    """None until the servers were read."""
    snapshot: ListSnapshot = field(default_factory=ListSnapshot)
    criteria: Criteria = field(default_factory=Criteria)
    column: PolicyColumn = PolicyColumn.PRIORITY
    descending: bool = False
    refreshing: bool = False
    problem: "Problem | None" = None
    """Why the server could not be asked last."""
    verdicts: dict[str, ChainVerdict] = field(default_factory=dict)
    checking: tuple[int, int] | None = None
    """Chains that were checked, and how many there are; None while none are."""

    # -- what happens ------------------------------------------------------------------------------------------

    def choose_server(self) -> None:
        """Forget what was read for another server."""
        self.snapshot = ListSnapshot()
        self.problem, self.refreshing, self.checking = None, False, None
        self.verdicts = {}

    def show_snapshot(self, snapshot: ListSnapshot) -> None:
        """Take what was read from the store."""
        self.snapshot = snapshot

    def sort_by(self, column: int) -> None:
        """Sort by a column; the same one again turns the order round."""
        chosen = COLUMN_ORDER[column]
        self.descending = not self.descending if chosen is self.column else chosen is PolicyColumn.REQUESTS
        self.column = chosen

    # -- what is shown -----------------------------------------------------------------------------------------

    @property
    def all_rows(self) -> list[PolicyRow]:
        """All rows, with what checks of their chains found."""
        return with_verdicts(self.snapshot.rows, self.verdicts)

    def rows(self) -> list[PolicyRow]:
        """Return the rows that are shown, in their order."""
        return sort_rows(select_rows(self.all_rows, self.criteria), self.column, descending=self.descending)

    def state(self) -> ListState:
        """Return what stands in the place of the table."""
        if self.has_servers is False:
            return ListState.NO_SERVER
        if self.snapshot.rows:
            return ListState.ROWS if self.rows() else ListState.NO_MATCH
        if self.snapshot.read_at is not None:
            return ListState.EMPTY
        return ListState.FAILED if self.problem is not None and not self.refreshing else ListState.LOADING

    @property
    def is_stale(self) -> bool:
        """Whether rows are shown that the server did not confirm when it was last asked."""
        return self.problem is not None and bool(self.snapshot.rows)

    def counts(self) -> Mapping[str, str]:
        """Return the count of each filter; none while nothing was read."""
        if not self.snapshot.rows and self.snapshot.read_at is None:
            return dict.fromkeys(PolicyFilter, "")
        return count_filters(self.all_rows)

    def badges(self) -> list[ListBadge]:
        """Return the badges behind the title."""
        rows = self.snapshot.rows
        if not rows and self.snapshot.read_at is None:
            return []
        there = sum(row.on_server for row in rows)
        found = [ListBadge(tr("{count} on Privilege Manager", count=number(there)), "off")]
        planned = sum(row.planned for row in rows)
        if planned:
            text = plural(planned, "{count} plan, not applied", "{count} plans, not applied")
            found.append(ListBadge(text, "notice", "update"))
        return found

    def foot(self) -> str:
        """Return how many rows are shown, whether that is everything, and as of when."""
        snapshot = self.snapshot
        if snapshot.read_at is None and not snapshot.rows:
            return tr("Reading") if self.refreshing else ""
        total = len(snapshot.rows)
        shown = plural(
            total,
            "{shown} of {count} policy",
            "{shown} of {count} policies",
            shown=number(len(self.rows())),
        )
        if snapshot.read_at is None:
            return tr("{policies}, never read from the server", policies=shown)
        time = time_or_date(snapshot.read_at)
        if not snapshot.complete:
            return tr("{policies}, cut off by the server, read at {time}", policies=shown, time=time)
        if self.problem is not None:
            return tr("{policies}, not up to date, read at {time}", policies=shown, time=time)
        return tr("{policies}, complete, read at {time}", policies=shown, time=time)

    def checkable(self) -> list[PolicyRow]:
        """Return the policies whose chains can be checked: those that ask for approval."""
        return [row for row in self.all_rows if row.asks and row.on_server]

    def check_reason(self) -> str:
        """Return why no chain can be checked now, or nothing."""
        if self.checking is not None:
            return tr("Checking {done} of {total}", done=self.checking[0] + 1, total=self.checking[1])
        return "" if self.checkable() else tr("No policy asks for approval")

    def find(self, key: str) -> PolicyRow | None:
        """Return a row by its key, whether it is shown or not."""
        return next((row for row in self.all_rows if row.key == key), None)

    # -- choices -----------------------------------------------------------------------------------------------

    def action_choices(self) -> list[str]:
        """Return the actions that policies have, by name."""
        return _distinct(row.actions for row in self.snapshot.rows)

    def target_choices(self) -> list[tuple[str, str]]:
        """Return key and name of the targets that policies have."""
        found = [(name, name) for name in _distinct(row.targets for row in self.snapshot.rows)]
        if any(row.matches(PolicyFilter.UNTARGETED) for row in self.snapshot.rows):
            found.insert(0, (NO_TARGET, tr("Without targets")))
        return found

    def csv_lines(self) -> list[list[str]]:
        """Return the shown rows for a CSV file, with a line of heads, in English terms."""
        heads = [
            "policy", "status", "priority", "platform", "actions", "approval_actions", "targets", "chain",
            "requests_30_days", "id",
        ]  # fmt: skip
        return [heads, *(_csv_line(row) for row in self.rows())]


def _csv_line(row: PolicyRow) -> list[str]:
    status = "planned" if not row.on_server else "unknown" if row.active is None else ""
    chain = ""
    if row.chain is not None:
        broken = row.chain.broken_at
        chain = f"broken at {broken}" if broken else f"{row.chain.good} of {row.chain.links}"
    return [
        row.name,
        status or ("active" if row.active else "inactive"),
        "" if row.priority is None else str(row.priority),
        row.platform,
        "; ".join(row.actions or ()),
        "; ".join(row.approval_actions or ()),
        "; ".join(row.targets or ()),
        "planned" if row.planned else chain,
        str(row.requests),
        row.item_id,
    ]


def _distinct(lists: Iterable[tuple[str, ...] | None]) -> list[str]:
    names = {name for names in lists for name in names or ()}
    return sorted(names, key=fold_text)
