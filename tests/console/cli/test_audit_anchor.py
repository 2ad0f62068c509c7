"""`audit anchor` and `audit verify --anchor`: the signed head of the audit trail, kept elsewhere and compared."""

import json
import sqlite3
from contextlib import closing

import pytest

from services.vault.environment_vault import AUDIT_VARIABLE
from tests.console.cli.conftest import document


@pytest.fixture
def filled(cli, tmp_path, monkeypatch):
    """A store with a configuration; the key that signs it is in the environment."""
    monkeypatch.setenv(AUDIT_VARIABLE, "a1" * 32)
    (tmp_path / "a.yaml").write_text(
        document("https://a.example").replace("approval_processes:", "x:").split("x:")[0]
    )
    file = tmp_path / "console.db"
    assert cli("--store", file, "config", "apply", tmp_path / "a.yaml").status == 0
    return file


def test_an_anchor_is_written_and_compared(cli, filled, tmp_path):
    file = tmp_path / "head.json"
    made = cli("--store", filled, "audit", "anchor", file)
    assert (made.status, made.out) == (0, "")
    assert "Signed: 2 entries, key " in made.err
    assert json.loads(file.read_text()) == cli("--store", filled, "audit", "anchor").json | {
        name: json.loads(file.read_text())[name] for name in ("at", "signature")
    }
    good = cli("--store", filled, "audit", "verify", "--anchor", file, "--json")
    assert good.status == 0
    assert good.json["ok"] is True
    assert good.json["signature"]["entries"] == 2
    told = cli("--store", filled, "audit", "verify", "--anchor", file)
    assert told.out == "Audit trail intact: 2 entries.\n"
    assert "It agrees with the anchor of " in told.err


def test_a_store_that_was_cut_off_ends_with_1(cli, filled, tmp_path):
    file = tmp_path / "head.json"
    cli("--store", filled, "audit", "anchor", file)
    with closing(sqlite3.connect(filled)) as connection, connection:
        connection.execute("PRAGMA foreign_keys=OFF")
        for table in ("audit_entry", "revision", "foreign_system", "user_credential"):
            connection.execute(f"DELETE FROM {table}")
        connection.execute("DELETE FROM store_meta WHERE key LIKE 'audit_%'")
    assert cli("--store", filled, "audit", "verify").status == 0
    found = cli("--store", filled, "audit", "verify", "--anchor", file, "--json")
    assert found.status == 1
    assert found.json["problem"].startswith("it ends at entry 0, and entry 2 was signed")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{}",
        b"[]",
        b"\xff\xfe",
        b"null",
        b'{"format": "approval-console-audit-anchor-1"}',
        b"[" * 50_000,
    ],
)
def test_a_file_that_is_no_anchor_ends_with_2(cli, filled, tmp_path, content):
    file = tmp_path / "head.json"
    file.write_bytes(content)
    outcome = cli("--store", filled, "audit", "verify", "--anchor", file, "--json")
    assert outcome.status == 2
    assert outcome.json["error"]["fault"] == "file-unusable"


def test_an_anchor_that_is_not_there_ends_with_2(cli, filled, tmp_path):
    outcome = cli("--store", filled, "audit", "verify", "--anchor", tmp_path / "none.json")
    assert outcome.status == 2
    assert "file-unusable" in outcome.err


def test_without_a_key_it_says_that_nothing_is_signed(cli, filled, tmp_path, monkeypatch):
    monkeypatch.delenv(AUDIT_VARIABLE)
    file = tmp_path / "head.json"
    made = cli("--store", filled, "audit", "anchor", file)
    assert made.status == 0
    assert f"Not signed: 2 entries. {AUDIT_VARIABLE} is not set" in made.err
    assert json.loads(file.read_text())["signature"] is None
    told = cli("--store", filled, "audit", "verify", "--anchor", file)
    assert told.status == 0
    assert "Not signed." in told.err
    assert "it proves as much as the place where it was kept" in told.err


def test_the_help_says_what_cannot_be_detected(cli):
    told = " ".join(cli("audit", "verify", "--help").out.split())
    assert "What cannot be detected" in told
    assert "key of the vault" in told
