"""How a mapping is read, shown and confirmed for a client of a Privilege Manager server."""

import uuid

import pytest

from models.delivery import AnswerKind
from services.answers.approval_body import PropertySource, Source
from services.answers.target import AnswerTarget
from services.common.errors import ConsoleError, InputError
from services.intake.answer_setup import confirm_answer_setup, parse_source, read_answer_setup, source_text
from services.intake.clients import IntakeClients
from services.store import NotFoundError
from tests.services.answers.outboxes import SCHEMA, HttpApprovalServer


class Desk:
    """A workspace whose Privilege Manager describes SCHEMA."""

    def __init__(self, store):
        self.store, self.server = store, HttpApprovalServer("")

    async def approval_server(self, _server_id):
        return self.server


@pytest.fixture
def workspace(store, type_id):
    target = AnswerTarget(AnswerKind.PRIVILEGE_MANAGER, server_id=uuid.uuid4(), duration_s=60)
    IntakeClients(store).add("PM", type_id, answer=target)
    return Desk(store)


async def test_a_proposal_is_shown_changed_and_confirmed(workspace):
    setup = await read_answer_setup(workspace, "PM")
    assert not setup.is_confirmed
    assert [row[0] for row in setup.rows()] == list(SCHEMA["properties"])
    assert {row[0]: row[3] for row in setup.rows()}["response"] == "decision:Approve:Deny"
    assert "proposal" in setup.notes()[0]
    setup = await read_answer_setup(workspace, "PM", ["comment=fixed:From the console", "durationMinutes="])
    assert setup.mapping.properties["comment"] == PropertySource(Source.FIXED, value="From the console")
    assert any("one time" in note for note in setup.notes())
    confirmed = confirm_answer_setup(workspace, setup)
    assert confirmed.is_confirmed
    again = await read_answer_setup(workspace, "PM")
    assert again.is_confirmed
    assert again.mapping == confirmed.mapping
    assert again.as_dict()["confirmed"] is True
    workspace.server.schema = SCHEMA | {"required": ["approvalId"]}
    changed = await read_answer_setup(workspace, "PM")
    assert changed.has_changed
    assert not changed.is_confirmed
    assert confirm_answer_setup(workspace, changed).is_confirmed


async def test_a_mapping_that_does_not_fit_is_not_confirmed(workspace):
    setup = await read_answer_setup(workspace, "PM", ["response="])
    assert setup.problem.problem.fault == "delivery-property-unmapped"
    assert "response" in setup.notes()[0]
    with pytest.raises(ConsoleError):
        confirm_answer_setup(workspace, setup)
    assert not (await read_answer_setup(workspace, "PM")).is_confirmed


async def test_other_clients_have_no_mapping(workspace, store, type_id):
    IntakeClients(store).add("Polls", type_id)
    with pytest.raises(InputError):
        await read_answer_setup(workspace, "Polls")
    with pytest.raises(NotFoundError):
        await read_answer_setup(workspace, "Nobody")


@pytest.mark.parametrize(
    "text", ["approval_id", "comment", "approver", "duration:3600", "duration:timespan", "duration:iso8601", "one_time:true:false", "one_time:Once:Timed", "decision:1:0", "decision:Approve", "fixed:true", "fixed:a:b"]
)  # fmt: skip
def test_sources_are_written_as_they_are_read(text):
    name, source = parse_source(f"x={text}")
    assert name == "x"
    assert source_text(source) == text


@pytest.mark.parametrize(
    "text", ["", "x", "=comment", "x=other", "x=duration:0", "x=duration:a", "x=duration:-5"]
)
def test_what_is_no_source_is_refused(text):
    with pytest.raises(InputError):
        parse_source(text)
