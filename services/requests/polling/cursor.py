"""Where the following of one instance stands: what the next look asks for, and what is still to be learnt.

Only memory and no calls. What must outlive the process is told by `position`: from which time of the instance on changes
are still to be seen. Everything else is found out again.
"""

import hashlib
import json
import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from services.requests.polling.poll_query import (
    NAMED_RECORDS_MAX,
    PAGE_SIZE_MAX,
    Partition,
    PollQuery,
    matches_open_query,
)
from services.requests.records.item_fields import APPROVAL_TABLE, ITEM_TABLE, VARIABLE_TABLE
from services.requests.records.requested_item import RequestedItem
from services.servicenow.contract import VARIABLES

OVERLAP_S = 60.0
"""A record is stamped when it is changed, and seen when that is committed: so much later at most."""
FIRST_POLL_LOOKBACK = timedelta(hours=24)
"""Decisions that the first look of all reads besides the open requests."""
ITEMS_PER_PARTITION = 100
"""Open requests that a look reads again besides what has changed, one part of them after the other."""
POLLS_BETWEEN_APPROVAL_POLLS = 10
"""Looks between two that ask for approvals although no request is new: somebody may be asked in place of another."""
APPROVALS_PER_PARTITION = 2500
"""Requests whose approvals are read at once: several people may be asked for each."""
APPROVALS_PER_PARTITION_MIN = 100
READ_ATTEMPTS_MAX = 2
CLOCK_SKEW_MAX_S = 120.0
UNREADABLE_RETRY_S = 3600.0
PROOF_VALID_S = 3600.0
"""For so long a row that was shown proves that the account sees rows of this kind."""
PROBE_INTERVAL_S = 600.0
"""Between two looks whether the account sees any row, while it is shown none."""
PAGE_SIZE_MIN = 500


@dataclass(slots=True)
class PollCursor:
    """What one process knows of the following of one instance."""

    since: datetime | None = None
    whole: bool = False
    """Whether every open request was looked at once."""
    part: Partition = field(default_factory=Partition)
    after: str = ""
    """The last sys_id of a look that is not at its end."""
    listed: set[str] = field(default_factory=set)
    open: set[str] = field(default_factory=set)
    read: set[str] = field(default_factory=set)
    """Records whose variables are known."""
    asked: dict[str, datetime | None] = field(default_factory=dict)
    """Records whose approvers are known, and the stamp that the record had then."""
    unread: dict[str, int] = field(default_factory=dict)
    unasked: dict[str, int] = field(default_factory=dict)
    missing: dict[str, int] = field(default_factory=dict)
    """Open requests that a look should have listed and did not: named in the next one."""
    gone: list[str] = field(default_factory=list)
    """Those that were not there when they were named."""
    hidden: bool = False
    unseen: set[str] = field(default_factory=set)
    """Open requests that were named and not given: deleted, or hidden from the account."""
    includes_variables: bool = True
    page_size: int = PAGE_SIZE_MAX
    approvals_since: datetime | None = None
    approvals_partition: Partition | None = None
    """The part of all requests whose approvers are read next, where too many are unknown to name them."""
    approvals_per_partition: int = APPROVALS_PER_PARTITION
    last: str = ""
    last_detail_table: str = ""
    polls_since_approvals: int = 0
    _started: float = 0.0
    _ahead: float | None = None
    _shown_at: float | None = None
    _probed_at: float | None = None
    _signs_in: str = ""
    _unreadable_until: dict[str, float] = field(default_factory=dict)

    # -- the next look ---------------------------------------------------------

    def readable(self, table: str, monotonic: float) -> bool:
        """Whether the account was not refused a table lately."""
        return self._unreadable_until.get(table, -math.inf) <= monotonic

    def refuse(self, table: str, monotonic: float) -> None:
        """Leave a table alone for an hour, because the account may not read it."""
        self._unreadable_until[table] = monotonic + UNREADABLE_RETRY_S

    def choose(self, monotonic: float) -> str:
        """Return the table that the next look asks.

        Never twice in a row another than that of the requested items: what nobody is asked for is seen there alone.
        """
        if self.after or not self.whole or self.last != ITEM_TABLE or self.missing:
            return ITEM_TABLE
        return self.further(monotonic) or ITEM_TABLE

    def further(self, monotonic: float) -> str:
        """Return the table that tells what is still unknown of requests that were seen, or nothing."""
        due = self.open and self.polls_since_approvals >= POLLS_BETWEEN_APPROVAL_POLLS
        wanted = {VARIABLE_TABLE: bool(self.unread), APPROVAL_TABLE: bool(self.unasked or due)}
        found = [
            table for table, is_wanted in wanted.items() if is_wanted and self.readable(table, monotonic)
        ]
        if len(found) > 1:
            found.remove(self.last_detail_table or APPROVAL_TABLE)
        return found[0] if found else ""

    def wish(self, table: str, cat_items: tuple[str, ...], now: datetime) -> PollQuery:
        """Return what a look at `table` asks for."""
        since = self.since or now - FIRST_POLL_LOOKBACK
        if table == ITEM_TABLE:
            # Once more from the start of a look that was cut: its named records came with its first part.
            return PollQuery(cat_items, since, self.part, tuple(sorted(self.missing))[:NAMED_RECORDS_MAX])
        if table == VARIABLE_TABLE:
            # As many as can be answered whole, with as much room for what has changed.
            most = max(1, self.page_size // (2 * len(VARIABLES)))
            return PollQuery(cat_items, since, None, tuple(self.unread)[: min(NAMED_RECORDS_MAX, most)])
        since = self.approvals_since or since
        if self.approvals_partition is None and len(self.unasked) > NAMED_RECORDS_MAX:
            self.approvals_partition = Partition(
                0, math.ceil(len(self.unasked) / self.approvals_per_partition)
            )
        if self.approvals_partition is not None:
            return PollQuery(cat_items, since, self.approvals_partition)
        return PollQuery(cat_items, since, None, tuple(self.unasked)[:NAMED_RECORDS_MAX])

    def begin(self, monotonic: float) -> None:
        """Note when a look begins: what is changed from now on belongs to the next one."""
        if not self.after:
            self._started = monotonic
            self.listed.clear()

    # -- whether empty means that there is nothing -------------------------------

    def note_account(self, signs_in: str) -> None:
        """Forget what was shown to another account."""
        if signs_in != self._signs_in:
            self._signs_in, self._shown_at, self._probed_at = signs_in, None, None

    def note_rows(self, count: int, monotonic: float) -> None:
        """Take in how many requested items a look was shown."""
        if count:
            self._shown_at = monotonic

    def note_probed(self, monotonic: float, *, shown: bool) -> None:
        """Take in what a look at all requested items said, which was made because none was shown for long."""
        self._probed_at = monotonic
        self._shown_at = monotonic if shown else None

    def is_shown(self, monotonic: float) -> bool:
        """Whether an empty look proves that there is nothing: the account was shown requested items lately."""
        return self._shown_at is not None and monotonic - self._shown_at <= PROOF_VALID_S

    def needs_probe(self, monotonic: float) -> bool:
        """Whether it is to be found out if the account sees requested items at all."""
        if not self.whole or self.after or self.is_shown(monotonic):
            return False
        return self._probed_at is None or monotonic - self._probed_at >= PROBE_INTERVAL_S

    # -- what it saw -----------------------------------------------------------

    def note(self, table: str, wish: PollQuery, items: Iterable[RequestedItem]) -> None:
        """Take in what a page of a look said of requested items."""
        for item in items:
            key = item.sys_id
            if table == ITEM_TABLE:
                self.listed.add(key)
                self.missing.pop(key, None)
                self.unseen.discard(key)
            if item.variables:
                self.read.add(key)
                self.unread.pop(key, None)
            if not matches_open_query(item):
                self._drop_item(key)
                continue
            self.open.add(key)
            if key not in self.read and table == ITEM_TABLE:
                self.unread.setdefault(key, 0)
            self._update_approvers(item)
        if table == VARIABLE_TABLE:
            self._count_attempts(self.unread, wish.named, self.read)

    def _update_approvers(self, item: RequestedItem) -> None:
        key = item.sys_id
        if item.has_approvals:
            self.asked[key] = item.changed_at
            self.unasked.pop(key, None)
        elif key not in self.asked or self.asked[key] not in (None, item.changed_at):
            self.unasked.setdefault(key, 0)

    def _drop_item(self, key: str) -> None:
        self.open.discard(key)
        self.read.discard(key)
        self.asked.pop(key, None)
        for wanted in (self.unread, self.unasked, self.missing):
            wanted.pop(key, None)

    def _count_attempts(self, wanted: dict[str, int], named: Iterable[str], known: set[str]) -> None:
        for key in named:
            if key in wanted:
                wanted[key] += 1
                if wanted[key] >= READ_ATTEMPTS_MAX:
                    del wanted[key]
                    known.add(key)

    def end(self, table: str, wish: PollQuery, monotonic: float, newest: float | None) -> None:
        """Take in that a look is complete. `newest` is the latest stamp it saw, in seconds since 1970."""
        if newest is not None:
            ahead = newest - monotonic
            self._ahead = ahead if self._ahead is None else max(self._ahead, ahead)
        until = self._complete_until()
        self._remember_table(table)
        self.polls_since_approvals += 1
        if table == APPROVAL_TABLE:
            self._end_approvals(wish, until)
        elif table == ITEM_TABLE:
            self._end_items(wish, until)

    def _remember_table(self, table: str) -> None:
        self.last = table
        if table != ITEM_TABLE:
            self.last_detail_table = table

    def _complete_until(self) -> datetime | None:
        """Return a time of the instance before which everything has been seen by the look that is at its end."""
        if self._ahead is None:
            return None
        return datetime.fromtimestamp(self._started + self._ahead - OVERLAP_S, UTC).replace(microsecond=0)

    def _end_items(self, wish: PollQuery, until: datetime | None) -> None:
        self.after = ""
        if until is not None:
            # The first look began at a time by this machine's clock, which may be far from the instance's.
            self.since = until if self.since is None else max(until, self.since)
        for key in wish.named:
            # It was asked for by name and not given.
            if key in self.missing:
                del self.missing[key]
                self.open.discard(key)
                self.gone.append(key)
                self.unseen.add(key)
        if wish.part is not None:
            unlisted = {key for key in self.open if wish.part.holds(key)} - self.listed
            for key in unlisted:
                self.missing.setdefault(key, 0)
        self._advance_partition()

    def _advance_partition(self) -> None:
        of = max(1, math.ceil(len(self.open) / ITEMS_PER_PARTITION))
        number = self.part.number + 1
        if not self.whole or number >= self.part.of:
            self.part = Partition(0, of)
        else:
            self.part = Partition(number, self.part.of)
        self.whole = True

    def _end_approvals(self, wish: PollQuery, until: datetime | None) -> None:
        self.polls_since_approvals = 0
        if until is not None:
            self.approvals_since = max(until, self.approvals_since or until)
        told: Iterable[str] = wish.named
        part = wish.part
        if part is not None:
            told = [key for key in self.unasked if part.holds(key)]
            self.approvals_partition = (
                Partition(part.number + 1, part.of) if part.number + 1 < part.of else None
            )
        for key in told:
            # Nobody is asked for it, as far as this account sees.
            if self.unasked.pop(key, None) is not None:
                self.asked[key] = None

    def cut(self, table: str, last: str) -> None:
        """Take in that a page was full: of the requested items more follow, of others less is asked for at once."""
        if table == ITEM_TABLE:
            self.after = last
        else:
            if table == APPROVAL_TABLE:
                self.approvals_per_partition = max(
                    APPROVALS_PER_PARTITION_MIN, self.approvals_per_partition // 2
                )
                self.approvals_partition = None
            self._remember_table(table)

    def reduce_page_size(self) -> None:
        """Ask for less at once from now on: the instance cut the answer off."""
        if self.includes_variables:
            self.includes_variables = False
        else:
            self.page_size = max(PAGE_SIZE_MIN, self.page_size // 2)

    # -- across processes ------------------------------------------------------

    def position(self, address: str) -> str:
        """Return what the next process must know about the instance at `address`, as JSON."""
        at = {"since": _to_iso(self.since), "approvals": _to_iso(self.approvals_since), "whole": self.whole}
        return json.dumps({"of": _digest(address), **at})

    @classmethod
    def at(cls, position: str, address: str) -> "PollCursor":
        """Return the course at a position that was stored; one of another instance, or of none, is the beginning."""
        try:
            stored = json.loads(position) if position else {}
            if stored.get("of") != _digest(address):
                return cls()
            since, approvals = _from_iso(stored.get("since")), _from_iso(stored.get("approvals"))
            whole = stored.get("whole") is True and since is not None
        except (ValueError, TypeError, AttributeError):
            return cls()
        return cls(since=since, approvals_since=approvals, whole=whole)


def newest_timestamp(items: Iterable[RequestedItem], told_now: float | None, own_now: float) -> float | None:
    """Return the latest stamp of `items` in seconds since 1970, one in the future left out.

    `told_now` is the instance's time as its answer says it. A record with a made-up date must not make everything
    before that date count as seen.
    """
    most = (told_now + CLOCK_SKEW_MAX_S) if told_now is not None else own_now + UNREADABLE_RETRY_S
    stamps = (item.changed_at.timestamp() for item in items if item.changed_at is not None)
    return max((stamp for stamp in stamps if stamp <= most), default=None)


def _digest(address: str) -> str:
    return hashlib.blake2b(address.encode(), digest_size=6).hexdigest()


def _to_iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def _from_iso(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
