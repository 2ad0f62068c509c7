"""Whatever is changed in a store behind the program's back, the audit finds it and says where."""

import re
import shutil
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from sqlalchemy import select
from sqlmodel import Session

from models.approval_request import ApprovalRequest
from models.kinds import Kind, RequestState
from models.tables import all_models
from models.task_run import TaskRun
from services.configuration import Configuration
from services.store import Store, StoreError, audit_trail
from services.store.engine import make_engine
from services.store.row_values import detachable_references, get_table, observed_columns

pytestmark = pytest.mark.timeout(900)  # the long form tries 2000 edits

TABLES = (
    "audit_entry",
    "revision",
    "store_meta",
    "user_credential",
    "foreign_system",
    "approval_process",
    "approval_type",
    "approval_request",
    "task_run",
)


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    """A store in which everything happened once; its last change is one of an object."""
    path = tmp_path_factory.mktemp("audit") / "console.db"
    store = Store.open(str(path), actor="ada")
    configuration = Configuration(store)
    make = lambda kind, **values: configuration.save(configuration.new(kind, **values))  # noqa: E731
    credential = make(Kind.USER_CREDENTIAL, name="Straße", account="a")
    server = make(
        Kind.FOREIGN_SYSTEM,
        name="Server",
        base_url="https://a.service-now.com",
        credential_id=credential.id,
    )
    process = make(Kind.APPROVAL_PROCESS, name="Process", server_id=server.id)
    make(Kind.APPROVAL_TYPE, name="Type", process_id=process.id)
    gone = make(Kind.APPROVAL_TYPE, name="Gone")
    configuration.delete(Kind.APPROVAL_TYPE, gone.id, 1)
    with store.write("Two at once") as work:
        request = work.insert(ApprovalRequest(process_id=process.id, external_id="REQ1", reason="é\n\0"))
        request.state = RequestState.PENDING
        work.update(request, 1)
        work.insert(TaskRun(task="check", object_kind="foreign_system", object_id=server.id))
        work.event("export", detail="of everything")
    configuration.rename(Kind.FOREIGN_SYSTEM, server.id, "Renamed", 1, confirmed=1)
    assert store.verify_audit() == audit_trail.AuditVerdict(ok=True, checked=11)
    store.close()
    return path


def verdict_of(path):
    """Return what the audit says of the store at `path`, without the checks of opening it."""
    engine = make_engine(f"sqlite:///{path}")
    try:
        with Session(engine) as session:
            return audit_trail.verify_chain(session)
    finally:
        engine.dispose()


def named(table):
    """Return the model of a table."""
    return next(model for model in all_models() if model.__tablename__ == table)


def content(path, table):
    """Return what the program reads in `table`, or None when it cannot be read."""
    engine = make_engine(f"sqlite:///{path}")
    try:
        with engine.connect() as connection:
            return [tuple(row) for row in connection.execute(select(get_table(named(table))))]
    except (ValueError, TypeError, AttributeError):
        return None
    finally:
        engine.dispose()


class Tampering:
    """A copy of a store, opened with a plain SQLite as a meddler would."""

    def __init__(self, original, folder):
        self.path = Path(folder) / "copy.db"
        shutil.copy(original, self.path)

    def do(self, *statements):
        """Run statements without any of the program's safeguards."""
        with closing(sqlite3.connect(self.path)) as connection, connection:
            connection.execute("PRAGMA foreign_keys=OFF")
            connection.execute("PRAGMA synchronous=OFF")
            for statement, *values in statements:
                connection.execute(statement, values)

    def rows(self, statement, *values):
        with closing(sqlite3.connect(self.path)) as connection:
            return connection.execute(statement, values).fetchall()

    @property
    def verdict(self):
        return verdict_of(self.path)


@pytest.fixture
def copy(original, tmp_path):
    return Tampering(original, tmp_path)


def columns_of(table):
    """Return the columns whose edits must be found; what is only copied from an instance is changed without a trace."""
    model = named(table)
    return [column.name for column in get_table(model).columns if column.name not in observed_columns(model)]


CELLS = [(table, column) for table in TABLES for column in columns_of(table)]
VALUES = st.one_of(
    st.none(),
    st.integers(-3, 20),
    st.text(max_size=12),
    st.binary(max_size=12),
    st.sampled_from(
        ["None", "null", "{}", "Renamed", "create", "delete", "0" * 32, "1999-01-01 00:00:00.000000"]
    ),
)


@given(cell=st.sampled_from(CELLS), number=st.integers(0, 10), value=VALUES)
@example(cell=("revision", "before"), number=0, value="None")
@example(cell=("revision", "changed_at"), number=3, value="1999-01-01 00:00:00.000000")
@example(cell=("foreign_system", "base_url"), number=0, value="https://evil.service-now.com/")
@example(cell=("foreign_system", "name_key"), number=0, value="other")
@example(cell=("audit_entry", "actor"), number=2, value=b"\xff")
@example(cell=("audit_entry", "at"), number=2, value="yesterday")
@example(cell=("approval_type", "version"), number=0, value="many")
@example(cell=("store_meta", "value"), number=0, value=b"")
@example(cell=("store_meta", "value"), number=0, value="9" * 5000)
def test_any_edit_of_any_cell_is_found_and_placed(original, cell, number, value):
    table, column = cell
    # A reference that is empty may have gone with what it pointed at, which may have come back since.
    assume(value is not None or column not in detachable_references(named(table)))
    with tempfile.TemporaryDirectory() as folder:
        copy = Tampering(original, folder)
        rowids = [row[0] for row in copy.rows(f"SELECT rowid FROM {table} ORDER BY rowid")]
        if table == "store_meta":
            rowids = [r[0] for r in copy.rows("SELECT rowid FROM store_meta WHERE key = 'audit_head'")]
        rowid = rowids[number % len(rowids)]
        seq = copy.rows(
            "SELECT seq FROM audit_entry a JOIN revision r ON a.revision_id = r.id WHERE r.rowid = ?", rowid
        )
        seq = [(rowid,)] if table == "audit_entry" else seq
        before = content(copy.path, table)
        try:
            copy.do((f"UPDATE {table} SET {column} = ? WHERE rowid = ?", value, rowid))
        except sqlite3.IntegrityError:
            assume(False)
        assume(content(copy.path, table) != before)
        verdict = copy.verdict
        assert not verdict.ok
        if table in ("audit_entry", "revision") and column != "seq":
            assert re.search(rf"\bentry {seq[0][0]}\b", verdict.problem), verdict.problem
        elif table not in ("audit_entry", "revision", "store_meta"):
            assert table in verdict.problem.replace(" ", "_"), verdict.problem


@given(table=st.sampled_from(TABLES), number=st.integers(0, 10))
def test_any_deleted_row_is_found(original, table, number):
    with tempfile.TemporaryDirectory() as folder:
        copy = Tampering(original, folder)
        where = "WHERE key = 'audit_head'" if table == "store_meta" else ""
        rowids = [row[0] for row in copy.rows(f"SELECT rowid FROM {table} {where} ORDER BY rowid")]
        rowid = rowids[number % len(rowids)]
        copy.do((f"DELETE FROM {table} WHERE rowid = ?", rowid))
        verdict = copy.verdict
        assert not verdict.ok
        if table == "audit_entry":
            expected = "entries after 10 are missing" if rowid == 11 else f"entry {rowid} is missing"
            assert verdict.problem == expected


@given(st.lists(st.integers(1, 11), min_size=2, max_size=2, unique=True))
def test_two_entries_that_changed_places_are_found(original, pair):
    with tempfile.TemporaryDirectory() as folder:
        copy = Tampering(original, folder)
        first, second = sorted(pair)
        copy.do(
            ("UPDATE audit_entry SET seq = 99 WHERE seq = ?", first),
            ("UPDATE audit_entry SET seq = ? WHERE seq = ?", first, second),
            ("UPDATE audit_entry SET seq = ? WHERE seq = 99", second),
        )
        verdict = copy.verdict
        assert not verdict.ok
        assert verdict.problem == f"entry {first} does not follow the one before"


@given(
    table=st.sampled_from(["audit_entry", "revision"]),
    column=st.integers(0, 10),
    pair=st.lists(st.integers(1, 10), min_size=2, max_size=2, unique=True),
)
def test_values_that_changed_places_are_found(original, table, column, pair):
    with tempfile.TemporaryDirectory() as folder:
        copy = Tampering(original, folder)
        name = columns_of(table)[column]
        assume(name not in ("seq", "id"))
        (one,), (two,) = (copy.rows(f"SELECT {name} FROM {table} WHERE rowid = ?", n)[0] for n in pair)
        assume(one != two)
        copy.do(
            (f"UPDATE {table} SET {name} = ? WHERE rowid = ?", two, pair[0]),
            (f"UPDATE {table} SET {name} = ? WHERE rowid = ?", one, pair[1]),
        )
        assert not copy.verdict.ok


@pytest.mark.parametrize("revisions", [False, True], ids=["only entries", "entries and revisions"])
@pytest.mark.parametrize("head", [False, True], ids=["head kept", "head moved back"])
@pytest.mark.parametrize("left", range(11))
def test_an_end_that_was_cut_off_is_found(copy, left, head, revisions):
    lost = [row[0] for row in copy.rows("SELECT revision_id FROM audit_entry WHERE seq > ?", left)]
    copy.do(("DELETE FROM audit_entry WHERE seq > ?", left))
    if head:
        last = copy.rows("SELECT hash FROM audit_entry WHERE seq = ?", left)
        value = f"{left}:{last[0][0] if last else audit_trail.GENESIS}"
        copy.do(("UPDATE store_meta SET value = ? WHERE key = 'audit_head'", value))
    if revisions:
        copy.do(*(("DELETE FROM revision WHERE id = ?", revision) for revision in lost))
    verdict = copy.verdict
    assert not verdict.ok
    if not head:
        assert verdict.problem == f"entries after {left} are missing"
    elif not revisions:
        assert verdict.problem.endswith("has no entry")
    else:
        assert "is not what its last revision says" in verdict.problem


@pytest.mark.parametrize("seq", [-4, 0, 12])
def test_an_entry_that_was_slipped_in_is_found(copy, seq):
    names = ", ".join(column for column in columns_of("audit_entry") if column != "seq")
    copy.do(
        (f"INSERT INTO audit_entry (seq, {names}) SELECT ?, {names} FROM audit_entry WHERE seq = 11", seq)
    )
    verdict = copy.verdict
    assert not verdict.ok
    assert f"entry {seq}" in verdict.problem


def test_a_well_made_entry_behind_the_head_is_found(copy):
    engine = make_engine(f"sqlite:///{copy.path}")
    head = copy.rows("SELECT value FROM store_meta WHERE key = 'audit_head'")[0][0]
    with Session(engine) as session:
        entry = audit_trail.AuditEntry(seq=0, operation="export", previous_hash="", hash="")
        audit_trail.append_entries(session, [entry])
        session.commit()
    engine.dispose()
    assert copy.verdict.ok
    copy.do(("UPDATE store_meta SET value = ? WHERE key = 'audit_head'", head))
    assert (
        copy.verdict.problem == "its head was edited, or entries were added behind it; the last entry is 12"
    )


def test_a_row_and_a_revision_that_nobody_wrote_are_found(copy):
    names = ", ".join(c for c in columns_of("approval_type") if c not in ("id", "name", "name_key"))
    copy.do(
        (
            f"INSERT INTO approval_type (id, name, name_key, {names}) SELECT ?, 'New', 'new', {names} FROM approval_type",
            "a" * 32,
        )
    )
    assert copy.verdict.problem == "the approval type “New” is not what its last revision says"
    copy.do(("DELETE FROM approval_type WHERE name = 'New'",))
    assert copy.verdict.ok
    names = ", ".join(c for c in columns_of("revision") if c not in ("id", "number"))
    copy.do(
        (
            f"INSERT INTO revision (id, number, {names}) SELECT ?, 9, {names} FROM revision WHERE object_name = 'Type'",
            "b" * 32,
        )
    )
    assert copy.verdict.problem == "version 9 of “Type” has no entry"


def test_a_deleted_row_that_was_put_back_is_found(copy):
    names = ", ".join(c for c in columns_of("approval_type") if c not in ("id", "name", "name_key"))
    gone = copy.rows("SELECT object_id FROM revision WHERE object_name = 'Gone'")[0][0]
    copy.do(
        (
            f"INSERT INTO approval_type (id, name, name_key, {names}) SELECT ?, 'Gone', 'gone', {names} FROM approval_type",
            gone,
        )
    )
    assert copy.verdict.problem == "the approval type “Gone” is not what its last revision says"


@pytest.mark.parametrize("head", ["nonsense", "", "-1:0", b"\xff", "9" * 5000])
def test_the_store_refuses_to_write_behind_a_head_that_makes_no_sense(copy, head):
    copy.do(("UPDATE store_meta SET value = ? WHERE key = 'audit_head'", head))
    store = Store.open(str(copy.path), actor="ada")
    try:
        with pytest.raises(StoreError) as caught, store.write() as work:
            work.event("export")
        assert caught.value.problem.fault == "audit-broken"
        assert not store.verify_audit().ok
    finally:
        store.close()


def test_an_untouched_copy_is_whole(copy):
    verdict = copy.verdict
    assert (verdict.ok, verdict.checked, verdict.problem) == (True, 11, "")


def test_a_new_store_is_whole(tmp_path):
    store = Store.open(str(tmp_path / "console.db"), actor="ada")
    assert store.verify_audit() == audit_trail.AuditVerdict(ok=True, checked=0)
    store.close()
