"""`check` in words: every stage with what was seen, and cause, owner and remedy of what is not good."""

import json
import zipfile

import pytest

from services.connectivity import STAGES
from tests.console.cli.conftest import SERVER, document


@pytest.fixture
def configured(cli, practice, tmp_path, monkeypatch):
    monkeypatch.setenv("APPROVAL_CONSOLE_HOME", str(tmp_path / "home"))
    file = tmp_path / "document.yaml"
    file.write_text(document(practice.base_url), encoding="utf-8")
    assert cli("config", "apply", file).status == 0
    return cli


def test_every_stage_stands_on_standard_output_once(configured):
    outcome = configured("check", SERVER)
    assert outcome.status == 0, outcome.err
    *stages, last = outcome.out.splitlines()
    assert sorted(line.split()[1] for line in stages) == sorted(STAGES)
    assert last.startswith(f"{SERVER}: ok, ")
    assert outcome.err == ""


def test_what_is_wrong_is_told_with_cause_owner_and_remedy(configured, practice):
    practice.faults.set("item_inactive")
    outcome = configured("check", SERVER, "--process", "servicenow approval process")
    assert outcome.status == 1
    at = outcome.out.index("failed   request_item")
    told = outcome.out[at:].splitlines()[:5]
    assert [line.split(":")[0].strip() for line in told[1:]] == ["Fault", "Cause", "Owner", "Remedy"]
    assert told[1].endswith("request-item-inactive")
    assert told[3].endswith("ServiceNow administrator")


def test_a_warning_is_told_and_ends_well(configured, practice):
    practice.faults.set("clock_off", seconds=600)
    outcome = configured("check", SERVER)
    assert outcome.status == 0
    assert "clock-differs" in outcome.out


def test_a_process_that_is_none_of_the_server_is_refused(configured):
    outcome = configured("check", SERVER, "--process", "Another")
    assert outcome.status == 2
    assert "Another" in outcome.err


def test_a_password_that_was_accepted_before_is_told_when_it_is_refused(configured, practice, monkeypatch):
    practice.faults.set("unauthorised")
    first = configured("check", SERVER)
    assert "does not say why" in first.out
    practice.faults.clear()
    assert configured("check", SERVER).status == 0
    practice.faults.set("unauthorised")
    for _ in range(2):  # a refusal in between changes nothing
        again = configured("check", SERVER)
        assert "The password that was accepted until" in again.out
    monkeypatch.setenv("APPROVAL_CONSOLE_SECRET_SERVICENOW", "another one")
    monkeypatch.setenv("APPROVAL_CONSOLE_SECRET_SERVICENOW_FOR", practice.base_url)
    other = configured("check", SERVER)
    assert "authentication-refused" in other.out
    assert "accepted until" not in other.out


def test_every_command_and_the_bundle_list_what_a_refusal_can_stand_for(configured, practice, tmp_path):
    practice.faults.set("unauthorised")
    items = configured("items", SERVER, "--json", "--refresh")
    assert items.status == 3
    assert [one["id"] for one in items.json["error"]["candidates"]][:2] == [
        "password-wrong",
        "basic-auth-restricted",
    ]
    assert "Possible: 2. Basic authentication is restricted" in items.err
    configured("check", SERVER)
    bundle = tmp_path / "bundle.zip"
    assert configured("support-bundle", bundle).status == 0
    with zipfile.ZipFile(bundle) as parts:
        checks = json.loads(parts.read("checks.json"))["checks"]
    [stage] = [stage for stage in checks[0]["stages"] if stage["fault"] == "authentication-refused"]
    assert len(stage["candidates"]) == 6
