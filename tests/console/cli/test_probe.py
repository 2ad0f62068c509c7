"""`credential probe`: the five rows in words and as JSON."""

import json

import pytest

from tests.console.cli.conftest import SERVER, document


@pytest.fixture
def configured(cli, practice, tmp_path, monkeypatch):
    monkeypatch.setenv("APPROVAL_CONSOLE_HOME", str(tmp_path / "home"))
    file = tmp_path / "document.yaml"
    file.write_text(document(practice.base_url), encoding="utf-8")
    assert cli("config", "apply", file).status == 0
    return cli


def test_a_good_sign_in_has_five_rows(configured):
    told = configured("credential", "probe", "ServiceNow", "--server", SERVER)
    assert told.status == 0, told.err
    rows = [line[:10].strip() for line in told.out.splitlines()]
    assert rows[:5] == ["Token", "REST", "WSDL", "SOAP", "Not guest"]


def test_a_refused_sign_in_is_told_as_json(configured, practice):
    practice.faults.set("unauthorised")
    told = configured("credential", "probe", "ServiceNow", "--server", SERVER, "--json")
    assert told.status == 1
    report = json.loads(told.out)
    assert [row["state"] for row in report["rows"]] == ["skipped", "failed", "skipped", "skipped", "skipped"]
    assert report["rows"][1]["problem"]["owner"] == "ServiceNow administrator"
    assert report["calls"] == 1
