"""How long the inbox takes over very many requests: what the store answers, as the page asks it in a thread."""

import random
import resource
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

from console.inbox.row_reader import PAGE_SIZE
from models.base import utcnow
from models.kinds import OPEN_STATES, RequestState
from services.requests.inbox.filters import PREDEFINED_FILTERS, SORTABLE_COLUMNS, Filter, Sort
from services.requests.inbox.freshness import load_list_freshness
from services.requests.inbox.inbox import Inbox
from services.store import Store
from tests.benchmarks.inbox_store import fill

REQUESTS, PAGE, ROUNDS = 1_000_000, PAGE_SIZE, 3
PAGES, JUMPS, WRITES = 400, 60, 60
DAY_S = 24 * 60 * 60


@dataclass
class Times:
    """Milliseconds that questions took, and those of them that this process worked: the rest is the machine's."""

    whole: list[float] = field(default_factory=list)
    own: list[float] = field(default_factory=list)

    def take(self, question: Callable[[], object], rounds: int = 1) -> None:
        """Ask so many times and keep the best, because whatever else runs can only add to it."""
        whole, own = [], []
        for _ in range(rounds):
            began, worked = time.perf_counter(), time.thread_time()
            question()
            own.append((time.thread_time() - worked) * 1000)
            whole.append((time.perf_counter() - began) * 1000)
        self.whole.append(min(whole))
        self.own.append(min(own))


@dataclass
class Runs:
    """What every kind of question took."""

    filters: Times = field(default_factory=Times)
    """The first page of every filter in every order."""
    searches: Times = field(default_factory=Times)
    counts: Times = field(default_factory=Times)
    """The counts of all filters of the program, together."""
    following: Times = field(default_factory=Times)
    """The next page while scrolling, up and down."""
    jumps: Times = field(default_factory=Times)
    """A page from anywhere."""
    places: Times = field(default_factory=Times)
    first: Times = field(default_factory=Times)
    """What the page asks when it opens: counts of the chips, the first page, how old the copies are."""
    grown_mb: list[float] = field(default_factory=list)
    """Memory that more pages took after the first hundred of them."""
    observed: Times = field(default_factory=Times)
    """One look of a worker written down: 200 requests seen and 20 new copies."""
    size_mb: list[float] = field(default_factory=list)
    request_bytes: list[float] = field(default_factory=list)
    """Bytes of the file for each request: row, index entries and full text."""


def measure(folder: Path) -> Runs:
    """Fill a store once and ask it everything."""
    path = folder / "inbox.db"
    fill(path, REQUESTS)
    return ask(path)


def ask(path: Path) -> Runs:
    """Ask a store that is filled."""
    runs, drawn = Runs(), random.Random(9)
    size = path.stat().st_size
    runs.size_mb.append(size / 1e6)
    store = Store.open(f"sqlite:///{path}", actor="bench")
    inbox = Inbox(store, me=("App Approvers",))
    runs.request_bytes.append(size / inbox.count(Filter(), most=None).number)
    ask_for_lists(inbox, runs, drawn)
    for one in PREDEFINED_FILTERS:
        runs.counts.take(lambda f=one.filter: inbox.count(f), ROUNDS)
    for _ in range(ROUNDS):
        runs.first.take(lambda: _open(inbox), ROUNDS)
    _scroll(inbox, runs, drawn)
    for write in _looks(store, drawn):
        runs.observed.take(write)
    store.close()
    return runs


def ask_for_lists(inbox: Inbox, runs: Runs, drawn: random.Random) -> None:
    """Ask for the first page of every filter in every order, and of every search."""
    inbox.rows(Filter(), Sort(), 0, PAGE)  # the first question compiles what all need
    for filter_ in _filters(inbox):
        for column in SORTABLE_COLUMNS:
            sort = Sort(column, drawn.random() < 0.5)
            runs.filters.take(lambda f=filter_, s=sort: inbox.rows(f, s, 0, PAGE), ROUNDS)
    for filter_ in _searches(inbox, drawn):
        sort = Sort(drawn.choice(SORTABLE_COLUMNS), drawn.random() < 0.5)
        runs.searches.take(lambda f=filter_, s=sort: inbox.rows(f, s, 0, PAGE), ROUNDS)


def _open(inbox: Inbox) -> None:
    at = utcnow()
    inbox.rows(PREDEFINED_FILTERS[0].filter, PREDEFINED_FILTERS[0].sort, 0, PAGE, at=at)
    inbox.count(PREDEFINED_FILTERS[0].filter, at=at)
    load_list_freshness(inbox.store)


def _filters(inbox: Inbox) -> Iterator[Filter]:
    """Yield the filters of the program, and what people choose besides."""
    yield from (one.filter for one in PREDEFINED_FILTERS)
    yield from (Filter(states=frozenset({state})) for state in RequestState)
    yield Filter(states=frozenset({RequestState.REJECTED, RequestState.INVALID}))
    policies = inbox.policies()
    (process,) = {row.process_id for row in inbox.rows(Filter(), Sort(), 0, 1).rows}
    yield from (
        Filter(policy=policies[0]),
        Filter(policy=policies[60]),
        Filter(process_id=process),
        Filter(process_id=process, states=OPEN_STATES),
        Filter(process_id=process, states=frozenset({RequestState.REJECTED})),
        Filter(process_id=process, policy=policies[20]),
        Filter(raised_within_s=DAY_S),
        Filter(raised_within_s=7 * DAY_S),
        Filter(raised_within_s=30 * DAY_S),
        Filter(raised_within_s=DAY_S, states=frozenset({RequestState.APPROVED})),
        Filter(older_than_s=100 * DAY_S),
        Filter(rehearsals=False),
        Filter(waits_for="D. Whitfield"),
    )


def _searches(inbox: Inbox, drawn: random.Random) -> Iterator[Filter]:
    """Yield what is typed while a word grows, rare and common words, several of them, ids, and words with filters."""
    total = inbox.count(Filter()).number
    row = inbox.rows(Filter(), Sort(), drawn.randrange(total), 1).rows[0]
    texts = [
        *(row.user[:length] for length in range(1, len(row.user) + 1)),
        *(row.computer, row.computer[3:], row.number, row.number[-5:], str(row.id), row.external_id),
        *(
            "setup",
            "vs_setup.exe",
            "okafor",
            "needed for the",
            "setup release driver",
            "7z",
            "%",
            "nothing has this",
        ),
        f"{row.user} {row.computer}",
        "okafor laptop",
    ]
    for text in texts:
        yield Filter(text=text)
    for base in (PREDEFINED_FILTERS[0].filter, Filter(policy=row.policy), Filter(raised_within_s=DAY_S)):
        for text in ("setup", "okafor", row.computer):
            yield replace(base, text=text)


def _scroll(inbox: Inbox, runs: Runs, drawn: random.Random) -> None:
    """Scroll down from the top and from the middle and up again, jump about, and look rows up."""
    at = utcnow()
    total = inbox.count(Filter(), at=at).number
    for column in ("age", "user"):
        sort = Sort(column)
        middle = total // 2
        starts = [*range(0, PAGES * PAGE // 4, PAGE), *range(middle, middle + PAGES * PAGE // 4, PAGE)]
        starts += reversed(range(middle - PAGES * PAGE // 4, middle, PAGE))
        for number, start in enumerate(starts):
            asked = runs.following if start not in (0, middle) else Times()
            asked.take(lambda s=start, o=sort: inbox.rows(Filter(), o, s, PAGE, at=at))
            if number == 100:
                before = _memory_mb()
        runs.grown_mb.append(_memory_mb() - before)
    for column in SORTABLE_COLUMNS:
        for _ in range(JUMPS // len(SORTABLE_COLUMNS)):
            start, now = drawn.randrange(total), utcnow()
            inbox.count(Filter(), at=now)
            runs.jumps.take(lambda s=start, c=column, n=now: inbox.rows(Filter(), Sort(c), s, PAGE, at=n))
        key = inbox.rows(Filter(), Sort(column), total // 2, 1, at=at).rows[0].id
        runs.places.take(lambda k=key, c=column: inbox.find_position(Filter(), Sort(c), k, at=at), ROUNDS)


def _memory_mb() -> float:
    """Return the most memory that this process ever had; it grows only where memory is not given back."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / (1e6 if sys.platform == "darwin" else 1e3)


def _looks(store: Store, drawn: random.Random) -> Iterator[Callable[[], None]]:
    """Yield what a worker writes after a look at an instance."""
    from models.approval_request import ApprovalRequest
    from models.kinds import RequestOrigin

    inbox = Inbox(store)
    opened = [row.id for row in inbox.rows(Filter(states=OPEN_STATES), Sort(), 0, 5_000).rows]

    def write() -> None:
        now = utcnow()
        seen = {
            key: {"waits_for": drawn.choice(("App Approvers", "D. Whitfield")), "observed_at": now}
            for key in drawn.sample(opened, 200)
        }
        copies = [
            ApprovalRequest(
                origin=RequestOrigin.SERVICENOW,
                state=RequestState.PENDING,
                number=f"RITM{drawn.randrange(10**7):07}",
                initiator_name="b.okafor",
                file_path=r"C:\Users\b.okafor\vs_setup.exe",
                reason="Needed for the release",
                requested_at=now - timedelta(seconds=number),
            )
            for number in range(20)
        ]
        with store.write() as work:
            work.observe(ApprovalRequest, seen, copies)

    for _ in range(WRITES):
        yield write


def main(path: str) -> None:
    """Print the figures of a store that is filled: `python -m tests.benchmarks.inbox PATH`."""
    for name, found in vars(ask(Path(path))).items():
        parts = vars(found) if isinstance(found, Times) else {"": found}
        for part, values in parts.items():
            ordered = sorted(values)
            sys.stdout.write(
                f"{name:10} {part:6} {len(values):5} p50 {statistics.median(values):8.2f} "
                f"p95 {ordered[int(0.95 * (len(values) - 1))]:8.2f} max {ordered[-1]:8.2f}\n"
            )


if __name__ == "__main__":
    main(sys.argv[1])
