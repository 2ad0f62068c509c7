"""`check` of a Privilege Manager server: the same command, JSON and history as for an instance."""

import json

import pytest

from models.check_stages import get_stages
from models.kinds import Kind
from services.practice.privilege_manager import PracticePrivilegeManager

NAME = "Privilege Manager"
DOCUMENT = """\
version: 1
credentials:
  - {{name: PM API Client, account: {account}}}
  - {{name: ServiceNow, account: privman.integration}}
foreign_systems:
  - {{name: {name}, kind: privilege_manager, base_url: "{base_url}", credential: PM API Client}}
  - {{name: {other}, kind: servicenow, base_url: "https://acme.invalid/", credential: ServiceNow}}
"""


@pytest.fixture
def server():
    practice = PracticePrivilegeManager().start()
    yield practice
    practice.stop()


@pytest.fixture
def configure(cli, server, tmp_path, monkeypatch):
    monkeypatch.setenv("APPROVAL_CONSOLE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("APPROVAL_CONSOLE_SECRET_PM_API_CLIENT", server.client_secret)

    def make(other="ServiceNow Server", name=NAME):
        text = DOCUMENT.format(account=server.client_id, name=name, base_url=server.base_url, other=other)
        file = tmp_path / "document.yaml"
        file.write_text(text, encoding="utf-8")
        outcome = cli("config", "apply", file)
        assert outcome.status == 0, outcome.err
        return cli

    return make


def test_the_server_is_found_by_its_name_and_told_in_the_public_form(configure):
    outcome = configure()("check", "privilege manager", "--json")
    assert outcome.status == 0, outcome.err
    told = json.loads(outcome.out)
    assert set(told) == {"server", "verdict", "correlation_id", "ms", "stages"}
    assert (told["server"], told["verdict"]) == (NAME, "ok")
    assert [one["stage"] for one in told["stages"]] == list(get_stages(Kind.PRIVILEGE_MANAGER_SERVER))
    names = {"stage", "state", "fault", "evidence", "cause", "owner", "remedy", "ms"}
    assert all(set(one) == names for one in told["stages"])


def test_a_failure_ends_with_1_and_names_who_can_put_it_right(configure, server):
    cli = configure()
    server.faults.set("api_disabled")
    outcome = cli("check", NAME)
    assert outcome.status == 1
    assert "privilege-manager-api-unavailable" in outcome.out
    assert "Owner: Privilege Manager administrator" in outcome.out
    assert server.client_secret not in outcome.out + outcome.err


def test_a_secret_that_was_accepted_before_is_told_when_it_is_refused(configure, server):
    cli = configure()
    assert cli("check", NAME).status == 0
    server.faults.set("logon_refused")
    assert "The Client Secret that was accepted until" in cli("check", NAME).out


def test_a_name_of_two_servers_asks_for_the_kind(configure, server):
    cli = configure(other=NAME)
    outcome = cli("check", NAME)
    assert outcome.status == 2
    assert "--kind servicenow or --kind privilege_manager" in outcome.err
    assert not server.log
    assert cli("check", NAME, "--kind", "privilege_manager").status == 0
    other = cli("check", NAME, "--kind", "servicenow", "--json")
    assert json.loads(other.out)["stages"][1]["fault"] == "dns-unknown-host"


def test_an_approval_process_does_not_belong_to_it(configure):
    outcome = configure()("check", NAME, "--process", "ServiceNow Approval Process")
    assert outcome.status == 2
    assert "--process" in outcome.err


def test_an_unknown_name_is_told_with_the_nearest_of_either_kind(configure):
    outcome = configure()("check", "Privilege Manger")
    assert outcome.status == 2
    assert NAME in outcome.err


def test_an_operation_that_is_called_in_another_way_is_told_once(configure, server):
    cli = configure()
    assert cli("check", NAME).status == 0
    server.faults.set("schema_changed")
    server.faults.set("operation_missing", which="filter")
    told = {one["stage"]: one for one in json.loads(cli("check", NAME, "--json").out)["stages"]}
    assert told["version"]["fault"] == "privilege-manager-operations-changed"
    changed = "since the last check, called in another way: approve or deny a request; gone: read a filter"
    assert told["version"]["evidence"].endswith(changed)
    again = {one["stage"]: one for one in json.loads(cli("check", NAME, "--json").out)["stages"]}
    assert (again["version"]["state"], again["version"]["fault"]) == ("ok", None)
