"""Timelines of requests are a part of the audit trail: whatever is changed in them behind the program's back is found."""

import shutil
import sqlite3
import uuid
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest
from alembic import command
from alembic.config import Config
from hypothesis import assume, given
from hypothesis import strategies as st
from sqlmodel import Session, col, select

from models.approval_request import ApprovalRequest
from models.audit_entry import AuditEntry
from models.kinds import Kind, RequestEventKind, RequestState
from models.removed_event import RemovedEvent
from models.request_event import HASH_FORMAT, RequestEvent
from services.configuration import Configuration
from services.requests.domain import journal
from services.requests.polling.sync import add_events
from services.store import Store, timeline_hash_chain
from services.store.engine import create_private_file, make_engine
from services.store.unit_of_work import UnitOfWork
from services.store.upgrade import MIGRATIONS
from tests.services.store.test_audit import verdict_of

SEEN_EVENT = journal.TimelineEvent(RequestEventKind.SEEN, "Seen")
FACTS = ("operation", "outcome", "comment")
NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


def lines_of(key, count, start=0):
    """Return lines of a timeline as columns and values."""
    return [
        {
            "id": uuid.uuid5(key, str(number)),
            "request_id": key,
            "at": NOON + timedelta(seconds=number),
            "kind": "asked",
            "hash_format": HASH_FORMAT,
            "actor": "ada",
            "detail": f"Approver {number}, é",
        }
        for number in range(start, start + count)
    ]


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    """A store with seven lines in three transactions, one of which was taken back."""
    path = tmp_path_factory.mktemp("timeline") / "console.db"
    store = Store.open(str(path), actor="ada")
    configuration = Configuration(store)
    configuration.save(configuration.new(Kind.APPROVAL_TYPE, name="Type"))
    with store.write() as work:
        row = work.insert(ApprovalRequest(external_id="REQ1"))
        journal.add_event(work.session, row.id, journal.CREATE_EVENT, actor="ada", at=NOON)
    with store.write() as work:
        add_events(work.session, lines_of(row.id, 5))
    with store.write() as work:
        journal.remove_create_attempt(work.session, row.id, NOON)
        journal.add_event(work.session, row.id, journal.decided_event(RequestState.APPROVED), actor="ada")
    store.close()
    verdict = verdict_of(path)
    assert verdict.ok, verdict.problem
    return path


class Copy:
    """A copy of a store that is changed with a plain SQLite."""

    def __init__(self, original, folder):
        self.path = folder / f"{uuid.uuid4()}.db"
        shutil.copy(original, self.path)

    def do(self, statement, *values):
        with closing(sqlite3.connect(self.path)) as connection, connection:
            return connection.execute(statement, values).fetchall()

    @property
    def verdict(self):
        return verdict_of(self.path)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("copies")


@given(
    column=st.sampled_from(
        ["id", "request_id", "at", "kind", "actor", "detail", "line", *FACTS, "hash_format"]
    ),
    number=st.integers(2, 7),
    value=st.one_of(
        st.none(), st.integers(-2, 20), st.text(max_size=8), st.binary(max_size=8), st.just("a" * 32)
    ),
)
def test_any_edit_of_any_field_of_a_line_is_found(original, folder, column, number, value):
    copy = Copy(original, folder)
    [(before,)] = copy.do(f"SELECT {column} FROM request_event WHERE line = ?", number)
    assume(value != before)
    try:
        copy.do(f"UPDATE request_event SET {column} = ? WHERE line = ?", value, number)
    except (sqlite3.IntegrityError, UnicodeEncodeError):
        assume(False)
    if column != "line":
        assume(copy.do(f"SELECT {column} FROM request_event WHERE line = ?", number) != [(before,)])
    elif copy.do("SELECT line FROM request_event WHERE line = ?", number):
        assume(False)  # a text that the column takes for the same number
    copy_verdict = copy.verdict
    copy.path.unlink()
    assert not copy_verdict.ok


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("DELETE FROM request_event WHERE line = 4", "line 4 of the timelines"),
        ("DELETE FROM request_event WHERE line = 7", "line 7 of the timelines"),
        ("DELETE FROM request_event", "line 2 of the timelines"),
        ("UPDATE request_event SET detail = 'Rejected' WHERE line = 7", "line 7 of the timelines"),
        (
            "UPDATE request_event SET line = CASE line WHEN 3 THEN -4 ELSE -3 END WHERE line IN (3, 4)",
            "a line was added to the timelines",
        ),
        ("DELETE FROM removed_event", "line 1 of the timelines"),
        ("UPDATE removed_event SET hash = 'other'", "was edited"),
        ("UPDATE removed_event SET removed_by = 3", "whose removal entry"),
    ],
)
def test_an_edit_is_placed(original, folder, statement, told):
    copy = Copy(original, folder)
    copy.do(statement)
    assert told in copy.verdict.problem


def test_lines_that_changed_places_are_found(original, folder):
    copy = Copy(original, folder)
    copy.do("UPDATE request_event SET line = 99 WHERE line = 3")
    copy.do("UPDATE request_event SET line = 3 WHERE line = 4")
    copy.do("UPDATE request_event SET line = 4 WHERE line = 99")
    assert "one of the lines 2 to 6 of the timelines" in copy.verdict.problem


@pytest.mark.parametrize("place", ["NULL", "0", "-1", "8", "1", "1000000"])
def test_a_line_that_was_slipped_in_is_found(original, folder, place):
    copy = Copy(original, folder)
    copy.do(
        "INSERT INTO request_event (id, request_id, at, kind, actor, detail, line) "
        f"SELECT ?, request_id, at, kind, actor, detail, {place} FROM request_event WHERE line = 4",
        "b" * 32,
    )
    assert not copy.verdict.ok


def test_a_line_that_was_removed_as_the_program_removes_one_is_found(original, folder):
    copy = Copy(original, folder)
    store = Store.open(str(copy.path), actor="ada")
    with store.read() as session:
        line = session.exec(select(RequestEvent).where(RequestEvent.line == 4)).one()
    store.close()
    gone = timeline_hash_chain.line_hash(
        line.line,
        line.id,
        line.request_id,
        line.at,
        line.kind,
        line.actor,
        line.detail,
        line.operation,
        line.outcome,
        line.comment,
    )
    copy.do("DELETE FROM request_event WHERE line = 4")
    copy.do("INSERT INTO removed_event (line, hash, removed_by) VALUES (4, ?, 1)", gone)
    assert copy.verdict.problem == "a line was removed from a timeline, and no entry records it"


def test_the_next_write_does_not_take_a_stranger_s_line_into_the_chain(original, folder):
    copy = Copy(original, folder)
    copy.do(
        "INSERT INTO request_event (id, request_id, at, kind, actor, detail) "
        "SELECT ?, request_id, at, kind, actor, 'Approved by the board' FROM request_event WHERE line = 4",
        "c" * 32,
    )
    store = Store.open(str(copy.path), actor="ada")
    with store.write() as work:
        journal.add_event(work.session, uuid.uuid4(), SEEN_EVENT, actor="ada")
    store.close()
    assert copy.verdict.problem == "a line was added to a timeline that no entry covers"


def test_a_removal_leaves_its_trace_and_the_chain_whole(original):
    store = Store.open(str(original), actor="ada")
    with store.read() as session:
        gone = session.exec(select(RemovedEvent)).all()
        entry = session.get(AuditEntry, gone[0].removed_by)
        numbers = session.exec(select(RequestEvent.line).order_by(col(RequestEvent.line))).all()
    store.close()
    assert [one.line for one in gone] == [1]
    assert entry.operation == timeline_hash_chain.REMOVED_OPERATION
    assert numbers == [2, 3, 4, 5, 6, 7]


def test_many_lines_of_one_transaction_cost_one_entry(tmp_path):
    store = Store.open(str(tmp_path / "console.db"), actor="ada")
    with store.write() as work:
        add_events(work.session, lines_of(uuid.uuid4(), 3000))
    verdict = store.verify_audit()
    store.close()
    assert (verdict.ok, verdict.checked, verdict.problem) == (True, 1, "")


def test_a_line_added_and_removed_in_one_transaction_leaves_nothing(tmp_path):
    store, key = Store.open(str(tmp_path / "console.db"), actor="ada"), uuid.uuid4()
    with store.write() as work:
        journal.add_event(work.session, key, journal.CREATE_EVENT, actor="ada", at=NOON)
        journal.remove_create_attempt(work.session, key, NOON)
    verdict = store.verify_audit()
    store.close()
    assert (verdict.ok, verdict.checked) == (True, 0)


class TestAnOlderStore:
    """A store of a release in which timelines were not in the chain."""

    def make(self, path, count, monkeypatch):
        """Make a store as the release before did, with `count` lines."""
        create_private_file(path)
        engine = make_engine(f"sqlite:///{path}", upgrades=True)
        with engine.execution_options(write=True).begin() as connection:
            config = Config()
            config.set_main_option("script_location", str(MIGRATIONS))
            config.attributes["connection"] = connection
            command.upgrade(config, "0003")
        with engine.execution_options(write=True).begin() as connection:
            with monkeypatch.context() as before:
                before.setattr(timeline_hash_chain, "find_unnumbered_lines", lambda _: frozenset())
                work = UnitOfWork(Session(connection), actor="ada", note="")
            work.event("export")
            work.event("rehearse")
            work.session.flush()
            names = ("id", "request_id", "at", "kind", "actor", "detail")
            rows = lines_of(uuid.uuid4(), count)
            if rows:
                connection.exec_driver_sql(
                    f"INSERT INTO request_event ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})",
                    [
                        (
                            row["id"].hex,
                            row["request_id"].hex,
                            row["at"].strftime("%Y-%m-%d %H:%M:%S.%f"),
                            row["kind"],
                            row["actor"],
                            row["detail"],
                        )
                        for row in rows
                    ],
                )
        engine.dispose()

    @pytest.mark.parametrize("count", [0, 1, 12_000])
    def test_is_carried_over_and_its_lines_are_covered(self, tmp_path, monkeypatch, count):
        path = tmp_path / "console.db"
        self.make(path, count, monkeypatch)
        store = Store.open(str(path), actor="ada")
        with store.write() as work:
            journal.add_event(work.session, uuid.uuid4(), SEEN_EVENT, actor="ada")
        verdict = store.verify_audit()
        store.close()
        assert (verdict.ok, verdict.problem) == (True, "")
        assert verdict.checked == 2 + (count > 0) + 1
        if count:
            with closing(sqlite3.connect(path)) as connection, connection:
                connection.execute("UPDATE request_event SET actor = 'eve' WHERE line = ?", [count])
            assert not verdict_of(path).ok
