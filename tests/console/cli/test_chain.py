"""`chain` as a command: one JSON document in the public form, and its exit status."""

import pytest

from services.practice.privilege_manager import PracticePrivilegeManager
from tests.console.cli.conftest import document
from tests.services.approval_chain.scene import (
    ACTION_NAME,
    POLICY_ID,
    POLICY_NAME,
    TYPE_GUID,
    fill_privilege_manager,
    telling_options,
)

KINDS = [
    "policy",
    "action",
    "approval_type",
    "approval_process",
    "server",
    "request_item",
    "approver",
]
SECTIONS = """\
actions:
  - {{name: {action}, server: Privilege Manager, copy_of: Approval Request Form Action,
     approval_type: ServiceNow Execute Application Request Type, approval_type_id: "{guid}"}}
policies:
  - {{name: {policy}, server: Privilege Manager, platform: windows, actions: [{action}], active: true}}
"""


@pytest.fixture
def pm():
    server = PracticePrivilegeManager(telling_options()).start()
    fill_privilege_manager(server)
    yield server
    server.stop()


@pytest.fixture
def configured(cli, practice, pm, tmp_path, monkeypatch):
    """A store with the objects of a chain, made of a document."""
    monkeypatch.setenv("APPROVAL_CONSOLE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("APPROVAL_CONSOLE_SECRET_PM_API_CLIENT", pm.client_secret)
    text = document(practice.base_url)
    text = text.replace(
        "foreign_systems:\n",
        f"  - {{name: PM API Client, account: {pm.client_id}}}\nforeign_systems:\n"
        f'  - {{name: Privilege Manager, kind: privilege_manager, base_url: "{pm.base_url}", credential: PM API Client}}\n',
    )
    file = tmp_path / "document.yaml"
    sections = SECTIONS.format(action=ACTION_NAME, policy=POLICY_NAME, guid=TYPE_GUID)
    file.write_text(f"{text}{sections}", encoding="utf-8")
    assert cli("config", "apply", file).status == 0
    return cli


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--policy", POLICY_NAME.upper()],
        ["--policy", POLICY_ID],
        ["--process", "ServiceNow Approval Process"],
    ],
)
def test_a_chain_in_the_public_form(configured, arguments):
    outcome = configured("chain", *arguments, "--json")
    assert outcome.status == 0, outcome.err
    assert outcome.json["verdict"] == "ok"
    assert [link["kind"] for link in outcome.json["links"]] == KINDS
    for link in outcome.json["links"]:
        assert link["state"] == "ok"
        assert link["name"]
        assert link["fault"] is None
        assert link["remedy"] is None


def test_a_policy_that_is_only_on_the_server(configured, pm):
    outcome = configured("chain", "--policy", "elevate service desk tools", "--json")
    assert outcome.status == 0, outcome.err
    first, second, *rest = outcome.json["links"]
    assert (first["name"], first["state"]) == ("Elevate Service Desk Tools", "ok")
    assert second["state"] == "unknown"
    assert {link["state"] for link in rest} == {"unknown"}
    assert outcome.json["verdict"] == "unknown"


def test_a_broken_chain_ends_with_1_and_says_what_to_do(configured, pm):
    pm.state.items.get(POLICY_ID).members["Enabled"] = False
    outcome = configured("chain", "--json")
    assert outcome.status == 1
    assert outcome.json["verdict"] == "broken"
    link = outcome.json["links"][0]
    assert (link["state"], link["fault"]) == ("broken", "chain-policy-inactive")
    assert link["remedy"] == "Activate the policy."
    assert link["remedy_action"] == "enable-policy"
    assert {one["state"] for one in outcome.json["links"][1:]} == {"ok"}
    outcome = configured("chain")
    assert outcome.status == 1
    lines = outcome.out.splitlines()
    assert lines[0].startswith("broken   Policy “Unsigned installers”: ")
    assert [line.split(":")[0].strip() for line in lines[1:5]] == ["Fault", "Cause", "Owner", "Remedy"]
    assert lines[-1].startswith("Unsigned installers: broken, ")


def test_wrong_calls(cli, own_store):
    assert cli("chain").status == 2
    assert "--policy" in cli("chain").err
    assert cli("chain", "--process", "Nowhere").status == 2
    assert cli("chain", "--policy", "Nowhere", "--json").json["error"]["fault"] == "object-missing"
    both = cli("chain", "--process", "One", "--policy", "Other")
    assert (both.status, "not both" in both.err) == (2, True)


def test_a_server_that_does_not_answer_while_a_policy_is_looked_for(configured, pm):
    pm.faults.set("html_500")
    outcome = configured("chain", "--policy", "Nowhere")
    assert outcome.status == 3
    unasked = configured("chain", "--json")
    assert unasked.status == 3
    assert (unasked.json["verdict"], unasked.json["links"][0]["state"]) == ("unknown", "unknown")
