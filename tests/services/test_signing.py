"""The head of the audit trail is signed with a key of the vault: somebody who has only the store cannot rebuild it unseen."""

import asyncio
import sqlite3
import uuid
from contextlib import closing

import pytest
from sqlmodel import Session, col, select

from models.audit_entry import AuditEntry
from models.kinds import Kind, RequestEventKind
from models.revision import Revision
from services.audit import audit_signing
from services.common.errors import RefusedError
from services.common.secret import Secret
from services.configuration import Configuration
from services.requests.domain import journal
from services.store import Store, audit_trail, timeline_hash_chain
from services.store.audit_anchor import Anchor, AuditKey
from services.store.engine import make_engine
from services.store.row_values import get_table
from services.vault import VaultKind, open_vault
from services.vault.environment_vault import AUDIT_VARIABLE
from services.workspace import Workspace
from tests.limits import WAIT_S


@pytest.fixture
def path(tmp_path):
    return tmp_path / "console.db"


@pytest.fixture
def vault(tmp_path):
    return open_vault(VaultKind.FILE, folder=tmp_path / "vault", passphrase=Secret("correct horse"))


@pytest.fixture
def store(path):
    opened = Store.open(str(path), actor="ada")
    yield opened
    opened.close()


def work_on(store, name):
    """Change something, with a line in a timeline."""
    configuration = Configuration(store)
    configuration.save(configuration.new(Kind.APPROVAL_TYPE, name=name))
    with store.write() as work:
        event = journal.TimelineEvent(RequestEventKind.DECIDED, f"Approved {name}")
        journal.add_event(work.session, uuid.uuid4(), event, actor="ada")


def recompute(path):
    """Compute every hash anew, as somebody does who has the store's file and this program."""
    engine = make_engine(f"sqlite:///{path}")
    with Session(engine) as session:
        last = audit_trail.GENESIS
        lines = get_table(timeline_hash_chain.RequestEvent)
        for entry in session.exec(select(AuditEntry).order_by(col(AuditEntry.seq))).all():
            if entry.revision_id is not None:
                revision = session.get(Revision, entry.revision_id)
                entry.detail = f"sha256:{audit_trail.stored_revision_digest(revision)}"
            if entry.operation == timeline_hash_chain.ADDED_OPERATION:
                first, last_line = entry.detail.split()[1].split("-")
                found = session.execute(
                    select(lines)
                    .where(lines.c.line.between(int(first), int(last_line)))
                    .order_by(lines.c.line)
                )
                hashes = [timeline_hash_chain._row_hash(row) for row in found]
                entry.detail = timeline_hash_chain.added_detail(int(first), int(last_line), hashes)
            entry.previous_hash = last
            entry.hash = last = audit_trail.entry_hash(entry)
        head = session.get(audit_trail.StoreMeta, audit_trail.HEAD_KEY)
        head.value = f"{entry.seq}:{last}"
        session.commit()
    engine.dispose()


def do(path, statement, *values):
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(statement, values)


def test_a_signed_store_says_so_and_what_came_later(store, vault):
    work_on(store, "One")
    made = audit_signing.sign_audit_trail(store, vault)
    assert made.is_authentic
    work_on(store, "Two")
    report = audit_signing.verify_audit_trail(store, vault)
    assert report.ok
    assert (report.signature.anchor.entries, report.entries) == (2, 4)
    assert report.signature.anchor.fingerprint == made.fingerprint


def test_a_store_whose_hashes_were_all_computed_anew_is_noticed(store, vault, path):
    work_on(store, "One")
    anchor = audit_signing.sign_audit_trail(store, vault)
    work_on(store, "Two")
    do(path, "UPDATE request_event SET detail = 'Rejected One' WHERE line = 1")
    assert not store.verify_audit().ok
    recompute(path)
    assert store.verify_audit().ok  # nothing in the store itself gives it away
    report = audit_signing.verify_audit_trail(store, vault)
    assert not report.ok
    assert "the chain was made anew" in report.problem
    other = open_vault(VaultKind.SESSION, folder=path.parent)
    told = audit_signing.verify_audit_trail(store, other, anchor)
    assert not told.ok
    assert "the chain was made anew" in told.problem
    with pytest.raises(RefusedError, match="Sign the audit trail"):
        audit_signing.sign_audit_trail(store, vault)


def test_a_signature_that_was_removed_or_changed_is_noticed(store, vault, path):
    work_on(store, "One")
    audit_signing.sign_audit_trail(store, vault)
    do(path, "UPDATE store_meta SET value = replace(value, '2:', '1:') WHERE key LIKE 'audit_signed%'")
    assert audit_signing.verify_audit_trail(store, vault).problem == "its signature was changed"
    do(path, "DELETE FROM store_meta WHERE key LIKE 'audit_signed%'")
    assert "the signature was removed" in audit_signing.verify_audit_trail(store, vault).problem


@pytest.mark.parametrize(
    "value", ["", "x", "1:2:3", "1:2:3:4", "9" * 200, ":::", "1:" + "a" * 64 + ":nan:" + "b" * 128]
)
def test_a_signature_that_makes_no_sense_is_noticed(store, vault, path, value):
    work_on(store, "One")
    audit_signing.sign_audit_trail(store, vault)
    do(path, "UPDATE store_meta SET value = ? WHERE key LIKE 'audit_signed%'", value)
    assert audit_signing.verify_audit_trail(store, vault).problem == "its signature was changed"


def test_a_store_under_another_id_says_that_it_was_signed_before(store, vault, path):
    work_on(store, "one")
    signed = audit_signing.sign_audit_trail(store, vault)
    do(path, "UPDATE store_meta SET value = ? WHERE key = 'store_id'", str(uuid.uuid4()))
    again = Store.open(str(path), actor="ada")
    report = audit_signing.verify_audit_trail(again, vault)
    again.close()
    assert report.signature.anchor is None
    assert signed.fingerprint in report.signature.why_not


def test_an_older_copy_that_was_put_back_is_noticed_by_the_anchor(store, vault, path, tmp_path):
    work_on(store, "One")
    audit_signing.sign_audit_trail(store, vault)
    with closing(sqlite3.connect(path)) as now, closing(sqlite3.connect(tmp_path / "older.db")) as older:
        now.backup(older)
    work_on(store, "Two")
    anchor = audit_signing.sign_audit_trail(store, vault)
    older = Store.open(str(tmp_path / "older.db"), actor="ada")
    assert audit_signing.verify_audit_trail(older, vault).ok  # by itself it is what it was
    report = audit_signing.verify_audit_trail(older, vault, anchor)
    older.close()
    assert not report.ok
    assert "it ends at entry 2, and entry 4 was signed" in report.problem


def test_a_forged_anchor_is_noticed(store, vault):
    work_on(store, "One")
    anchor = audit_signing.sign_audit_trail(store, vault)
    forger = AuditKey(Secret("ab" * 32))
    unsigned = Anchor(anchor.store, anchor.entries, anchor.hash, anchor.at)
    changed = Anchor.of(anchor.as_dict() | {"entries": 1})
    assert audit_signing.verify_audit_trail(store, vault, anchor).ok
    assert "is not signed" in audit_signing.verify_audit_trail(store, vault, unsigned).problem
    assert (
        "signed by the key" in audit_signing.verify_audit_trail(store, vault, unsigned.signed(forger)).problem
    )
    assert "its signature does not fit" in audit_signing.verify_audit_trail(store, vault, changed).problem
    other = Anchor(uuid.uuid4(), anchor.entries, anchor.hash, anchor.at).signed(forger)
    session = open_vault(VaultKind.SESSION, folder=None)
    assert "another store" in audit_signing.verify_audit_trail(store, session, other).problem


def test_a_vault_without_a_key_says_that_nothing_is_signed(store, tmp_path):
    work_on(store, "One")
    for vault in (
        open_vault(VaultKind.SESSION, folder=tmp_path),
        open_vault(VaultKind.ENV, folder=tmp_path, environ={}),
        open_vault(VaultKind.FILE, folder=tmp_path, environ={}),
    ):
        report = audit_signing.verify_audit_trail(store, vault)
        assert report.ok
        assert report.signature.anchor is None
        assert report.signature.why_not


def test_the_environment_may_hold_the_key(store, tmp_path):
    work_on(store, "One")
    vault = open_vault(VaultKind.ENV, folder=tmp_path, environ={AUDIT_VARIABLE: "0f" * 32})
    assert audit_signing.verify_audit_trail(store, vault).ok
    made = audit_signing.sign_audit_trail(store, vault)
    assert made.is_authentic
    assert audit_signing.verify_audit_trail(store, vault, made).signature.anchor.entries == 2
    wrong = open_vault(VaultKind.ENV, folder=tmp_path, environ={AUDIT_VARIABLE: "secret"})
    assert "cannot be asked" in audit_signing.verify_audit_trail(store, wrong).signature.why_not


def test_a_store_that_is_right_as_it_is_can_be_signed_anew_and_that_is_recorded(store, vault, path):
    work_on(store, "One")
    audit_signing.sign_audit_trail(store, vault)
    do(path, "DELETE FROM store_meta WHERE key LIKE 'audit_signed%'")
    audit_signing.sign_audit_trail(store, vault, renew=True)
    assert audit_signing.verify_audit_trail(store, vault).ok
    with store.read() as session:
        newest = session.exec(select(AuditEntry).order_by(col(AuditEntry.seq).desc())).first()
    assert newest.operation == audit_signing.RENEWED_OPERATION


async def test_what_a_program_wrote_is_signed_when_it_ends(path, vault):
    workspace = Workspace(Store.open(str(path), actor="ada"), vault)
    work_on(workspace.store, "One")
    await workspace.aclose()
    store = Store.open(str(path), actor="ada")
    assert audit_signing.verify_audit_trail(store, vault).signature.anchor.entries == 2
    store.close()


async def test_a_program_that_goes_on_running_signs_what_it_writes_again_and_again(path, vault):
    workspace = Workspace(Store.open(str(path), actor="ada"), vault)
    async with workspace.sign_periodically(0.01):
        for name in ("First", "Second"):
            work_on(workspace.store, name)
            written = workspace.store.verify_audit().checked
            async with asyncio.timeout(WAIT_S):
                while True:
                    made = audit_signing.read_signature(workspace.store, vault).anchor
                    if made is not None and made.entries >= written:
                        break
                    await asyncio.sleep(0.01)
    assert not workspace.store.has_unsigned_changes
    await workspace.aclose()


async def test_a_vault_that_cannot_be_opened_keeps_no_program_from_ending(path, tmp_path):
    vault = open_vault(VaultKind.FILE, folder=tmp_path / "vault", environ={})
    workspace = Workspace(Store.open(str(path), actor="ada"), vault)
    work_on(workspace.store, "One")
    await workspace.aclose()
    assert not (tmp_path / "vault").exists()


def test_no_key_stays_where_no_signature_could_be_made(store, vault, path, monkeypatch):
    work_on(store, "One")
    path.rename(path.with_suffix(".gone"))
    with pytest.raises(Exception, match="Write to the store"):
        audit_signing.sign_audit_trail(store, vault)
    assert vault.audit_key(store.id) is None
    path.with_suffix(".gone").rename(path)


def test_the_key_is_nowhere_in_the_store(store, vault, path):
    work_on(store, "One")
    audit_signing.sign_audit_trail(store, vault)
    store.engine.dispose()
    seed = vault.audit_key(store.id).reveal()
    for file in path.parent.glob("console.db*"):
        content = file.read_bytes()
        assert seed.encode() not in content
        assert bytes.fromhex(seed) not in content
