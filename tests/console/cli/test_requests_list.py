"""`requests list`: what the interface promises, on a terminal, as JSON and as CSV."""

import csv
import io
import json
import random
from datetime import timedelta

import pytest
from sqlmodel import select

from models.approval_request import ApprovalRequest
from models.audit_entry import AuditEntry
from models.base import utcnow
from models.kinds import RequestState
from models.polled_server import PolledServer
from services.store import Store
from tests.services.requests.inbox_rows import add_rows, drawn_row, processes_of

KEYS = [
    *(
        "id",
        "number",
        "state",
        "servicenow_state",
        "mismatch",
        "initiator",
        "agent",
        "policy",
        "file_path",
        "reason",
    ),
    *("requested_at", "age_s", "times_out_at", "waits_for", "process", "url", "error"),
]


@pytest.fixture
def filled(tmp_path):
    """Fill the store that commands open when none is named; returns its rows, the newest first."""
    path = tmp_path / "inbox.db"
    store = Store.open(str(path), actor="ada")
    drawn, processes = random.Random(2), processes_of(store)
    rows = [
        drawn_row(drawn, number, processes)
        | {
            "requested_at": utcnow() - timedelta(hours=number, seconds=5),
            "waits_for": "",
            "record_id": "a" * 32,
        }
        for number in range(30)
    ]
    rows[0] |= {
        "state": RequestState.PENDING,
        "mismatch": "",
        "waits_for": "App Approvers\nD. Whitfield",
        "reason": "=1+1\x1b[2J",
    }
    add_rows(store, rows)
    store.close()
    return path, rows


@pytest.fixture
def listed(cli, filled):
    """Call the command on that store."""
    return lambda *arguments: cli("--store", filled[0], "requests", "list", *arguments)


def test_json_has_the_keys_of_the_interface_and_the_newest_first(listed, filled):
    outcome = listed("--json", "--limit", "3")
    assert outcome.status == 0
    document = outcome.json
    assert list(document) == ["total", "as_of", "complete", "requests"]
    assert (document["total"], document["as_of"], document["complete"]) == (30, None, False)
    assert [one["id"] for one in document["requests"]] == [str(row["id"]) for row in filled[1][:3]]
    first = document["requests"][0]
    assert list(first) == KEYS
    assert first["waits_for"] == ["App Approvers", "D. Whitfield"]
    assert first["state"] == "pending"
    assert 5 <= first["age_s"] < 3_600
    assert first["url"] == f"https://a.example/nav_to.do?uri=sc_req_item.do?sys_id={'a' * 32}"


def test_the_copies_are_complete_when_every_server_was_looked_at(listed, filled):
    store = Store.open(str(filled[0]), actor="ada")
    with store.write() as work:
        for server in {row["server_id"] for row in filled[1]}:
            work.session.add(PolledServer(server_id=server, complete=True, polled_at=utcnow()))
    store.close()
    document = listed("--json").json
    assert document["complete"] is True
    assert document["as_of"].endswith("Z")


def test_states_words_and_age_narrow_it_together(listed, filled):
    rows = filled[1]
    wanted = [r for r in rows if r["state"] in ("approved", "rejected") and r["agent_name"].endswith("2")][0:]
    arguments = ("--state", "approved", "--state", "rejected", "--search", "lt-4 40002", "--json")
    assert [one["id"] for one in listed(*arguments).json["requests"]] == [str(row["id"]) for row in wanted]
    old = [row for row in rows if utcnow() - row["requested_at"] >= timedelta(hours=20)]
    assert listed("--older-than", "20h", "--json").json["total"] == len(old) == 10
    assert listed("--older-than", "2d", "--json").json == {
        "total": 0,
        "as_of": None,
        "complete": False,
        "requests": [],
    }


def test_csv_is_whole_and_neither_a_formula_nor_a_command_to_the_terminal(listed, filled):
    outcome = listed("--csv")
    rows = list(csv.DictReader(io.StringIO(outcome.out, newline="")))
    assert list(rows[0]) == KEYS
    assert [row["id"] for row in rows] == [str(row["id"]) for row in filled[1]]
    assert rows[0]["reason"] == "'=1+1\\x1b[2J"
    assert rows[0]["waits_for"] == "App Approvers; D. Whitfield"
    assert len(list(csv.DictReader(io.StringIO(listed("--csv", "--limit", "4").out, newline="")))) == 4


def test_people_read_lines_and_how_many_there_are(listed):
    outcome = listed("--limit", "5")
    lines = outcome.out.splitlines()
    assert len(lines) == 5
    assert lines[0].startswith("pending\t0:00:")
    assert "App Approvers, D. Whitfield" in lines[0]
    assert "\\x1b[2J" in lines[0]
    assert "5 of 30 requests." in outcome.err
    assert "may be missing" in outcome.err


@pytest.mark.parametrize(
    ("arguments", "remedy"),
    [
        (["--state", "pendng"], "Did you mean “pending”?"),
        (["--state", "Timed-Out"], "Did you mean “timed_out”?"),
        (["--state", "xyz"], "Name one of submitting, pending"),
        (["--older-than", "2hours"], "Did you mean “2h”?"),
        (["--older-than", "15 M"], "Did you mean “15m”?"),
        (["--older-than", "yesterday"], "such as 15m, 2h or 3d"),
        (["--older-than", "-5m"], "such as 15m, 2h or 3d"),
        (["--older-than", "5y"], "such as 15m, 2h or 3d"),
    ],
)
def test_an_unknown_word_is_refused_with_the_nearest(listed, arguments, remedy):
    outcome = listed(*arguments, "--json")
    assert outcome.status == 2
    assert remedy in json.loads(outcome.out)["error"]["remedy"]


@pytest.mark.parametrize(
    "arguments", [["--json", "--csv"], ["--limit", "0"], ["--limit", "x"], ["--stat", "pending"]]
)
def test_a_wrong_call_changes_nothing(listed, filled, arguments):
    outcome = listed(*arguments)
    assert outcome.status == 2
    assert outcome.out == ""
    store = Store.open(str(filled[0]), actor="ada")
    with store.read() as session:
        assert len(session.exec(select(ApprovalRequest)).all()) == 30
    store.close()


def test_it_needs_no_window(program, filled):
    outcome = program.run("--store", str(filled[0]), "requests", "list", "--csv", "--limit", "2")
    rows = list(csv.DictReader(io.StringIO(outcome.out, newline="")))
    assert (outcome.status, len(rows)) == (0, 2)
    assert program.qt_asked_for == []


def exports(path):
    store = Store.open(str(path), actor="ada")
    with store.read() as session:
        found = list(session.exec(select(AuditEntry).where(AuditEntry.operation == "export")))
    store.close()
    return [(one.object_kind, one.detail) for one in found]


def test_csv_is_an_export_and_stands_in_the_audit_trail_as_the_window_s_does(listed, filled):
    path, rows = filled
    listed("--json")
    listed()
    assert exports(path) == []
    assert listed("--csv", "--limit", "7").status == 0
    assert listed("--csv").status == 0
    assert exports(path) == [("approval_request", "7 rows"), ("approval_request", f"{len(rows)} rows")]
