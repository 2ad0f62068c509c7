"""`requests show`, `approve`, `reject`, `cancel`, `remind`, and the programs that may raise requests."""

import getpass
import json
import logging
import subprocess
import sys
import uuid

import pytest

from console.cli.decision_commands import exit_status_of
from models.approval_request import COPY_VERSION, ApprovalRequest
from models.kinds import Kind, RequestOrigin, RequestState
from services.common.user_folders import Paths
from services.configuration import Configuration
from services.intake.clients import hash_token
from services.practice.accounts_and_sessions import user_sys_id
from services.practice.initial_data import EXECUTE_ITEM_ID, _sample_variables
from services.practice.orders_and_approvals import place_order
from services.requests.decisions.action_run import ActionResult
from services.requests.records.problems import decision_too_late
from services.store import Store
from tests.console.cli.conftest import ROOT, SECRET, SERVER, TYPE
from tests.console.cli.test_wrong_calls import applied, error_of

PM = "privman.integration"
APPROVER = "version: 1\ncredentials:\n  - {name: Approver, account: app.approver}\n"


@pytest.fixture
def store(cli, tmp_path, practice, monkeypatch):
    applied(cli, tmp_path, practice.base_url)
    (tmp_path / "approver.yaml").write_text(APPROVER, encoding="utf-8")
    assert cli("config", "apply", tmp_path / "approver.yaml").status == 0
    monkeypatch.setenv("APPROVAL_CONSOLE_SECRET_APPROVER", SECRET)
    monkeypatch.setenv("APPROVAL_CONSOLE_SECRET_APPROVER_FOR", practice.base_url)
    opened = Store.open(str(Paths.of().default_store), actor="ada")
    yield opened
    opened.close()


@pytest.fixture
def order(store, practice):
    """Put a request on the instance and into the store: a copy, or one of our own."""
    configuration = Configuration(store)
    server = configuration.named(Kind.FOREIGN_SYSTEM, SERVER)
    kind = configuration.named(Kind.APPROVAL_TYPE, TYPE)

    def make(number=1, *, own=False):
        key = uuid.uuid4()
        variables = {**_sample_variables(number), **({"PMApprovalId": str(key)} if own else {})}
        made = place_order(practice._database, EXECUTE_ITEM_ID, variables, user_id=user_sys_id(PM), by=PM)
        row = ApprovalRequest(
            id=key, server_id=server.id, record_id=made.item_id, number=made.item_number, state=RequestState.PENDING,
            external_id=made.item_id if own else f"pm-{number}",
            approval_id=str(key) if own else _sample_variables(number)["PMApprovalId"],
            file_path=_sample_variables(number)["PMFilePath"], initiator_name="Ada", servicenow_state="requested", record_state="1",
        )  # fmt: skip
        if own:
            row.type_id, row.process_id = kind.id, kind.process_id
        else:
            row.origin, row.version = RequestOrigin.SERVICENOW, COPY_VERSION
        with store.write() as work:
            work.insert(row) if own else work.observe(ApprovalRequest, {}, [row])
        return row

    return make


def state_of(practice, row):
    return practice.records("sc_req_item", number=row.number)[0]["approval"]


def test_a_request_is_shown_by_each_of_its_names(cli, order, practice):
    row = order()
    for name in (row.id, row.approval_id, row.number, row.number.lower(), "pm-1", row.record_id):
        outcome = cli("requests", "show", name, "--json")
        assert outcome.status == 0, outcome.err
        assert outcome.json["id"] == str(row.id)
    told = outcome.json
    assert told["who_can_act"] == [
        {"name": "Alex Approver", "user_name": "app.approver", "via": "Application Approvers", "absent": None}
    ]
    assert told["complete"]
    assert told["url"].endswith(f"sc_req_item.do?sys_id={row.record_id}")
    shown = cli("requests", "show", row.number).out
    assert "Alex Approver (app.approver), through Application Approvers" in shown
    assert told["answer_for_caller"] in shown


def test_out_of_reach_what_the_store_knows_is_shown(cli, order, practice):
    row = order()
    practice.faults.set("hibernating")
    outcome = cli("requests", "show", row.number, "--json")
    assert outcome.status == 0
    assert outcome.json["problem"]["fault"] == "instance-hibernating"
    assert "hibernating" in outcome.err


@pytest.mark.parametrize(("command", "word"), [("approve", "approved"), ("reject", "rejected")])
def test_several_are_decided_with_a_comment(cli, order, practice, store, command, word):
    rows = [order(1), order(2, own=True)]
    outcome = cli("requests", command, rows[0].number, rows[1].id, "--comment", "As agreed", "--json")
    assert outcome.status == 0, outcome.err
    assert [o["ok"] for o in outcome.json["outcomes"]] == [True, True]
    assert [state_of(practice, row) for row in rows] == [word, word]
    with store.read() as session:
        assert [session.get(ApprovalRequest, row.id).state for row in rows] == [word, word]


def test_as_an_approver_of_its_own(cli, order, practice):
    row = order()
    outcome = cli("requests", "approve", row.number, "--decide-as", "Approver")
    told = f"{row.number} approved by {getpass.getuser()}, with the account app.approver of Alex Approver."
    assert (outcome.status, outcome.out) == (0, f"{row.number}\t{told}\n")
    [asked] = practice.records("sysapproval_approver", sysapproval=row.record_id)
    assert asked["sys_updated_by"] == "app.approver"


def test_one_that_is_decided_already_ends_with_1(cli, order, practice):
    row, other = order(1), order(2)
    assert cli("requests", "reject", row.number).status == 0
    outcome = cli("requests", "approve", row.number, other.number)
    assert outcome.status == 1
    assert "already rejected by privman.integration on behalf of Alex Approver" in outcome.err
    assert state_of(practice, row) == "rejected"
    assert state_of(practice, other) == "approved"


def test_an_unknown_one_stops_all_of_them(cli, order, practice):
    row = order()
    outcome = cli("requests", "approve", row.number, "RITM9999999", "--json")
    assert outcome.status == 2
    assert error_of(outcome)["fault"] == "object-missing"
    assert state_of(practice, row) == "requested"


def test_out_of_reach_ends_with_3(cli, order, practice):
    row = order()
    practice.faults.set("server_error")
    outcome = cli("requests", "approve", row.number)
    assert outcome.status == 3
    practice.faults.clear()
    assert state_of(practice, row) == "requested"


def test_a_comment_that_cannot_travel_ends_with_2(cli, order, practice):
    row = order()
    assert cli("requests", "reject", row.number, "--comment", "a\x01b").status == 2
    assert state_of(practice, row) == "requested"


def test_a_request_of_privilege_manager_is_cancelled_when_confirmed(cli, order, practice):
    row = order()
    outcome = cli("requests", "cancel", row.number, "--comment", "Not needed")
    assert outcome.status == 2
    assert "--confirm" in outcome.err
    assert state_of(practice, row) == "requested"
    assert cli("requests", "cancel", row.number, "--comment", "Not needed", "--confirm").status == 0
    assert state_of(practice, row) == "cancelled"


def test_our_own_is_cancelled_without_more_ado(cli, order, practice, store):
    row = order(own=True)
    assert cli("requests", "cancel", row.id, "--comment", "Not needed").status == 0
    with store.read() as session:
        assert session.get(ApprovalRequest, row.id).state == "cancelled"


def test_a_reminder_is_sent_once(cli, order, practice):
    row = order()
    assert cli("requests", "remind", row.number, "--comment", "On the phone").status == 0
    assert cli("requests", "remind", row.number).status == 1
    journal = practice.records("sys_journal_field")
    assert [entry["value"] for entry in journal] == ["On the phone"]


def test_a_number_on_two_instances_has_to_be_told_apart(cli, order, store):
    row = order()
    twin = ApprovalRequest(
        number=row.number, version=COPY_VERSION, origin=RequestOrigin.SERVICENOW, state=RequestState.PENDING
    )
    with store.write() as work:
        work.observe(ApprovalRequest, {}, [twin])
    outcome = cli("requests", "show", row.number, "--json")
    assert outcome.status == 2
    assert error_of(outcome)["fault"] == "request-ambiguous"
    assert str(twin.id) in outcome.err


@pytest.mark.parametrize("command", ["show", "approve", "reject", "cancel", "remind"])
def test_a_request_that_nobody_knows_says_where_to_look(cli, order, practice, command):
    row = order()
    outcome = cli("requests", command, *([] if command == "show" else [row.number]), "RITM0099999")
    assert (outcome.status, outcome.out) == (2, "")
    assert "Find the request “RITM0099999”" in outcome.err
    assert "requests list --search" in outcome.err
    assert state_of(practice, row) == "requested"


def test_the_comment_of_a_reminder_is_for_those_who_are_asked(cli):
    assert "What those who are asked are told." in cli("requests", "remind", "--help").out


def test_further_lines_of_a_comment_pass_for_none_of_ours(cli, order):
    row = order()
    assert cli("requests", "reject", row.number, "--comment", "No.\nTimeline\n  Approved").status == 0
    shown = cli("requests", "show", row.number).out.splitlines()
    assert shown.count("Timeline") == 1
    assert "      Timeline" in shown


# -- programs that raise requests ------------------------------------------------------------------------------------


def test_a_token_is_written_once_and_to_standard_output_only(cli, store):
    words = ("--map", "PMFilePath=/file/path", "--map", "id=/number")
    outcome = cli("intake", "add", "Webhook", "--type", TYPE, *words)
    assert outcome.status == 0
    token = outcome.out.strip()
    assert token not in outcome.err
    listed = cli("intake", "list").out
    assert listed.startswith(f"Webhook\t{TYPE}\t")
    assert json.loads(listed.split("\t")[2]) == {"PMFilePath": "/file/path", "id": "/number"}
    everything = (listed, cli("history", "--json").out, cli("config", "export").out, _logs())
    assert not any(token in text for text in everything)
    assert hash_token(token) not in listed
    assert cli("intake", "remove", "webhook").status == 0
    assert cli("intake", "list").out == ""
    assert cli("intake", "remove", "Webhook").status == 2


def _logs():
    for handler in logging.getLogger().handlers:
        handler.flush()
    return "".join(f.read_text(encoding="utf-8") for f in (Paths.of().state / "logs").glob("*"))


@pytest.mark.parametrize(
    "words",
    [
        ("Webhook", "--type", "Nobody knows"),
        ("Webhook", "--type", TYPE, "--map", "PMShoeSize=/x"),
        ("Webhook", "--type", TYPE, "--map", "PMFilePath"),
        ("Webhook", "--type", TYPE, "--map", "PMFilePath=/~5"),
        (" ", "--type", TYPE),
    ],
)
def test_a_wrong_program_is_refused(cli, store, words):
    outcome = cli("intake", "add", *words)
    assert (outcome.status, outcome.out) == (2, "")
    assert cli("intake", "list").out == ""


def test_no_command_asks_for_qt():
    code = "import sys, console.cli.decision_commands, console.cli.intake_commands; print([m for m in sys.modules if 'Qt' in m])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_decision_that_came_too_late_is_done_and_not_good():
    late = ActionResult(
        uuid.uuid4(), ok=True, problem=decision_too_late("Take in that RITM1 is approved", "timed_out")
    )
    assert exit_status_of([late]) == 1
    assert exit_status_of([ActionResult(uuid.uuid4(), ok=True)]) == 0


@pytest.mark.parametrize(
    "written",
    [
        "{{{id}}}",
        "urn:uuid:{id}",
        "  {id} ",
        "({id})",
        "{hex}",
        "{{{ID}}}",
    ],
)
@pytest.mark.parametrize("name", ["id", "approval_id", "record_id"])
def test_a_request_is_found_by_its_ids_in_any_usual_spelling(cli, order, name, written):
    row = order()
    known = uuid.UUID(str(getattr(row, name)))
    text = written.format(id=known, hex=known.hex, ID=str(known).upper())
    outcome = cli("requests", "show", text, "--json")
    assert outcome.status == 0, outcome.err
    assert outcome.json["id"] == str(row.id)
    listed = cli("requests", "list", "--search", text.strip(), "--json")
    assert name == "id" or [one["id"] for one in listed.json["requests"]] == [str(row.id)]


def test_an_approval_id_is_found_however_it_was_sent(cli, order, store):
    row = order()
    sent = f"{{{str(row.approval_id).upper()}}}"
    with store.write() as work:
        work.observe(ApprovalRequest, {}, [ApprovalRequest(**{**row.model_dump(), "approval_id": sent})])
    for text in (row.approval_id, sent, f"urn:uuid:{row.approval_id}"):
        assert cli("requests", "show", text, "--json").json["id"] == str(row.id)


def test_a_record_of_another_item_is_not_decided(cli, order, practice, store):
    """An order carries a laptop as well, and a console had taken that for the request."""
    row = order(own=True)
    laptop = order(2)
    with store.write() as work:
        work.observe(ApprovalRequest, {row.id: {"record_id": laptop.record_id, "number": laptop.number}})
    outcome = cli("requests", "approve", row.id)
    assert outcome.status == 0, outcome.err
    assert state_of(practice, laptop) == "requested"
    assert state_of(practice, row) == "approved"
    practice._database.delete("sc_req_item", row.record_id, by="admin")
    with store.write() as work:
        lost = work.session.get(ApprovalRequest, row.id)
        work.session.expunge(lost)
        lost.external_id = laptop.record_id
        work.update(lost, lost.version)
    outcome = cli("requests", "reject", row.id, "--json")
    assert (outcome.status, outcome.json["outcomes"][0]["problem"]["fault"]) == (3, "record-foreign")
    assert state_of(practice, laptop) == "requested"
