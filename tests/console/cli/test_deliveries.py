"""Answers at the command line: named at the intake, sent by the worker, listed and retried."""

import uuid

import pytest

from models.approval_request import ApprovalRequest
from services.intake.clients import IntakeClients
from services.store import Store
from tests.console.cli.conftest import SERVER, TYPE, document
from tests.services.answers.outboxes import deliveries, end_request
from tests.services.answers.receivers import Receiver, is_signed

SECRET = "whsec_" + "QUJD" * 11
VARIABLE = "APPROVAL_CONSOLE_SECRET_PORTAL_WEBHOOK"


@pytest.fixture
def receiver():
    made = Receiver(lambda number: 400 if number == 0 else 200)
    yield made
    made.close()


@pytest.fixture
def configured(program, practice):
    file = program.folder / "configuration.yaml"
    file.write_text(document(practice.base_url), encoding="utf-8")
    assert program.run("config", "apply", str(file)).status == 0
    return program


@pytest.fixture
def store(configured):
    opened = Store.open(str(next(configured.folder.rglob("*.db"))), actor="test")
    yield opened
    opened.close()


def test_the_way_of_an_answer(configured, store, receiver):
    environ = {VARIABLE: SECRET}
    add = ("intake", "add", "Portal", "--type", TYPE, "--answer", f"webhook:{receiver.url}")
    refused = configured.run(*add)
    assert refused.status == 3
    assert VARIABLE in refused.err
    added = configured.run(*add, environ=environ)
    assert added.status == 0, added.err
    assert added.out.startswith("aci_")
    assert SECRET not in added.out + added.err
    assert receiver.url in configured.run("intake", "list").out
    client = IntakeClients(store).find("Portal")
    key = end_request(store, client)
    failed = configured.run("worker", "--once", "--json", environ=environ)
    assert (failed.status, failed.json["answered"]) == (1, 0)
    assert failed.json["problems"][0]["fault"] == "delivery-refused"
    [one] = configured.run("deliveries", "list", "--state", "failed", "--json").json["deliveries"]
    assert (one["request"], one["last_status"], one["tries"]) == (str(key), "HTTP 400", 1)
    retried = configured.run("deliveries", "retry", one["id"])
    assert retried.status == 0, retried.err
    done = configured.run("worker", "--once", "--json", environ=environ)
    assert (done.status, done.json["answered"]) == (0, 1), done.err
    assert "delivered" in configured.run("deliveries", "list").out
    assert "already" in configured.run("deliveries", "retry", one["id"]).err
    headers, body = receiver.calls[1]
    assert is_signed(SECRET, headers, body)
    assert len(receiver.calls) == 2
    shown = configured.run("requests", "show", str(key), "--json").json
    assert shown["deliveries"][0]["state"] == "delivered"
    assert "Answer delivered to Portal" in [line["title"] for line in shown["timeline"]]
    assert configured.qt_asked_for == []
    assert configured.run("intake", "remove", "Portal").status == 0
    with store.read() as session:
        assert session.get(ApprovalRequest, key) is not None
    assert len(deliveries(store)) == 1


def test_the_target_of_a_client_is_changed(configured, store, receiver):
    """The answer that waited goes to the new place."""
    environ = {VARIABLE: SECRET}
    first = "webhook:http://127.0.0.1:9/answers"
    added = configured.run("intake", "add", "Portal", "--type", TYPE, "--answer", first, environ=environ)
    assert added.status == 0, added.err
    end_request(store, IntakeClients(store).find("Portal"))
    assert configured.run("worker", "--once", environ=environ).status == 1
    receiver.behave = lambda _number: 200
    changed = configured.run(
        "intake", "answer", "Portal", "--answer", f"webhook:{receiver.url}", environ=environ
    )
    assert (changed.status, changed.out) == (0, ""), changed.err
    assert configured.run("worker", "--once", "--json", environ=environ).json["answered"] == 1
    [(headers, body)] = receiver.calls
    assert is_signed(SECRET, headers, body)
    [one] = configured.run("deliveries", "list", "--json").json["deliveries"]
    assert (one["state"], one["url"]) == ("delivered", receiver.url)
    assert configured.run("intake", "answer", "Portal", "--answer", "none").status == 0
    assert IntakeClients(store).find("Portal").answer_kind == ""
    assert configured.run("intake", "answer", "Portal", "--answer", "none", "--confirm").status == 2


@pytest.mark.parametrize(
    ("options", "status"),
    [
        (("--answer", "mail:ada"), 2),
        (("--answer", "webhook:http://pm.example.com/"), 2),
        (("--answer", "privilege-manager:Nowhere"), 2),
        (("--answer", f"privilege-manager:{SERVER}"), 2),
        (("--answer-duration", "1h"), 2),
        (("--answer", "webhook:https://pm.example.com/", "--answer-duration", "1h"), 2),
    ],
)
def test_wrong_answers_are_refused_and_nothing_is_added(configured, store, options, status):
    refused = configured.run("intake", "add", "Portal", "--type", TYPE, *options)
    assert refused.status == status, refused.err
    assert IntakeClients(store).all() == []


def test_wrong_calls_of_deliveries(configured):
    assert configured.run("deliveries", "list", "--state", "lost").status == 2
    assert configured.run("deliveries", "retry", "7").status == 2
    assert configured.run("deliveries", "retry", str(uuid.uuid4())).status == 2
