"""The inbox shows what its filter says, in its order, from any place: held against Python on stores of all kinds of rows."""

import random
import uuid
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, event

from models.approval_request import ApprovalRequest
from models.kinds import RequestState
from models.polled_server import PolledServer
from services.requests.inbox import full_text, index_selection
from services.requests.inbox.filters import ME, PREDEFINED_FILTERS, SORTABLE_COLUMNS, Filter, Sort
from services.requests.inbox.freshness import load_list_freshness
from services.requests.inbox.inbox import Inbox
from services.requests.polling.poll_state import store_pause
from services.store.row_values import get_table
from tests.databases import store
from tests.services.requests.inbox_rows import (
    FILES,
    NAMES,
    NOW,
    TEXTS,
    USERS,
    add_rows,
    drawn_row,
    in_order,
    processes_of,
    shown,
    stored_rows,
)

__all__ = ["store"]

pytestmark = pytest.mark.every_database

ROWS = 150
MANY_TIMES = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.differing_executors]
)


@pytest.fixture(scope="module")
def filled(module_store):
    store = module_store
    drawn = random.Random(1)
    processes = processes_of(store)
    add_rows(store, [drawn_row(drawn, number, processes) for number in range(ROWS)])
    return store, stored_rows(store), processes


@pytest.fixture(params=["few", "many"])
def size(request, monkeypatch):
    """Take the store for a small one, whose lists are kept, or for a large one, which is read piece by piece."""
    if request.param == "many":
        for name in ("IN_MEMORY_SORT_MAX", "INDEX_PROBE_MAX"):
            monkeypatch.setattr(index_selection, name, 3)
    return request.param


sorts = st.builds(Sort, st.sampled_from(SORTABLE_COLUMNS), st.booleans())
seconds = st.none() | st.sampled_from([0, 30, 60, 3_600, 90_000, 10**15])
plain_filters = st.builds(
    Filter,
    states=st.frozensets(st.sampled_from(list(RequestState)), max_size=3),
    policy=st.sampled_from(["", "", "Unsigned", "Network tools", "gone"]),
    raised_within_s=seconds,
    raised_since=st.none() | st.sampled_from([NOW - timedelta(seconds=90), NOW]),
    older_than_s=seconds,
    due_within_s=seconds,
    ended_within_s=seconds,
    ended_today=st.sampled_from([False, False, True]),
    mismatch=st.sampled_from([False, False, True]),
    waits_for=st.sampled_from(["", "", "", *NAMES, "%", ME]),
    rehearsals=st.booleans(),
)
easy_filters = st.sampled_from([Filter(), Filter(rehearsals=False), Filter(policy="Unsigned")])


@st.composite
def filters(draw):
    """Draw a filter; half of them let many rows through."""
    return draw(easy_filters) if draw(st.booleans()) else draw(plain_filters)


def ids(piece):
    return [row.id for row in piece.rows]


def pages(inbox, filter_, sort, size, meanwhile=lambda: None):
    """Read a list to its end as the window does, page by page."""
    found = []
    while True:
        piece = inbox.rows(filter_, sort, len(found), size, at=NOW)
        if not piece.rows:
            return found
        found += ids(piece)
        meanwhile()


class TestEveryFilterAndOrder:
    @MANY_TIMES
    @given(filter_=filters(), sort=sorts, step=st.integers(1, 60))
    def test_shows_each_row_once_in_order_over_all_pages(self, filled, size, filter_, sort, step):
        store, rows, _ = filled
        assert pages(Inbox(store, me=["D. Whitfield"]), filter_, sort, step) == in_order(
            shown(rows, filter_, ["D. Whitfield"]), sort
        )

    @MANY_TIMES
    @given(filter_=filters(), sort=sorts, starts=st.lists(st.integers(0, ROWS), min_size=1, max_size=12))
    def test_begins_at_any_place_however_one_came_there(self, filled, size, filter_, sort, starts):
        store, rows, _ = filled
        inbox, wanted = Inbox(store), in_order(shown(rows, filter_), sort)
        for number, start in enumerate(starts):
            if number == 3:
                assert inbox.count(filter_, most=None, at=NOW).number == len(wanted)
            assert ids(inbox.rows(filter_, sort, start, 7, at=NOW)) == wanted[start : start + 7]

    @MANY_TIMES
    @given(filter_=filters(), sort=sorts, start=st.integers(0, ROWS), step=st.integers(1, 30))
    def test_goes_on_from_an_anchor_that_another_inbox_gave(self, filled, size, filter_, sort, start, step):
        store, rows, _ = filled
        wanted = in_order(shown(rows, filter_), sort)
        piece = Inbox(store).rows(filter_, sort, start, step, at=NOW)
        for anchor in piece.anchors:
            following = Inbox(store).rows(filter_, sort, anchor.at, 5, anchor, at=NOW)
            assert ids(following) == wanted[anchor.at : anchor.at + 5]

    @MANY_TIMES
    @given(filter_=filters(), most=st.none() | st.integers(1, 40))
    def test_is_counted_and_says_where_counting_stopped(self, filled, size, filter_, most):
        store, rows, _ = filled
        count = Inbox(store).count(filter_, most=most, at=NOW)
        true = len(shown(rows, filter_))
        assert count.number == true if count.exact else (most is not None and count.number == most < true)
        assert count.exact or size == "many"

    def test_is_counted_further_when_more_is_asked_for(self, filled, size):
        inbox = Inbox(filled[0])
        counts = [inbox.count(Filter(), most=most, at=NOW) for most in (1, 5, 10_000, None)]
        assert [count.number for count in counts[2:]] == [ROWS, ROWS]
        assert counts[0].number in (1, ROWS)
        assert all(count.exact == (count.number == ROWS) for count in counts)

    @MANY_TIMES
    @given(filter_=filters(), sort=sorts, number=st.integers(0, ROWS - 1))
    def test_tells_the_place_of_a_row(self, filled, size, filter_, sort, number):
        store, rows, _ = filled
        key, wanted = rows[number]["id"], in_order(shown(rows, filter_), sort)
        place = Inbox(store).find_position(filter_, sort, key, at=NOW)
        assert place == (wanted.index(key) if key in wanted else None)

    @MANY_TIMES
    @given(filter_=filters(), sort=sorts, numbers=st.sets(st.integers(0, ROWS - 1), max_size=12))
    def test_tells_the_places_of_several_rows(self, filled, size, filter_, sort, numbers):
        store, rows, _ = filled
        keys, wanted = [rows[number]["id"] for number in numbers], in_order(shown(rows, filter_), sort)
        places = Inbox(store).find_positions(filter_, sort, keys, at=NOW)
        assert places == {key: wanted.index(key) for key in keys if key in wanted}
        assert {row.id for row in Inbox(store).get_many(keys).values()} == set(keys)

    def test_of_a_process_and_of_a_server(self, filled, size):
        store, rows, processes = filled
        for process, server in processes:
            for filter_ in (Filter(process_id=process), Filter(server_id=server)):
                wanted = in_order(shown(rows, filter_), Sort("age"))
                assert len(wanted) > 10
                assert pages(Inbox(store), filter_, Sort("age"), 11) == wanted

    def test_that_is_built_in(self, filled, size):
        store, rows, _ = filled
        inbox = Inbox(store, me=["app approvers"], clock=lambda: NOW)
        counts = inbox.counts([one.filter for one in PREDEFINED_FILTERS])
        assert [count.number for count in counts] == [
            len(shown(rows, one.filter, inbox.me)) for one in PREDEFINED_FILTERS
        ]


class TestWhileRowsComeIn:
    """What was there when the list was opened is shown exactly once, wherever the new ones go."""

    @pytest.mark.parametrize("column", SORTABLE_COLUMNS)
    @pytest.mark.parametrize("descending", [False, True])
    def test_nothing_is_shown_twice_or_left_out(self, store, size, column, descending):
        drawn, processes = random.Random(7), processes_of(store)
        add_rows(store, [drawn_row(drawn, number, processes) for number in range(40)])
        before = {row["id"] for row in stored_rows(store)}
        found = pages(
            Inbox(store),
            Filter(),
            Sort(column, descending),
            6,
            lambda: (
                add_rows(store, [drawn_row(drawn, number, processes) for number in range(2)])
                if len(stored_rows(store)) < 80
                else None
            ),
        )
        assert len(found) == len(set(found))
        assert before <= set(found)

    def test_another_moment_is_another_look(self, store):
        drawn, processes = random.Random(7), processes_of(store)
        inbox = Inbox(store)
        assert inbox.count(Filter(), at=NOW).number == 0
        add_rows(store, [drawn_row(drawn, 1, processes)])
        assert inbox.count(Filter(), at=NOW).number == 0
        assert inbox.count(Filter()).number == 1

    def test_a_row_that_is_gone_is_left_out(self, store):
        drawn, processes = random.Random(7), processes_of(store)
        add_rows(store, [drawn_row(drawn, number, processes) for number in range(5)])
        inbox = Inbox(store)
        every = ids(inbox.rows(Filter(), Sort(), 0, 9, at=NOW))
        with store.write() as work:
            work.session.execute(delete(ApprovalRequest).where(get_table(ApprovalRequest).c.id == every[2]))
        assert ids(inbox.rows(Filter(), Sort(), 0, 9, at=NOW)) == [*every[:2], *every[3:]]


PIECES = st.sampled_from([piece for text in (*TEXTS, *USERS, *FILES) for piece in text.split()])
SYNTAX = st.sampled_from(
    ['"', "%", "_", "'", "*", "AND", "\\", "setup*", "a OR b", "NEAR(a b)", '""', "\x00", "7z", "ÉCO"]
)


@st.composite
def searches(draw):
    """Draw words: parts of what is stored in other letters, and what some search languages take for orders."""
    words = []
    for _ in range(draw(st.integers(1, 3))):
        word = draw(PIECES | SYNTAX)
        start = draw(st.integers(0, max(len(word) - 1, 0)))
        part = word[start : start + draw(st.integers(1, 12))]
        words.append(draw(st.sampled_from([part, part.upper(), part.lower()])))
    return draw(st.sampled_from([" ", "  ", "\t"])).join(words)


class TestSearch:
    @MANY_TIMES
    @given(text=searches(), filter_=easy_filters, sort=sorts)
    def test_finds_what_holds_every_word_and_nothing_else(self, filled, text, filter_, sort):
        store, rows, _ = filled
        wanted = in_order(shown(rows, replace(filter_, text=text)), sort)
        inbox = Inbox(store)
        piece = inbox.rows(replace(filter_, text=text), sort, 0, ROWS, at=NOW)
        assert (ids(piece), piece.complete) == (wanted, True)
        assert inbox.count(replace(filter_, text=text), at=NOW) == (len(wanted), True)

    @MANY_TIMES
    @given(text=searches(), filter_=easy_filters)
    def test_finds_the_same_by_the_index_of_a_large_store(self, filled, text, filter_):
        store, rows, _ = filled
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(index_selection, "IN_MEMORY_SORT_MAX", 0)
            piece = Inbox(store).rows(replace(filter_, text=text), Sort(), 0, ROWS, at=NOW)
        assert ids(piece) == in_order(shown(rows, replace(filter_, text=text)), Sort())
        long = any(len(word) >= 3 for word in text.split())
        assert piece.complete == (long or not text.strip())

    def test_finds_a_request_by_each_of_its_ids(self, filled):
        store, rows, _ = filled
        inbox = Inbox(store)
        for row in rows[:20]:
            typed = [
                row["number"],
                str(row["id"]),
                row["id"].hex,
                f"{{{str(row['id']).upper()}}}",
                row["external_id"],
            ]
            typed += [row["record_id"].lower(), row["external_id"][:12], str(row["id"])[:10].upper()]
            for text in filter(None, typed):
                assert ids(inbox.rows(Filter(text=text), Sort(), 0, 9)) == [row["id"]], text

    def test_says_when_a_common_word_was_not_looked_for_everywhere(self, filled, monkeypatch):
        store, rows, _ = filled
        monkeypatch.setattr(index_selection, "IN_MEMORY_SORT_MAX", 0)
        monkeypatch.setattr(full_text, "CANDIDATES_MAX", 20)
        inbox = Inbox(store)
        piece = inbox.rows(Filter(text="LT-4"), Sort("user"), 0, ROWS)
        assert len(piece.rows) == 20
        assert not piece.complete
        assert inbox.count(Filter(text="LT-4")) == (20, False)
        newest = [row["id"] for row in rows[-20:]]
        assert set(ids(piece)) == set(newest)

    def test_a_page_of_text_costs_no_more_than_a_few_words(self, filled, monkeypatch):
        monkeypatch.setattr(index_selection, "IN_MEMORY_SORT_MAX", 0)
        store, rows, _ = filled
        wanted = max(rows, key=lambda row: len(row["reason"]))
        text = "".join(f"{wanted[name]}\n" for name in ("reason", "file_path", "initiator_name", "number"))
        assert wanted["id"] in ids(Inbox(store).rows(Filter(text=text), Sort(), 0, ROWS))
        asked = []
        with store.read() as session:
            engine = session.get_bind().engine

        def ask(*call):
            asked.append(f"{call[2]} {call[3]}" if store.engine.dialect.name == "sqlite" else call[2])

        event.listen(engine, "before_cursor_execute", ask)
        pasted = " ".join(f"{number:06x}" for number in range(20_000))
        assert Inbox(store).rows(Filter(text=f"{text} {pasted}"), Sort(), 0, ROWS).rows == []
        event.remove(engine, "before_cursor_execute", ask)
        assert len(asked) < 100
        assert max(len(call) for call in asked if "AND" in call and "holds_words" not in call) < 20_000

    def test_a_short_word_is_looked_for_in_the_newest_of_a_large_store(self, filled, monkeypatch):
        store, rows, _ = filled
        monkeypatch.setattr(index_selection, "IN_MEMORY_SORT_MAX", 0)
        monkeypatch.setattr(full_text, "SCAN_MAX", 50)
        piece = Inbox(store).rows(Filter(text="7z"), Sort(), 0, ROWS)
        newest = in_order(rows, Sort())[:50]
        wanted = in_order(shown(rows, Filter(text="7z")), Sort())
        assert ids(piece) == [key for key in wanted if key in newest]
        assert 0 < len(piece.rows) < len(wanted)
        assert not piece.complete


class TestBesideTheList:
    def test_one_request_has_its_names_one_by_one(self, store):
        drawn, processes = random.Random(3), processes_of(store)
        asked = {"waits_for": "App Approvers\nD. Whitfield"}
        row = drawn_row(drawn, 5, processes) | asked | {"state": RequestState.PENDING}
        ended = drawn_row(drawn, 6, processes) | asked | {"state": RequestState.APPROVED}
        add_rows(store, [row, ended])
        found = Inbox(store).get(row["id"])
        assert Inbox(store).get(ended["id"]).waits_for == ()  # whoever was asked is waited for no longer
        assert found.waits_for == ("App Approvers", "D. Whitfield")
        assert (found.user, found.policy, found.computer) == (
            row["initiator_name"],
            row["policy_name"],
            row["agent_name"],
        )
        assert found.requested_at == row["requested_at"]
        assert Inbox(store).get(uuid.uuid4()) is None

    def test_policies_are_named_once(self, filled):
        store, _, _ = filled
        assert Inbox(store).policies() == ["Network tools", "Unsigned"]

    def test_the_list_is_as_old_as_the_oldest_look_at_a_server(self, store):
        def state():
            known = load_list_freshness(store)
            return known.at, known.complete

        assert state() == (None, True)
        servers = [server for _, server in processes_of(store)]
        assert state() == (None, False)
        for number, (server, complete) in enumerate(zip(servers, (True, False), strict=True)):
            with store.write() as work:
                at = NOW.replace(minute=30 - number)
                work.session.add(PolledServer(server_id=server, complete=complete, polled_at=at))
            assert state() == (NOW.replace(minute=30 - number), False)
        with store.write() as work:
            work.session.merge(PolledServer(server_id=servers[1], complete=True, polled_at=NOW))
        assert state() == (NOW, True)
        with store.write() as work:
            store_pause(work.session, servers[1], NOW, "tcp-refused", 1)
        known = load_list_freshness(store)
        assert (known.at, known.complete) == (NOW, False)
        assert known.failing == ((servers[1], "tcp-refused"),)
        assert load_list_freshness(store, Filter(server_id=servers[0])).complete
        assert not load_list_freshness(store, Filter(server_id=servers[1])).complete
