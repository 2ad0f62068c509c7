"""`policies`, `actions list`, `actions wait` and `endpoints` against a practice server, in this process."""

import pytest

from console.cli import output
from services.practice.privilege_manager import PracticeOptions, PracticePrivilegeManager
from services.practice.privilege_manager import built_in_ids as ids
from services.practice.privilege_manager.items import ItemKind

DOCUMENT = """\
version: 1
credentials:
  - {{name: PM API Client, account: {client_id}}}
foreign_systems:
  - {{name: Privilege Manager, kind: privilege_manager, base_url: "{base_url}", credential: PM API Client, production: {production}}}
actions:
  - {{name: Approval Request Form Action, server: Privilege Manager, copy_of: Approval Request Form Action}}
policies:
  - {{name: Elevate installers, server: Privilege Manager, platform: windows, actions: [Approval Request Form Action], active: true}}
"""
PM, ELEVATE, FORM = "Privilege Manager", "Elevate Service Desk Tools", "Approval Request Form Action"


@pytest.fixture
def practice():
    server = PracticePrivilegeManager(PracticeOptions(whole_items=True), computers=2).start()
    yield server
    server.stop()


@pytest.fixture
def configure(cli, practice, tmp_path, monkeypatch):
    """Return a function that applies the document, and returns the call on its store."""
    monkeypatch.setenv("APPROVAL_CONSOLE_SECRET_PM_API_CLIENT", practice.client_secret)
    file = str(tmp_path / "console.db")

    def make(*, production=False):
        document = tmp_path / "approvals.yaml"
        text = DOCUMENT.format(
            client_id=practice.client_id, base_url=practice.base_url, production=str(production).lower()
        )
        document.write_text(text, encoding="utf-8")
        applied = cli("--store", file, "config", "apply", document)
        assert applied.status == 0, applied.err
        return lambda *arguments: cli("--store", file, *arguments)

    return make


@pytest.fixture
def call(configure):
    return configure()


def actions_of(practice, name):
    policy = practice.state.items.named(name)
    return [practice.state.items.get(one).name for one in policy.ids("ApplicationActionIds")]


def test_policies_are_listed_by_priority(call):
    listed = call("policies", "list", "privilege manager", "--json")
    assert listed.status == 0
    found = listed.json
    assert (found["complete"], found["total"]) == (True, 3)
    assert [one["priority"] for one in found["policies"]] == [10, 50, 50]
    assert found["policies"][0]["actions"] == [
        {"id": ids.ADD_ADMINISTRATIVE_RIGHTS, "name": "Add Administrative Rights"}
    ]
    assert len(call("policies", "list", PM, "INSTALLER", "--json").json["policies"]) == 1
    lines = call("policies", "list", PM).out.splitlines()
    assert lines[0].split("\t")[:3] == [ELEVATE, "Active", "10"]


def test_an_incomplete_list_ends_with_1(call, practice):
    practice.faults.read("list_truncated:operation=policies")
    listed = call("policies", "list", PM, "--json")
    assert (listed.status, listed.json["complete"]) == (1, False)


def test_a_plan_says_what_would_change_and_changes_nothing(call, practice):
    planned = call(
        "policies", "plan", PM, "New", "--create", "mac", "--add-action", FORM, "--enable", "--json"
    )
    assert planned.status == 0
    found = planned.json
    assert [one["operation"] for one in found["changes"][:4]] == ["create", "add", "keep", "update"]
    assert found["calls"] == 4
    assert found["warnings"][0]["kind"] == "other_platform"
    assert practice.state.items.named("New") is None
    shown = call("policies", "plan", PM, ELEVATE, "--disable")
    assert "~ Update    Status         Active -> Inactive" in shown.out
    assert "1 change, 2 calls" in shown.out
    assert "inactive" in shown.err


def test_a_plan_with_conflicts_ends_with_1_and_applying_it_writes_nothing(call, practice):
    arguments = (PM, ELEVATE, "--add-action", "Not imported", "--json")
    assert call("policies", "plan", *arguments).status == 1
    applied = call("policies", "apply", *arguments)
    assert applied.status == 1
    assert applied.json["run"] is None
    assert applied.json["verified"] is False


def test_what_is_not_there_is_named_with_the_nearest(call):
    missing = call("policies", "plan", PM, "Elevate Service Desk Tool", "--enable")
    assert missing.status == 2
    assert ELEVATE in missing.err
    assert call("policies", "plan", "Nowhere", ELEVATE, "--enable").status == 2


def test_apply_and_undo(call, practice):
    applied = call("policies", "apply", PM, ELEVATE.lower(), "--add-action", FORM, "--disable", "--json")
    assert applied.status == 0
    assert applied.json["verified"] is True
    assert FORM in actions_of(practice, ELEVATE)
    undone = call("policies", "undo", applied.json["run"])
    assert undone.status == 0
    assert "Restored: add, status" in undone.out
    assert FORM not in actions_of(practice, ELEVATE)
    assert practice.state.items.named(ELEVATE).members["Enabled"] is True
    assert call("policies", "undo", "nonsense").status == 2


def test_without_options_the_stored_policy_is_applied(call, practice):
    assert call("policies", "apply", PM, "Elevate installers").status == 0
    assert actions_of(practice, "Elevate installers") == [FORM]
    again = call("policies", "apply", PM, "Elevate installers", "--json")
    assert (again.status, again.json["verified"]) == (0, True)
    assert len(practice.state.items.of_kind(ItemKind.POLICY)) == 4


def test_a_run_that_stopped_names_its_id(call, practice):
    practice.faults.read("forbidden:operation=add_actions")
    stopped = call("policies", "apply", PM, "New", "--create", "windows", "--add-action", FORM, "--json")
    assert stopped.status == 3
    assert stopped.json["error"]["fault"] == "privilege-manager-forbidden"
    practice.faults.clear()
    applied = call("policies", "apply", PM, "New", "--create", "windows", "--add-action", FORM, "--json")
    assert (applied.status, applied.json["run"]) == (0, stopped.json["run"])


def test_production_is_confirmed(configure, practice):
    call = configure(production=True)
    assert call("policies", "plan", PM, ELEVATE, "--disable").status == 0
    assert call("policies", "apply", PM, ELEVATE, "--disable").status == 2
    assert call("endpoints", "update", PM, "--task", ids.TARGETING_TASK).status == 2
    done = call("policies", "apply", PM, ELEVATE, "--disable", "--confirm", PM, "--json")
    assert done.status == 0
    assert call("policies", "undo", done.json["run"]).status == 2
    assert call("policies", "undo", done.json["run"], "--confirm", PM).status == 0


def test_actions_are_listed_and_waited_for(call, practice):
    listed = call("actions", "list", PM, "form", "--json")
    assert listed.status == 0
    assert FORM in [one["name"] for one in listed.json["actions"]]
    assert "Commandline" not in listed.out
    found = call("actions", "wait", PM, FORM.upper(), "--json")
    assert (found.status, found.json["asked"]) == (0, 1)
    assert found.json["actions"][0]["id"] == ids.APPROVAL_FORM
    assert call("actions", "wait", PM, "Never", "--timeout", "0").status == 1


def test_calls_that_cannot_be_meant_are_refused_before_any_call(call, practice):
    for arguments, named in (
        (("actions", "wait", PM, " "), "empty"),
        (("endpoints", "update", PM, "--task", "targeting"), "--task targeting"),
        (("endpoints", "status", PM, "--report", "computers"), "--report computers"),
        (
            ("policies", "apply", PM, ELEVATE, "--add-action", FORM, "--remove-action", FORM.lower()),
            "added and",
        ),
    ):
        refused = call(*arguments)
        assert refused.status == 2, arguments
        assert named in refused.err
    assert FORM not in actions_of(practice, ELEVATE)


def test_endpoints_are_updated_by_the_id_that_was_entered_once(call, practice):
    unknown = call("endpoints", "update", PM)
    assert unknown.status == 3
    assert "--task" in unknown.err
    assert call("endpoints", "update", PM, "--task", ids.TARGETING_TASK.upper()).status == 0
    again = call("endpoints", "update", PM, "--json")
    assert (again.status, again.json["task"]) == (0, ids.TARGETING_TASK)
    assert len(practice.state.task_runs) == 2


def test_the_status_of_endpoints_says_what_is_not_told(call):
    first = call("endpoints", "status", PM, "--json")
    assert first.status == 1
    assert (first.json["agents"], first.json["computers"]) == (5, None)
    assert "--report" in first.json["not_told"][0]
    call("endpoints", "update", PM, "--task", ids.TARGETING_TASK)
    told = call("endpoints", "status", PM, ELEVATE, "--report", ids.POLICY_COMPUTERS_REPORT, "--json")
    assert told.status == 0
    assert {one["policy"] for one in told.json["computers"]} == {ELEVATE}
    assert len(told.json["computers"]) == 4
    assert "WS-014" in call("endpoints", "status", PM).out
    assert call("endpoints", "status", PM, "Nothing").status == 2


def test_tables_on_a_terminal_have_heads(call, monkeypatch):
    seen = []
    monkeypatch.setattr(output, "print_table", lambda heads, rows, **_: seen.append((heads, list(rows))))
    call("actions", "list", PM)
    assert seen[0][0] == ("Action", "Platform", "Id")
