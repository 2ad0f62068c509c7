"""The outline read with plain SQLite before the first paint is what the whole store says afterwards."""

import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing, suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.approval_request import ApprovalRequest
from models.base import name_key
from models.kinds import KINDS, Kind, RequestState
from services.common.errors import InUseError
from services.configuration import Configuration
from services.store import Store
from services.store.tree_outline import Outline, read_outline
from tests.limits import PROGRAM_S

ROOT = Path(__file__).resolve().parents[3]
NEEDED = {
    Kind.USER_CREDENTIAL: {"account": "a"},
    Kind.FOREIGN_SYSTEM: {"base_url": "https://a.service-now.com"},
    Kind.PRIVILEGE_MANAGER_SERVER: {"base_url": "https://a.example.com/TMS/"},
}

names = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), min_size=1, max_size=12).filter(
    lambda name: name == name.strip()
)
deeds = st.lists(
    st.tuples(st.sampled_from(["create", "create", "edit", "delete", "request"]), st.sampled_from(Kind), names, st.integers(0, 9)),
    max_size=14,
)  # fmt: skip


def pick(items, number):
    return items[number % len(items)] if items else None


def do(configuration, deed, kind, name, number):
    item = pick(configuration.all(kind), number)
    if deed == "request":
        process = pick(configuration.all(Kind.APPROVAL_PROCESS), number)
        with configuration.store.write() as work:
            state = pick(list(RequestState), number)
            work.insert(ApprovalRequest(process_id=process.id if process else None, state=state))
    elif deed == "create":
        values = dict(NEEDED.get(kind, {}))
        parent = KINDS[kind].parent
        if parent is not None:
            target = pick([None, *configuration.all(parent.kind)], number)
            values[parent.field] = target.id if target else None
        configuration.save(configuration.new(kind, name=name, **values))
    elif item is not None and deed == "edit":
        item.description = name
        configuration.save(item)
    elif item is not None:
        with suppress(InUseError):  # then it stays, which is as good a store as any
            configuration.delete(kind, item.id, item.version)


@settings(max_examples=max(20, settings().max_examples // 3))
@given(deeds)
def test_both_ways_to_read_the_tree_agree(steps):
    with tempfile.TemporaryDirectory() as folder:
        store = Store.open(f"{folder}/console.db", actor="ada")
        configuration = Configuration(store)
        for step in steps:
            do(configuration, *step)
        whole = configuration.outline()
        while_open = read_outline(store.url)
        store.close()
        afterwards = read_outline(f"{folder}/console.db")
    assert while_open == afterwards == whole
    for kind in Kind:
        of_kind = [row.name for row in whole.rows if row.kind is kind]
        assert of_kind == sorted(of_kind, key=lambda name: name_key(name).encode())


@pytest.fixture
def path(tmp_path):
    return tmp_path / "console.db"


@pytest.fixture
def filled(path):
    store = Store.open(str(path), actor="ada")
    configuration = Configuration(store)
    credential = configuration.save(configuration.new(Kind.USER_CREDENTIAL, name="Credential", account="a"))
    configuration.save(
        configuration.new(
            Kind.FOREIGN_SYSTEM,
            name="Server",
            credential_id=credential.id,
            base_url="https://a.service-now.com",
        )
    )
    with store.write() as work:
        for state in RequestState:
            work.insert(ApprovalRequest(state=state))
    store.close()
    return path


def test_the_outline_names_objects_references_and_pending_requests(filled):
    outline = read_outline(str(filled))
    credential, server = outline.rows
    assert (credential.kind, credential.name, credential.version, credential.parents) == (
        Kind.USER_CREDENTIAL,
        "Credential",
        1,
        {},
    )
    assert server.parents == {"credential_id": credential.id}
    assert outline.pending == 2


def test_a_new_store_has_an_empty_outline(path):
    Store.open(str(path)).close()
    assert read_outline(str(path)) == Outline([], 0)


def tamper(path, statement):
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(statement)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE alembic_version SET version_num = '9999'",
        "DELETE FROM alembic_version",
        "DROP TABLE alembic_version",
        "DROP TABLE approval_type",
        "UPDATE user_credential SET id = 'rubbish'",
        "UPDATE foreign_system SET credential_id = X'00'",
        "UPDATE user_credential SET name = CAST(X'FF' AS TEXT)",
    ],
)
def test_what_it_cannot_make_out_is_left_to_the_whole_store(filled, statement):
    tamper(filled, statement)
    assert read_outline(str(filled)) is None


@pytest.mark.parametrize("content", [None, b"", b"no database", b"SQLite format 3\0" + b"\xff" * 4080])
def test_a_file_that_is_no_store_has_no_outline_and_stays_as_it_is(path, content):
    if content is not None:
        path.write_bytes(content)
    assert read_outline(str(path)) is None
    assert (path.read_bytes() if path.exists() else None) == content


def test_other_databases_have_no_outline(tmp_path):
    assert read_outline("postgresql+psycopg://ada@127.0.0.1:1/console") is None
    assert read_outline(str(tmp_path)) is None


def test_the_outline_needs_no_database_library(filled):
    code = (
        "import sys; from services.store.tree_outline import read_outline; outline = read_outline(sys.argv[1]);"
        "slow = {'sqlalchemy', 'sqlmodel', 'pydantic', 'alembic'} & sys.modules.keys();"
        "assert not slow, slow; print(len(outline.rows))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(filled)],
        cwd=ROOT,
        check=True,
        timeout=PROGRAM_S,
        capture_output=True,
        text=True,
    )
    assert done.stdout == "2\n"


def test_a_path_below_the_home_of_nobody_is_left_to_the_full_store():
    assert read_outline("~nobody-of-this-name/console.db") is None
