"""Open requests at the command line: what they hang on is changed only with their number."""

import io

import pytest

from models.approval_request import ApprovalRequest
from models.kinds import Kind
from services.configuration import Configuration
from services.store import Store
from tests.console.cli.conftest import SECRET

DOCUMENT = """\
version: 1
credentials:
  - {name: ServiceNow, account: privman.integration}
foreign_systems:
  - {name: Server, base_url: "https://acme.service-now.com/", credential: ServiceNow}
approval_processes:
  - {name: Process, server: Server, create_service: First}
"""


@pytest.fixture
def file(tmp_path):
    return str(tmp_path / "console.db")


@pytest.fixture
def document(tmp_path):
    return tmp_path / "approvals.yaml"


@pytest.fixture
def configured(cli, file, document, monkeypatch, tmp_path):
    """Apply a document, and let two requests hang on what it made; returns the call."""
    monkeypatch.setenv("APPROVAL_CONSOLE_HOME", str(tmp_path / "home"))
    document.write_text(DOCUMENT, encoding="utf-8")
    assert cli("--store", file, "config", "apply", document).status == 0
    store = Store.open(file, actor="ada")
    process = Configuration(store).named(Kind.APPROVAL_PROCESS, "Process")
    with store.write() as work:
        for _ in range(2):
            work.insert(ApprovalRequest(process_id=process.id, server_id=process.server_id, state="pending"))
    store.close()
    return lambda *arguments: cli("--store", file, *arguments)


def test_applying_a_document_takes_the_number_of_open_requests(configured, document):
    document.write_text(DOCUMENT.replace("First", "Second"), encoding="utf-8")
    planned = configured("config", "plan", document)
    assert planned.status == 1
    assert "Change “Process”: 2 open requests: 2 pending." in planned.err
    for given in ((), ("--confirm-open", "1")):
        refused = configured("config", "apply", document, *given)
        assert refused.status == 2
        assert "--confirm-open 2" in refused.err
    machine = configured("config", "apply", document, "--json")
    assert machine.json["error"]["fault"] == "requests-open"
    assert configured("config", "plan", document).status == 1
    assert configured("config", "apply", document, "--confirm-open", "2").status == 0
    assert configured("config", "plan", document).status == 0


def test_a_document_that_touches_nothing_of_theirs_is_applied_as_ever(configured, document):
    more = DOCUMENT.replace("create_service: First", "create_service: First, timeout_after: 1h")
    document.write_text(more, encoding="utf-8")
    assert configured("config", "apply", document).status == 0


def test_restoring_and_another_account_take_it_too(configured, document, file, monkeypatch):
    document.write_text(DOCUMENT.replace("First", "Second"), encoding="utf-8")
    configured("config", "apply", document, "--confirm-open", "2")
    first = configured("history", "approval_process", "Process", "--json").json["revisions"][-1]["id"]
    assert configured("history", "restore", first).status == 2
    assert configured("history", "restore", first, "--confirm-open", "2").status == 0
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{SECRET}\n"))
    refused = configured("credential", "set", "ServiceNow", "--account", "other", "--password-stdin")
    assert refused.status == 2
    assert "--confirm-open 2" in refused.err
    assert SECRET not in refused.err
    store = Store.open(file, actor="ada")
    kept = Configuration(store).named(Kind.USER_CREDENTIAL, "ServiceNow").account
    store.close()
    assert kept == "privman.integration"
