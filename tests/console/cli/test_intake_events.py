"""Events of a program at the command line: kept, shown, and mapped until requests are raised."""

import json

import pytest
from sqlmodel import select

from models.approval_request import ApprovalRequest
from services.intake.clients import IntakeClients
from services.intake.server import IntakeServer
from services.store import Store
from tests.console.cli.conftest import TYPE, document
from tests.services.intake.event_support import FIELDS, post


@pytest.fixture
def configured(program, practice):
    file = program.folder / "configuration.yaml"
    text = document(practice.base_url).replace(
        "foreign_systems:\n",
        "foreign_systems:\n  - name: Privilege Manager\n    kind: privilege_manager\n"
        "    base_url: https://pm.acme.example/TMS/\n",
    )
    file.write_text(text, encoding="utf-8")
    outcome = program.run("config", "apply", str(file))
    assert outcome.status == 0, outcome
    return program


@pytest.fixture
def store(configured):
    opened = Store.open(str(next(configured.folder.rglob("*.db"))), actor="test")
    yield opened
    opened.close()


async def test_events_are_shown_and_mapped(configured, store):
    made = configured.run("intake", "add", "Webhook", "--type", TYPE, "--events-of", "Privilege Manager")
    assert "http://HOST:PORT/v1/requests" in made.err
    assert made.status == 0, made
    token = made.out.splitlines()[0]
    client = IntakeClients(store).find("Webhook")
    assert (client.is_learning, client.answer_server_id) == (True, client.source_server_id)
    assert client.source_server_id is not None
    event = {pointer[1:]: f"\x1b[31m{name}" for name, pointer in FIELDS.items()}
    async with IntakeServer(store, port=0) as server:
        assert (await post(server, event, token)).status_code == 202
        assert (await post(server, event, "wrong")).status_code == 401
        listed = configured.run("intake", "events", "Webhook")
        assert listed.status == 0
        assert "\x1b" not in listed.out
        assert token not in listed.out
        [shown] = json.loads(configured.run("intake", "events", "Webhook", "--json").out)["events"]
        assert (shown["status"], shown["sender"], json.loads(shown["body"])) == (202, "127.0.0.1", event)
        [refused] = json.loads(configured.run("intake", "events", "--json").out)["events"]
        assert (refused["status"], refused["fault"], refused["body"]) == (401, "token-refused", None)

        state = configured.run("intake", "map", "Webhook", "--json")
        assert state.status == 1
        assert len(json.loads(state.out)["missing"]) == len(FIELDS)
        pairs = [f"{name}={pointer}" for name, pointer in FIELDS.items()]
        assert configured.run("intake", "map", "Webhook", *pairs[:-1]).status == 1
        assert configured.run("intake", "map", "Webhook", pairs[-1]).status == 0
        plain = {name[1:]: name for name in FIELDS.values()}
        assert (await post(server, plain, token)).status_code == 202
    with store.read() as session:
        assert len(session.exec(select(ApprovalRequest)).all()) == 1


def test_a_program_that_is_not_there_is_named(configured):
    assert configured.run("intake", "events", "Nobody").status == 2
    assert configured.run("intake", "map", "Nobody", "PMFilePath=/x").status == 2
    assert configured.run("intake", "map", "Nobody").status == 2
