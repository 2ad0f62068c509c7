"""What a request takes in the file of a store, and which index answers each order without sorting."""

import random
from contextlib import closing

import pytest
from sqlalchemy import event

from services.requests.inbox import index_selection
from services.requests.inbox.filters import SORTABLE_COLUMNS, Filter, Sort
from services.requests.inbox.inbox import Inbox
from services.store import Store
from tests.benchmarks.inbox_store import fill
from tests.services.requests.inbox_rows import add_rows, drawn_row, processes_of

REQUEST_BYTES_MAX = 1_050
"""Bytes of a request with its index entries and its full text; the pages of a young store are not all full."""

FOLDED = ("user", "computer", "file")
"""Orders by an expression: SQLite does not say that it takes the expression from the index."""


def test_a_request_takes_little_room_in_the_file(tmp_path):
    sizes = []
    for count in (1_000, 5_000):
        path = tmp_path / f"{count}.db"
        fill(path, count)
        with closing(Store.open(str(path))) as store, store.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        sizes.append(path.stat().st_size)
    assert (sizes[1] - sizes[0]) / 4_000 < REQUEST_BYTES_MAX


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    with closing(Store.open(str(tmp_path_factory.mktemp("room") / "console.db"), actor="ada")) as store:
        drawn, processes = random.Random(2), processes_of(store)
        add_rows(store, [drawn_row(drawn, number, processes) for number in range(60)])
        yield store


def plans(store, ask):
    """Return the statements on requests that `ask` sends, each with its plan."""
    asked = []

    def listen(_connection, _cursor, statement, parameters, *_others):
        if statement.startswith("SELECT") and "approval_request" in statement:
            asked.append((statement, parameters))

    event.listen(store.engine, "before_cursor_execute", listen)
    ask()
    event.remove(store.engine, "before_cursor_execute", listen)
    with store.engine.connect() as connection:
        return [
            (text, [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", values)])
            for text, values in asked
        ]


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("column", SORTABLE_COLUMNS)
def test_every_order_is_read_from_its_index_at_any_place(large, monkeypatch, column, descending):
    for name in ("IN_MEMORY_SORT_MAX", "INDEX_PROBE_MAX"):
        monkeypatch.setattr(index_selection, name, 3)
    inbox, sort = Inbox(large), Sort(column, descending)

    def ask():
        anchor = inbox.rows(Filter(), sort, 20, 5).anchors[-1]
        inbox.rows(Filter(), sort, 26, 5, anchor)
        inbox.rows(Filter(), sort, 22, 5, anchor)

    found = plans(large, ask)
    ordered = [(text, plan) for text, plan in found if "ORDER BY" in text]
    assert len(ordered) >= 4
    for text, plan in ordered:
        assert any(f"ix_approval_request_by_{column}" in line for line in plan), plan
        assert not any("TEMP B-TREE" in line for line in plan), plan
        if text.count("approval_request.") < 12 and column not in FOLDED:
            # What only looks for a place reads no row.
            assert any("COVERING INDEX" in line for line in plan), plan


def test_a_short_list_is_ordered_without_reading_its_rows(large):
    found = plans(large, lambda: Inbox(large).rows(Filter(policy="Unsigned"), Sort(), 0, 5))
    (ids,) = [plan for text, plan in found if "ORDER BY" in text]
    assert any("COVERING INDEX ix_approval_request_by_policy" in line for line in ids), ids


def test_a_search_counts_no_further_than_to_know_that_a_list_is_long(large, monkeypatch):
    monkeypatch.setattr(index_selection, "IN_MEMORY_SORT_MAX", 5)
    counted = []

    def listen(_connection, _cursor, statement, parameters, *_others):
        if "count(*)" in statement:
            counted.append(parameters)

    event.listen(large.engine, "before_cursor_execute", listen)
    Inbox(large).rows(Filter(text="okafor", policy="Unsigned"), Sort(), 0, 5)
    event.remove(large.engine, "before_cursor_execute", listen)
    assert counted
    assert all(6 in one for one in counted), counted
