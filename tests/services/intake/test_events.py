"""Events over real sockets: kept while the mapping is missing, bounded, without secrets, and refused ones too."""

import json
import logging

import pytest

from services.common.errors import ConsoleError, InvalidError
from services.intake.accepted_requests import Intake
from services.intake.clients import IntakeClients
from services.intake.event_mapping import change_mapping, map_variables
from services.intake.event_recorder import Arrival, EventRecorder, storable_body
from services.intake.event_store import EVENTS_PER_CLIENT
from services.intake.limits import BODY_SIZE_MAX
from tests.canary import forms
from tests.services.intake.event_support import (
    FIELDS,
    add_asking_policy,
    event_client,
    events_of,
    post,
    raise_event,
)
from tests.services.requests.conftest import stored

EVENT = {"ApprovalId": "a-1", "User": {"Name": "ACME\\bo"}, "Reason": "<b>now</b>"}


async def test_a_client_without_a_mapping_only_keeps_events(store, server, pm, learning):
    client, token = learning
    add_asking_policy(pm)
    pm.add_webhook(f"{server.url}v1/requests", f"Bearer {token}")
    approval = await raise_event(pm)
    assert [sent.status for sent in pm.state.sent_events] == [202]
    [event] = events_of(store, client)
    assert (event.status, event.fault, event.request_id) == (202, "", None)
    assert event.sender == "127.0.0.1"
    assert json.loads(event.body)["ApprovalId"] == approval.id
    assert event.size == len(json.dumps(json.loads(event.body)))
    assert stored(store) == []


async def test_requests_are_raised_as_soon_as_every_variable_is_mapped(store, server, pm, learning):
    client, token = learning
    add_asking_policy(pm)
    pm.add_webhook(f"{server.url}v1/requests", token)
    first = dict(list(FIELDS.items())[:-1])
    state = map_variables(store, client.name, [f"{name}={pointer}" for name, pointer in first.items()])
    assert state.missing == ("PMUserReason",)
    await raise_event(pm)
    assert stored(store) == []
    assert not map_variables(store, client.name, ["PMUserReason=/UserReason"]).is_learning
    approval = await raise_event(pm)
    [row] = stored(store)
    assert (row.caller_id, row.reason, row.initiator_name) == (
        approval.id, "Tools for release 8", "ACME\\bo",
    )  # fmt: skip
    newest, oldest = events_of(store, client)
    assert (newest.request_id, oldest.request_id) == (row.id, None)
    await pm.post_event(approval)
    assert [sent.status for sent in pm.state.sent_events] == [202, 202, 200]
    assert len(stored(store)) == 1


def test_an_event_that_is_posted_again_with_another_key_raises_nothing(store, learning):
    client, _ = learning
    pairs = [f"{name}={pointer}" for name, pointer in FIELDS.items()]
    client = map_variables(store, client.name, pairs).client
    payload = {pointer[1:]: "x" for pointer in FIELDS.values()}
    accepted = [Intake(store).accept(client, payload, key) for key in ("", "first", "second")]
    assert [one.created for one in accepted] == [True, False, False]
    assert len(stored(store)) == 1


@pytest.mark.parametrize("form", ["Bearer {}", "bearer  {}", "{}", " {} "])
async def test_both_forms_of_the_header_are_taken(store, server, learning, form):
    assert (await post(server, EVENT, form.format(learning[1]).strip())).status_code == 202


@pytest.mark.parametrize("form", ["Basic {}", "Token {}", "Bearer {} more", "{} {}"])
async def test_other_forms_of_the_header_are_refused(store, server, learning, form):
    client, token = learning
    answer = await post(server, EVENT, form.format(token, token))
    assert answer.status_code == 401
    assert events_of(store, client) == []


@pytest.mark.parametrize(
    ("content", "kind", "status", "fault"),
    [
        (b"{", "application/json", 400, "body-unreadable"),
        (b"[1]", "application/json", 400, "body-unreadable"),
        (b"a=1", "application/x-www-form-urlencoded", 415, "type-unknown"),
        (b"{%s}" % (b" " * BODY_SIZE_MAX), "application/json", 413, "body-too-large"),
    ],
)
async def test_refused_events_are_kept_with_their_reason(
    store, server, learning, content, kind, status, fault
):
    client, token = learning
    assert (await post(server, content, token, kind)).status_code == status
    [event] = events_of(store, client)
    assert (event.status, event.fault, event.size) == (status, fault, len(content))
    assert event.sender == "127.0.0.1"
    assert event.body == (content.decode() if status == 400 else "")


async def test_an_event_without_its_field_is_refused_and_kept(store, server, learning):
    client, token = learning
    map_variables(store, client.name, [f"{name}={pointer}" for name, pointer in FIELDS.items()])
    answer = await post(server, {"Other": 1}, token)
    assert answer.status_code == 422
    [event] = events_of(store, client)
    assert (event.fault, json.loads(event.body)) == ("request-invalid", {"Other": 1})


async def test_a_call_without_a_token_is_kept_without_its_body(store, server):
    assert (await post(server, EVENT, "Bearer aci_wrong")).status_code == 401
    assert (await post(server, EVENT)).status_code == 401
    [event] = events_of(store, None)
    assert (event.status, event.fault, event.body) == (401, "token-refused", "")


async def test_calls_without_a_token_are_kept_rarely(store):
    moment = [0.0]
    recorder = EventRecorder(store, clock=lambda: moment[0])
    for second in range(7):
        moment[0] = float(second)
        await recorder.record(Arrival("192.0.2.1"), 401, "token-refused")
    assert len(events_of(store, None)) == 4


async def test_only_the_newest_events_are_kept(store, server, learning):
    client, token = learning
    for number in range(EVENTS_PER_CLIENT + 3):
        assert (await post(server, {"Number": number}, token)).status_code == 202
    kept = [json.loads(event.body)["Number"] for event in events_of(store, client)]
    assert kept == list(range(EVENTS_PER_CLIENT + 2, 2, -1))


async def test_of_other_programs_only_refused_calls_are_kept(store, server, desk):
    client, token = IntakeClients(store).add("Portal", desk.type.id)
    assert (await post(server, {"id": "1", "PMFilePath": "x"}, token)).status_code == 202
    assert (await post(server, b"{", token)).status_code == 400
    [event] = events_of(store, client)
    assert (event.status, event.body) == (400, "")


async def test_probes_are_answered_clearly(server):
    for method in ("GET", "HEAD", "PUT", "OPTIONS"):
        answer = await post(server, b"", method=method)
        assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
    assert "POST" in (await post(server, b"", method="GET")).json()["detail"]


async def test_the_token_is_written_nowhere(store, server, learning, caplog):
    client, token = learning
    caplog.set_level(logging.DEBUG)
    body = {"Headers": {"Authorization": f"Bearer {token}", "Cookie": "s=1"}, "Echo": f"x {token} y"}
    assert (await post(server, body, f"Bearer {token}")).status_code == 202
    assert (await post(server, token.encode(), token)).status_code == 400
    kept = "\n".join(event.body for event in events_of(store, client))
    assert json.loads(events_of(store, client)[1].body)["Headers"] == dict.fromkeys(
        ("Authorization", "Cookie"), "(removed)"
    )
    with store.read() as session:
        revisions = "".join(
            str(row) for row in session.connection().exec_driver_sql("select * from revision")
        )
    for form in forms(token).values():
        assert form.decode("latin-1") not in kept + caplog.text + revisions


async def test_events_are_no_edits(store, server, learning):
    before = store.verify_audit()
    assert (await post(server, EVENT, learning[1])).status_code == 202
    after = store.verify_audit()
    assert after.ok
    assert after == before


@pytest.mark.parametrize("body", ['{"a": 1.0, "b":  "x"}', '{"b": 1E5,\n "a": null}', "no JSON"])
def test_what_holds_no_secret_stays_as_it_came(body):
    assert storable_body(body.encode()) == body


def test_what_is_left_beside_a_secret_can_be_stored():
    found = storable_body(b'{"a": "Half \\ud83d", "Authorization": "Basic abc"}')
    assert "Half \ufffd" in found
    assert "Basic" not in found


def test_a_new_token_ends_the_old_one(store, learning):
    client, token = learning
    renewed = IntakeClients(store).renew_token(client.name)
    assert IntakeClients(store).find_by_token(token) is None
    found = IntakeClients(store).find_by_token(renewed)
    assert (found.id, found.token_since is not None) == (client.id, True)


def test_a_removed_client_leaves_no_events(store, learning):
    client, _ = learning
    IntakeClients(store).remove(client.name)
    assert events_of(store, client) == []


def test_the_client_of_a_server_is_found(store, desk, learning):
    client, _ = learning
    event_client(store, desk.type.id, desk.server.id, "Another")
    assert IntakeClients(store).find_for_events(client.source_server_id).id == client.id
    assert IntakeClients(store).find_for_events(desk.process.id) is None


def test_an_unconfirmed_mapping_raises_nothing(store, learning):
    client, _ = learning
    changes = dict(FIELDS)
    assert change_mapping(store, client, changes, confirm=False).is_learning
    assert change_mapping(store, IntakeClients(store).find(client.name), {}, confirm=False).missing == ()
    assert not change_mapping(store, IntakeClients(store).find(client.name), {}).is_learning


@pytest.mark.parametrize(
    "pair",
    ["PMProcessId=/x", "PMApprovalId=fixed", "PMApprovalId=", "PMShoe=/x", "PMFilePath=/~2", "PMFilePath"],
)
def test_wrong_sources_are_refused(store, learning, pair):
    with pytest.raises(InvalidError):
        map_variables(store, learning[0].name, [pair])
    assert IntakeClients(store).find(learning[0].name).mapping == "{}"


def test_the_mapping_of_another_program_stays(store, desk):
    IntakeClients(store).add("Portal", desk.type.id)
    with pytest.raises(ConsoleError):
        map_variables(store, "Portal", ["PMFilePath=/x"])
