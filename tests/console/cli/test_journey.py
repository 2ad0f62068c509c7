"""The whole set-up at the command line, as a script does it: programs of their own, no screen, nothing typed."""

import re
import subprocess
import uuid

import pytest

from services.connectivity import STAGES
from tests.console.cli.conftest import SECRET, SERVER, TYPE, Program, document, interrupt, read_to
from tests.limits import MANY_PROGRAMS_S, PROGRAM_S

pytestmark = pytest.mark.timeout(MANY_PROGRAMS_S)

CALLS = {
    "validate": ("config", "validate", "document.yaml"),
    "first plan": ("config", "plan", "document.yaml"),
    "first plan as JSON": ("config", "plan", "document.yaml", "--json"),
    "apply": ("config", "apply", "document.yaml", "--json"),
    "second apply": ("config", "apply", "document.yaml", "--json"),
    "check": ("check", SERVER, "--json"),
    "items": ("items", SERVER, "laptop", "--limit", "1", "--json"),
    "approve": ("requests", "rehearse", "--type", TYPE, "--decide", "approve", "--json"),
    "reject": ("requests", "rehearse", "--type", TYPE, "--decide", "reject", "--json"),
    "export": ("config", "export"),
    "history": ("history", "--json"),
    "history of one": ("history", "approval_process", "ServiceNow Approval Process", "--json"),
    "audit": ("audit", "verify"),
}


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    return Program(tmp_path_factory.mktemp("journey"))


@pytest.fixture(scope="module")
def story(program):
    """Everything the story's calls answered, by their names, and how serving the practice instance ended."""
    process = program.start("practice", "serve", "--port", "0", stderr=subprocess.STDOUT)
    try:
        said = read_to(process.stdout, "Stop it with Ctrl+C.")
        address = re.match(r"Practice instance \(stock\) at (http://127\.0\.0\.1:\d+/)\n", said)
        assert address, said
        (program.folder / "document.yaml").write_text(document(address[1]), encoding="utf-8")
        answered = {name: program.run(*words) for name, words in CALLS.items()}
        answered["plan of the export"] = program.run(
            "config", "plan", "-", "--json", text=answered["export"].out
        )
        answered["served"] = interrupt(process)
    finally:
        process.kill()
        process.wait(PROGRAM_S)
    return answered


def test_a_document_is_found_well_formed(story):
    assert story["validate"].status == 0
    assert story["validate"].err == "The document is well formed: 4 objects.\n"
    assert story["validate"].out == ""


def test_a_plan_with_changes_says_them_and_ends_with_1(story):
    assert story["first plan"].status == 1
    assert [line.split(maxsplit=2)[:2] for line in story["first plan"].out.splitlines()] == [
        ["create", "user_credential"],
        ["create", "foreign_system"],
        ["create", "approval_process"],
        ["create", "approval_type"],
    ]
    assert story["first plan as JSON"].status == 1
    assert story["first plan as JSON"].json["summary"] == {"create": 4, "update": 0, "keep": 0}


def test_apply_makes_everything_and_finds_the_request_item(story):
    assert story["apply"].status == 0
    planned = story["apply"].json
    assert set(planned) == {"changes", "summary", "warnings"}
    assert planned["warnings"] == []
    assert [set(change) for change in planned["changes"]] == [{"operation", "kind", "name", "fields"}] * 4
    assert planned["changes"][2]["fields"]["request_item_id"]["to"]


def test_a_second_apply_changes_nothing(story):
    assert story["second apply"].status == 0
    assert story["second apply"].json["summary"] == {"create": 0, "update": 0, "keep": 4}


def test_the_check_is_good_stage_by_stage(story):
    assert story["check"].status == 0
    report = story["check"].json
    assert set(report) == {"server", "verdict", "correlation_id", "ms", "stages"}
    assert (report["server"], report["verdict"]) == (SERVER, "ok")
    assert [stage["stage"] for stage in report["stages"]] == list(STAGES)
    keys = {"stage", "state", "fault", "evidence", "cause", "owner", "remedy", "ms"}
    assert all(set(stage) == keys for stage in report["stages"])
    states = {stage["stage"]: stage["state"] for stage in report["stages"]}
    looked_at = (
        "url",
        "dns",
        "tcp",
        "http",
        "authentication",
        "service_create",
        "service_status",
        "status_call",
    )
    assert {states[stage] for stage in looked_at} == {"ok"}
    assert states["tls"] == "skipped"
    assert all(type(stage["ms"]) is int for stage in report["stages"])
    assert all(stage["fault"] is None for stage in report["stages"])


def test_items_are_listed_within_the_limit(story):
    assert story["items"].status == 0
    [item] = story["items"].json["items"]
    assert "laptop" in item["name"].lower()
    assert set(item) == {
        "sys_id", "name", "category", "short_description", "active", "variables", "meets_contract",
    }  # fmt: skip


@pytest.mark.parametrize(("decision", "end"), [("approve", "approved"), ("reject", "rejected")])
def test_a_request_is_rehearsed_to_its_end(story, decision, end):
    assert story[decision].status == 0, story[decision].err
    run = story[decision].json
    assert run["ok"] is True
    assert set(run["request"]) == {"id", "request_id", "number", "state", "servicenow_state", "comment"}
    assert (run["request"]["state"], run["request"]["servicenow_state"]) == (end, end)
    assert re.fullmatch(r"RITM\d{7}", run["request"]["number"])
    assert [leg["leg"] for leg in run["legs"]] == [
        "create",
        "record",
        "status",
        "decision",
        "outcome",
        "proof",
    ]
    assert all(set(leg) == {"leg", "ok", "observed", "ms", "usual_ms"} for leg in run["legs"])


def test_what_was_exported_plans_nothing(story):
    assert story["export"].status == 0
    assert story["export"].err == ""
    assert story["plan of the export"].status == 0
    assert story["plan of the export"].json["summary"] == {"create": 0, "update": 0, "keep": 4}


def test_history_tells_what_changed_newest_first(story):
    assert story["history"].status == 0
    revisions = story["history"].json["revisions"]
    assert [r["kind"] for r in revisions] == [
        "approval_type", "approval_process", "foreign_system", "user_credential",
    ]  # fmt: skip
    keys = {"id", "kind", "object", "name", "version", "operation", "at", "by", "note", "changes"}
    assert all(set(r) == keys for r in revisions)
    assert {r["operation"] for r in revisions} == {"create"}
    assert uuid.UUID(revisions[0]["id"])
    [one] = story["history of one"].json["revisions"]
    assert one == revisions[1]
    assert {"field": "create_service", "from": None, "to": "CreateExecuteAppApprovalRequest"} in one[
        "changes"
    ]


def test_the_audit_trail_is_whole(story):
    assert story["audit"].status == 0
    # Four objects and a check at the least; how many entries a rehearsal takes is its own matter.
    told = re.fullmatch(r"Audit trail intact: (\d+) entries\.\n", story["audit"].out)
    assert int(told[1]) > 5


def test_serving_ends_with_ctrl_c_and_without_a_word_more(story):
    assert story["served"].status == 130
    assert story["served"].out == ""


def test_json_stands_alone_on_standard_output_and_progress_goes_to_standard_error(story):
    assert "ok       status_call" in story["check"].err
    assert "1/6 Raising a request" in story["approve"].err
    for name in ("first plan as JSON", "apply", "check", "items", "approve", "reject", "history"):
        assert story[name].out.startswith("{"), name
        assert story[name].out.endswith("}\n"), name


def test_nothing_asked_for_qt(story, program):
    assert story["audit"].status == 0
    assert program.qt_asked_for == []


def test_the_secret_is_nowhere(story, program):
    printed = [(name, outcome.out + outcome.err) for name, outcome in story.items() if name != "served"]
    assert [name for name, text in printed if SECRET in text] == []
    planted = SECRET.encode()
    files = [f for f in (program.folder / "home").rglob("*") if f.is_file()]
    assert {f.name for f in files} >= {"console.db", "bindings.json", "approval-console.log"}
    assert [f.name for f in files if planted in f.read_bytes()] == []
    assert all(SECRET not in " ".join(words) for words in CALLS.values())
