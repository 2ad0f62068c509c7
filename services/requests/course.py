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

from services.requests.reading import ANSWERS, APPROVALS, ITEMS, NAMED_MOST, ROWS_IN_CALL, Item, Part, Wish
from services.servicenow.contract import VARIABLES

OVERLAP_S = 60.0
"""A record is stamped when it is changed, and seen when that is committed: so much later at most."""
FIRST_LOOK_BACK = timedelta(hours=24)
"""Decisions that the first look of all reads besides the open requests."""
PART_ROWS = 100
"""Open requests that a look reads again besides what has changed, one part of them after the other."""
APPROVALS_EVERY = 10
"""Looks between two that ask for approvals although no request is new: somebody may be asked in place of another."""
APPROVALS_IN_PART = 2500
"""Requests whose approvals are read at once: several people may be asked for each."""
APPROVALS_LEAST = 100
TRIES = 2
FUTURE_S = 120.0
NOT_READABLE_S = 3600.0
ROWS_LEAST = 500


@dataclass(slots=True)
class Course:
    """What one process knows of the following of one instance."""

    since: datetime | None = None
    whole: bool = False
    """Whether every open request was looked at once."""
    part: Part = field(default_factory=Part)
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
    with_variables: bool = True
    rows_in_call: int = ROWS_IN_CALL
    approvals_since: datetime | None = None
    approvals_part: Part | None = None
    """The part of all requests whose approvers are read next, where too many are unknown to name them."""
    approvals_in_part: int = APPROVALS_IN_PART
    last: str = ""
    last_further: str = ""
    looks_since_approvals: int = 0
    _started: float = 0.0
    _ahead: float | None = None
    _off_until: dict[str, float] = field(default_factory=dict)

    # -- the next look ---------------------------------------------------------

    def readable(self, table: str, monotonic: float) -> bool:
        """Whether the account was not refused a table lately."""
        return self._off_until.get(table, -math.inf) <= monotonic

    def refuse(self, table: str, monotonic: float) -> None:
        """Leave a table alone for an hour, because the account may not read it."""
        self._off_until[table] = monotonic + NOT_READABLE_S

    def choose(self, monotonic: float) -> str:
        """Return the table that the next look asks.

        Never twice in a row another than that of the requested items: what nobody is asked for is seen there alone.
        """
        if self.after or not self.whole or self.last != ITEMS or self.missing:
            return ITEMS
        return self.further(monotonic) or ITEMS

    def further(self, monotonic: float) -> str:
        """Return the table that tells what is still unknown of requests that were seen, or nothing."""
        due = self.open and self.looks_since_approvals >= APPROVALS_EVERY
        wanted = {ANSWERS: bool(self.unread), APPROVALS: bool(self.unasked or due)}
        found = [
            table for table, is_wanted in wanted.items() if is_wanted and self.readable(table, monotonic)
        ]
        if len(found) > 1:
            found.remove(self.last_further or APPROVALS)
        return found[0] if found else ""

    def wish(self, table: str, cat_items: tuple[str, ...], now: datetime) -> Wish:
        """Return what a look at `table` asks for."""
        since = self.since or now - FIRST_LOOK_BACK
        if table == ITEMS:
            # Once more from the start of a look that was cut: its named records came with its first part.
            return Wish(cat_items, since, self.part, tuple(sorted(self.missing))[:NAMED_MOST])
        if table == ANSWERS:
            # As many as can be answered whole, with as much room for what has changed.
            most = max(1, self.rows_in_call // (2 * len(VARIABLES)))
            return Wish(cat_items, since, None, tuple(self.unread)[: min(NAMED_MOST, most)])
        since = self.approvals_since or since
        if self.approvals_part is None and len(self.unasked) > NAMED_MOST:
            self.approvals_part = Part(0, math.ceil(len(self.unasked) / self.approvals_in_part))
        if self.approvals_part is not None:
            return Wish(cat_items, since, self.approvals_part)
        return Wish(cat_items, since, None, tuple(self.unasked)[:NAMED_MOST])

    def begin(self, monotonic: float) -> None:
        """Note when a look begins: what is changed from now on belongs to the next one."""
        if not self.after:
            self._started = monotonic
            self.listed.clear()

    # -- what it saw -----------------------------------------------------------

    def note(self, table: str, wish: Wish, items: Iterable[Item]) -> None:
        """Take in what a page of a look said of requested items."""
        for item in items:
            key = item.sys_id
            if table == ITEMS:
                self.listed.add(key)
                self.missing.pop(key, None)
            if item.variables:
                self.read.add(key)
                self.unread.pop(key, None)
            if not item.is_open:
                self._forget(key)
                continue
            self.open.add(key)
            if key not in self.read and table == ITEMS:
                self.unread.setdefault(key, 0)
            self._note_approvers(item)
        if table == ANSWERS:
            self._tried(self.unread, wish.named, self.read)

    def _note_approvers(self, item: Item) -> None:
        key = item.sys_id
        if item.waits_for is not None:
            self.asked[key] = item.updated
            self.unasked.pop(key, None)
        elif key not in self.asked or self.asked[key] not in (None, item.updated):
            self.unasked.setdefault(key, 0)

    def _forget(self, key: str) -> None:
        self.open.discard(key)
        self.read.discard(key)
        self.asked.pop(key, None)
        for wanted in (self.unread, self.unasked, self.missing):
            wanted.pop(key, None)

    def _tried(self, wanted: dict[str, int], named: Iterable[str], known: set[str]) -> None:
        for key in named:
            if key in wanted:
                wanted[key] += 1
                if wanted[key] >= TRIES:
                    del wanted[key]
                    known.add(key)

    def end(self, table: str, wish: Wish, monotonic: float, newest: float | None) -> None:
        """Take in that a look is complete. `newest` is the latest stamp it saw, in seconds since 1970."""
        if newest is not None:
            ahead = newest - monotonic
            self._ahead = ahead if self._ahead is None else max(self._ahead, ahead)
        until = self._seen_until()
        self._note_table(table)
        self.looks_since_approvals += 1
        if table == APPROVALS:
            self._end_approvals(wish, until)
        elif table == ITEMS:
            self._end_items(wish, until)

    def _note_table(self, table: str) -> None:
        self.last = table
        if table != ITEMS:
            self.last_further = table

    def _seen_until(self) -> datetime | None:
        """Return a time of the instance before which everything has been seen by the look that is at its end."""
        if self._ahead is None:
            return None
        return datetime.fromtimestamp(self._started + self._ahead - OVERLAP_S, UTC).replace(microsecond=0)

    def _end_items(self, wish: Wish, until: datetime | None) -> None:
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
        if wish.part is not None:
            unlisted = {key for key in self.open if wish.part.holds(key)} - self.listed
            for key in unlisted:
                self.missing.setdefault(key, 0)
        self._next_part()

    def _next_part(self) -> None:
        of = max(1, math.ceil(len(self.open) / PART_ROWS))
        number = self.part.number + 1
        if not self.whole or number >= self.part.of:
            self.part = Part(0, of)
        else:
            self.part = Part(number, self.part.of)
        self.whole = True

    def _end_approvals(self, wish: Wish, until: datetime | None) -> None:
        self.looks_since_approvals = 0
        if until is not None:
            self.approvals_since = max(until, self.approvals_since or until)
        told: Iterable[str] = wish.named
        part = wish.part
        if part is not None:
            told = [key for key in self.unasked if part.holds(key)]
            self.approvals_part = Part(part.number + 1, part.of) if part.number + 1 < part.of else None
        for key in told:
            # Nobody is asked for it, as far as this account sees.
            if self.unasked.pop(key, None) is not None:
                self.asked[key] = None

    def cut(self, table: str, last: str) -> None:
        """Take in that a page was full: of the requested items more follow, of others less is asked for at once."""
        if table == ITEMS:
            self.after = last
        else:
            if table == APPROVALS:
                self.approvals_in_part = max(APPROVALS_LEAST, self.approvals_in_part // 2)
                self.approvals_part = None
            self._note_table(table)

    def shrink(self) -> None:
        """Ask for less at once from now on: the instance cut the answer off."""
        if self.with_variables:
            self.with_variables = False
        else:
            self.rows_in_call = max(ROWS_LEAST, self.rows_in_call // 2)

    # -- across processes ------------------------------------------------------

    def position(self, address: str) -> str:
        """Return what the next process must know about the instance at `address`, as JSON."""
        at = {"since": _text(self.since), "approvals": _text(self.approvals_since), "whole": self.whole}
        return json.dumps({"of": _digest(address), **at})

    @classmethod
    def at(cls, position: str, address: str) -> "Course":
        """Return the course at a position that was stored; one of another instance, or of none, is the beginning."""
        try:
            stored = json.loads(position) if position else {}
            if stored.get("of") != _digest(address):
                return cls()
            since, approvals = _moment(stored.get("since")), _moment(stored.get("approvals"))
            whole = stored.get("whole") is True and since is not None
        except (ValueError, TypeError, AttributeError):
            return cls()
        return cls(since=since, approvals_since=approvals, whole=whole)


def newest_of(items: Iterable[Item], told_now: float | None, own_now: float) -> float | None:
    """Return the latest stamp of `items` in seconds since 1970, one in the future left out.

    `told_now` is the instance's time as its answer says it. A record with a made-up date must not make everything
    before that date count as seen.
    """
    most = (told_now + FUTURE_S) if told_now is not None else own_now + NOT_READABLE_S
    stamps = (item.updated.timestamp() for item in items if item.updated is not None)
    return max((stamp for stamp in stamps if stamp <= most), default=None)


def _digest(address: str) -> str:
    return hashlib.blake2b(address.encode(), digest_size=6).hexdigest()


def _text(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
