"""The intake over real sockets: who may, what is refused and why, and that no request is ever doubled or seen by others."""

import asyncio
import json
import sqlite3
import ssl
import uuid
from contextlib import closing
from pathlib import Path

import httpx
import pytest
from sqlmodel import select

from models.approval_request import ApprovalRequest
from models.kinds import Kind, RequestState
from models.request_event import RequestEvent
from models.revision import Revision
from services.common.errors import ConsoleError, InputError, InvalidError
from services.intake.openapi import build_openapi_document
from services.intake.rate_limit import CallKind, RateLimit, RateLimiter
from services.intake.server import IntakeServer
from services.requests.lifecycle.lifecycle import RequestLifecycle
from services.store import NotFoundError
from tests.services.requests.conftest import stored
from tests.services.requests.decision_setup import desk
from tests.services.requests.intake_calls import (
    PAYLOAD,
    as_described,
    call,
    client_of,
    clients,
    raise_one,
    server,
    token,
)
from tests.services.servicenow.certificates import Authority

__all__ = ["call", "clients", "desk", "server", "token"]


async def test_a_request_is_stored_and_told_of(call, token, store, desk):
    response = await raise_one(call, token)
    assert response.status_code == 202
    body = response.json()
    assert (body["state"], body["final"], body["approved"]) == ("submitting", False, False)
    assert response.headers["location"] == f"/v1/requests/{body['id']}"
    [row] = stored(store)
    assert (str(row.id), row.approval_id, row.state) == (body["id"], body["id"], RequestState.SUBMITTING)
    assert (row.file_path, row.reason, row.initiator_name) == tuple(PAYLOAD.values())
    assert (row.type_name, row.process_name, row.server_id) == ("Type", "Process", desk.server.id)
    [event] = desk.events(row.id)
    assert (event.kind, event.actor) == ("raised", "Webhook")
    assert desk.practice.log == []
    again = await call("GET", response.headers["location"], token)
    assert again.json() == body
    assert store.verify_audit().ok


async def test_what_the_worker_does_with_it_is_told(call, token, desk):
    body = (await raise_one(call, token)).json()
    row = desk.row(uuid.UUID(body["id"]))
    life = RequestLifecycle(desk.store, await desk.workspace.instance(desk.server.id), desk.process)
    row = await life.resume(row)
    await life.refresh_item(row)
    told = (await call("GET", f"/v1/requests/{row.id}", token)).json()
    assert (told["state"], told["number"]) == ("pending", row.number)
    await life.cancel(row, "Not needed")
    told = (await call("GET", f"/v1/requests/{row.id}", token)).json()
    assert (told["state"], told["final"], told["approved"], told["comment"]) == (
        "cancelled", True, False, "Not needed",
    )  # fmt: skip
    answers = {a["value"] for a in desk.practice.records("sc_item_option")}
    assert {*PAYLOAD.values(), str(row.id)} <= answers


async def test_the_same_key_is_the_same_request(call, token, store):
    first = await raise_one(call, token)
    again = await raise_one(call, token)
    assert (first.status_code, again.status_code) == (202, 200)
    assert first.json() == again.json()
    assert first.headers["location"] == again.headers["location"]
    other = await raise_one(call, token, key="two")
    assert other.json()["id"] != first.json()["id"]
    assert len(stored(store)) == 2


async def test_the_payloads_own_id_serves_as_key(call, token, store):
    payload = {**PAYLOAD, "id": 4711}
    answers = [await call("POST", "/v1/requests", token, payload) for _ in range(2)]
    assert [a.status_code for a in answers] == [202, 200]
    assert len(stored(store)) == 1


async def test_many_calls_at_once_with_one_key_raise_one_request(call, token, store):
    answers = await asyncio.gather(*(raise_one(call, token) for _ in range(12)))
    assert sorted(a.status_code for a in answers) == [200] * 11 + [202]
    assert len({a.json()["id"] for a in answers}) == 1
    assert len(stored(store)) == 1
    with store.read() as session:
        assert len(session.exec(select(RequestEvent)).all()) == 1


async def test_a_key_for_other_contents_is_refused(call, token, store):
    await raise_one(call, token)
    response = await raise_one(call, token, payload={**PAYLOAD, "PMFilePath": "other"})
    assert response.status_code == 422
    assert response.json()["type"].endswith("idempotency-key-reused")
    assert "PMFilePath" in response.json()["detail"]
    assert len(stored(store)) == 1


async def test_without_a_key_nothing_is_raised(call, token, store):
    response = await call("POST", "/v1/requests", token, PAYLOAD)
    assert response.status_code == 422
    assert [e["field"] for e in response.json()["errors"]] == ["Idempotency-Key"]
    assert stored(store) == []


@pytest.mark.parametrize("key", ["", '""', "é", "k" * 256])
async def test_a_key_that_is_none_is_refused(call, token, store, key):
    response = await call(
        "POST", "/v1/requests", token, PAYLOAD, headers={"Idempotency-Key": key.encode("latin-1")}
    )
    assert response.status_code == 422
    assert stored(store) == []


async def test_clients_see_and_repeat_only_their_own(call, token, clients, desk, store):
    other = clients.add("Other", desk.type.id)[1]
    mine = (await raise_one(call, token)).json()["id"]
    assert (await call("GET", f"/v1/requests/{mine}", other)).status_code == 404
    theirs = (await raise_one(call, other)).json()["id"]
    assert theirs != mine
    assert (await call("GET", f"/v1/requests/{theirs}", token)).status_code == 404
    # Nor does whoever is given the name later.
    clients.remove("Webhook")
    heir = clients.add("Webhook", desk.type.id)[1]
    assert (await call("GET", f"/v1/requests/{mine}", heir)).status_code == 404
    assert (await raise_one(call, heir)).json()["id"] != mine
    for key in (mine, uuid.uuid4(), "nonsense", "x" * 500, "%00"):
        assert (await call("GET", f"/v1/requests/{key}", other)).status_code == 404
    # A request that was raised at the console belongs to no client.
    row = ApprovalRequest(state=RequestState.PENDING)
    with store.write() as work:
        work.insert(row)
    assert (await call("GET", f"/v1/requests/{row.id}", other)).status_code == 404


@pytest.mark.parametrize(
    "header",
    [None, "", "Bearer", "Bearer aci_wrong", "Basic dXNlcjpwYXNz", "Token {token}", "Bearer {token}x",
     "Bearer {digest}", "Bearer {token} {token}", "Bearer " + "x" * 5000],
)  # fmt: skip
async def test_without_the_right_token_there_is_nothing(server, token, store, header):
    from services.intake.clients import hash_token

    headers = {"Idempotency-Key": "one"}
    if header is not None:
        headers["Authorization"] = (
            header.format(token=token, digest=hash_token(token)) if "{" in header else header
        )
    async with client_of(server) as client:
        for method, path in (("POST", "/v1/requests"), ("GET", f"/v1/requests/{uuid.uuid4()}")):
            response = await client.request(
                method, path, headers=headers, json=PAYLOAD if method == "POST" else None
            )
            assert response.status_code == 401
            assert response.headers["www-authenticate"].startswith("Bearer")
            as_described(method, path, response)
    assert stored(store) == []


async def test_a_removed_client_and_one_that_is_off_are_let_in_no_longer(call, token, clients, store):
    with sqlite3.connect(store.url.removeprefix("sqlite:///")) as file:
        file.execute("UPDATE intake_client SET active = 0")
    file.close()
    assert (await raise_one(call, token)).status_code == 401
    clients.remove("webhook")
    assert (await raise_one(call, token)).status_code == 401
    with pytest.raises(NotFoundError):
        clients.remove("Webhook")


async def test_only_the_digest_of_a_token_is_kept(token, store):
    assert len(token) >= 43
    file = Path(store.url.removeprefix("sqlite:///"))
    assert not [f.name for f in file.parent.glob("console.db*") if token.encode() in f.read_bytes()]
    with store.read() as session:
        assert all(token not in (r.after or "") for r in session.exec(select(Revision)))


@pytest.mark.parametrize(
    ("body", "kind", "status", "fault"),
    [
        (b"x" * 65_537, "application/json", 413, "body-too-large"),
        (b"{}", "text/plain", 415, "type-unknown"),
        (b"a=b", "application/x-www-form-urlencoded", 415, "type-unknown"),
        (b"{", "application/json", 400, "body-unreadable"),
        (b"", "application/json", 400, "body-unreadable"),
        (b"\xff\xfe", "application/json", 400, "body-unreadable"),
        (b"[]", "application/json", 400, "body-unreadable"),
        (b'"text"', "application/json", 400, "body-unreadable"),
        (b'{"a": NaN}', "application/json", 400, "body-unreadable"),
        (b'{"PMFilePath": "a", "PMFilePath": "b"}', "application/json", 400, "body-unreadable"),
        (b'{"a":' + b"[" * 32 + b"]" * 32 + b"}", "application/json", 400, "body-unreadable"),
        (b'{"a":' + b"[" * 30_000 + b"]" * 30_000 + b"}", "application/json", 400, "body-unreadable"),
        (b'{"a": ' + b"9" * 5000 + b"}", "application/json", 400, "body-unreadable"),
        (b'{"PMFilePath": "a\\u0000b"}', "application/json", 422, "request-invalid"),
        (b'{"PMFilePath": "\\ud800"}', "application/json", 422, "request-invalid"),
        (b'{"PMFilePath": {"a": 1}}', "application/json; charset=utf-8", 422, "request-invalid"),
    ],
    ids=lambda value: str(value)[:24],
)  # fmt: skip
async def test_a_body_that_is_none_is_refused_with_its_reason(call, token, store, body, kind, status, fault):
    headers = {"Content-Type": kind, "Idempotency-Key": "one"}
    response = await call("POST", "/v1/requests", token, content=body, headers=headers)
    assert (response.status_code, response.json()["type"]) == (
        status,
        f"urn:approval-console:problem:{fault}",
    )
    assert response.headers["content-type"] == "application/problem+json"
    if status == 422:
        [wrong] = response.json()["errors"]
        assert wrong["field"] == "PMFilePath"
    assert stored(store) == []


async def test_a_body_of_unknown_length_is_measured_as_it_comes(call, token, store):
    async def parts():
        for _ in range(20):
            yield b" " * 8192

    headers = {"Content-Type": "application/json", "Idempotency-Key": "one"}
    response = await call("POST", "/v1/requests", token, content=parts(), headers=headers)
    assert response.status_code == 413


async def test_a_packed_body_is_not_unpacked(call, token):
    import gzip

    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip", "Idempotency-Key": "one"}
    content = gzip.compress(b" " * 10_000_000 + b"{}")
    response = await call("POST", "/v1/requests", token, content=content, headers=headers)
    assert response.status_code == 415


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:8790",
        "127.0.0.1.evil.example",
        "localhost.evil.example",
        "",
        "[",
        "10.0.0.1",
    ],
)
async def test_another_name_for_this_machine_is_not_answered_to(server, token, store, host):
    async with client_of(server) as client:
        for path in ("/healthz", "/openapi.json", "/v1/requests"):
            response = await client.request(
                "POST" if "v1" in path else "GET", path, json=PAYLOAD if "v1" in path else None,
                headers={"Host": host, "Authorization": f"Bearer {token}", "Idempotency-Key": "one"},
            )  # fmt: skip
            assert response.status_code in (400, 421), response.text
    assert stored(store) == []


async def test_names_of_this_machine_are_answered_to(server):
    async with client_of(server) as client:
        for host in ("localhost", "LOCALHOST:1", "127.0.0.1", "[::1]:8790"):
            assert (await client.get("/healthz", headers={"Host": host})).json() == {"status": "ok"}


async def test_on_the_other_loopback_too(store):
    import socket

    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        # A machine without IPv6 says so, as it says of every address that may not be used.
        with pytest.raises(ConsoleError):
            async with IntakeServer(store, host="::1", port=0):
                pass
        return
    async with IntakeServer(store, host="::1", port=0) as server, client_of(server) as client:
        assert server.url.startswith("http://[::1]:")
        assert (await client.get("/healthz")).json() == {"status": "ok"}


async def test_a_page_of_another_origin_gets_no_permission(server):
    headers = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    async with client_of(server) as client:
        response = await client.options("/v1/requests", headers=headers)
    assert response.status_code == 405
    assert not [name for name in response.headers if name.startswith("access-control")]


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/", 404), ("GET", "/v1/requests", 405), ("DELETE", "/healthz", 405), ("GET", "/v1/requests/a/b", 404)])  # fmt: skip
async def test_what_is_not_there_is_a_problem_too(server, method, path, status):
    async with client_of(server) as client:
        response = await client.request(method, path)
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["status"] == status


async def test_each_client_has_a_rate_of_its_own(store, desk, clients):
    now = 0.0
    one, other = (clients.add(name, desk.type.id)[1] for name in ("One", "Other"))
    rates = RateLimiter(
        {CallKind.RAISE: RateLimit(60, 2), CallKind.READ: RateLimit(60, 1)}, clock=lambda: now
    )
    async with IntakeServer(store, port=0, rates=rates) as server, client_of(server) as client:

        async def send(token, key):
            headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": key}
            return await client.post("/v1/requests", json=PAYLOAD, headers=headers)

        assert [(await send(one, str(n))).status_code for n in range(3)] == [202, 202, 429]
        refused = await send(one, "3")
        assert int(refused.headers["retry-after"]) >= 1
        as_described("POST", "/v1/requests", refused)
        assert (await send(other, "1")).status_code == 202
        now += 1.0
        assert [(await send(one, str(n))).status_code for n in (4, 5)] == [202, 429]
    assert len(stored(store)) == 4


async def test_a_store_that_refuses_is_said_to_be_out_of_use_and_nothing_is_lost(call, token, store, caplog):
    file = store.url.removeprefix("sqlite:///")
    with closing(sqlite3.connect(file)) as other:
        [(head,)] = other.execute("SELECT value FROM store_meta WHERE key = 'audit_head'").fetchall()
        other.execute("UPDATE store_meta SET value = 'nonsense' WHERE key = 'audit_head'")
        other.commit()
        response = await raise_one(call, token)
        assert response.status_code == 503
        assert int(response.headers["retry-after"]) > 0
        other.execute("UPDATE store_meta SET value = ? WHERE key = 'audit_head'", [head])
        other.commit()
    assert (await raise_one(call, token)).status_code == 202
    assert "audit-broken" in caplog.text
    caplog.clear()


async def test_a_type_without_a_process_can_raise_nothing(call, clients, desk, store, caplog):
    bare = desk.configuration.save(desk.configuration.new(Kind.APPROVAL_TYPE, name="Bare"))
    token = clients.add("Bare", bare.id)[1]
    response = await raise_one(call, token)
    assert response.status_code == 503
    assert stored(store) == []
    assert "intake-not-ready" in caplog.text
    caplog.clear()


@pytest.mark.parametrize("length", [300, 5000])
async def test_texts_longer_than_their_column_are_sent_whole(call, token, desk, length):
    payload = {
        "PMFilePath": "C:\\" + "p" * length,
        "PMInitiatorName": "i" * length,
        "PMFileSha1Hash": "ab" * 20,
    }
    body = (await raise_one(call, token, payload=payload)).json()
    assert (await raise_one(call, token, payload=payload)).status_code == 200
    life = RequestLifecycle(desk.store, await desk.workspace.instance(desk.server.id), desk.process)
    await life.resume(desk.row(uuid.UUID(body["id"])))
    answers = {a["value"] for a in desk.practice.records("sc_item_option")}
    assert {payload["PMFilePath"], payload["PMInitiatorName"]} <= answers


@pytest.mark.parametrize(
    "text",
    ["& < > \" ' ]]> <!--", "\u202egnp.exe", "\u05e2\u05d1\u05e8", "😀" * 500, "a\r\nb\tc", "javascript:alert(1)^OR1=1"],
    ids=ascii,
)  # fmt: skip
async def test_any_text_arrives_as_it_was_written(call, token, desk, text):
    body = (await raise_one(call, token, payload={"PMFilePath": text})).json()
    row = desk.row(uuid.UUID(body["id"]))
    assert row.file_path == text
    life = RequestLifecycle(desk.store, await desk.workspace.instance(desk.server.id), desk.process)
    await life.resume(row)
    answers = {a["value"].replace("\r\n", "\n") for a in desk.practice.records("sc_item_option")}
    assert text.replace("\r\n", "\n") in answers


async def test_a_mapping_reads_the_payload_of_a_stranger(call, clients, desk, store):
    document = {
        "id": "/event/number",
        "PMFilePath": "/event/file/path",
        "PMInitiatorName": {"join": ["/event/user/domain", {"const": "\\"}, "/event/user/name"]},
        "PMPolicyName": {"const": "Webhook"},
    }
    token = clients.add("Mapped", desk.type.id, document)[1]
    event = {"number": 7, "file": {"path": "/opt/x"}, "user": {"domain": "ACME", "name": "ada"}}
    assert (await call("POST", "/v1/requests", token, {"event": event})).status_code == 202
    [row] = stored(store)
    assert (row.file_path, row.initiator_name, row.policy_name) == ("/opt/x", "ACME\\ada", "Webhook")
    del event["user"]["name"], event["file"]
    response = await call("POST", "/v1/requests", token, {"event": event})
    assert {e["field"]: e["reason"] for e in response.json()["errors"]} == {
        "PMFilePath": "has nothing at /event/file/path",
        "PMInitiatorName": "has nothing at /event/user/name",
    }


@pytest.mark.parametrize("name", ["", " x", "a\nb", "x" * 256, "WEBHOOK"])
async def test_a_client_needs_a_name_of_its_own(token, clients, desk, name):
    with pytest.raises(InvalidError):
        clients.add(name, desk.type.id)
    assert [client.name for client, _ in clients.all()] == ["Webhook"]


async def test_outside_this_machine_it_is_served_encrypted_only(store):
    with pytest.raises(InputError) as caught:
        IntakeServer(store, host="0.0.0.0")
    assert caught.value.problem.fault == "intake-unencrypted"


async def test_encrypted_it_answers_to_the_names_it_was_given(store, tmp_path):
    authority = Authority(tmp_path)
    certificate = authority.sign(["intake.example", "127.0.0.1"]).path
    trust = ssl.create_default_context(cafile=authority.bundle)
    async with IntakeServer(
        store, host="127.0.0.1", port=0, certificate=certificate, names=("intake.example",)
    ) as server:
        assert server.url.startswith("https://")
        async with httpx.AsyncClient(base_url=server.url, verify=trust, trust_env=False) as client:
            assert (await client.get("/healthz", headers={"Host": "Intake.Example"})).status_code == 200
            assert (await client.get("/healthz", headers={"Host": "other.example"})).status_code == 421


@pytest.mark.parametrize("file", ["missing.pem", "nonsense.pem", "locked"])
async def test_a_certificate_that_cannot_be_used_is_said_to_be(store, tmp_path, file):
    (tmp_path / "nonsense.pem").write_text("nonsense")
    path = tmp_path / file
    if file == "locked":
        path = Authority(tmp_path / "ca").sign(["127.0.0.1"], passphrase=b"secret").path
    with pytest.raises(InputError) as caught:
        async with IntakeServer(store, port=0, certificate=str(path)):
            pass
    assert caught.value.problem.fault == "file-unusable"


async def test_a_port_that_is_taken_is_said_to_be(store, server):
    port = int(server.url.rstrip("/").rsplit(":", 1)[1])
    with pytest.raises(ConsoleError) as caught:
        async with IntakeServer(store, port=port):
            pass
    assert caught.value.problem.fault == "intake-port-taken"


async def test_it_stops_and_lets_the_port_go(store):
    async with IntakeServer(store, port=0) as server:
        port = int(server.url.rstrip("/").rsplit(":", 1)[1])
    async with IntakeServer(store, port=port) as server, client_of(server) as client:
        assert (await client.get("/healthz")).status_code == 200


# -- the description -------------------------------------------------------------------------------------------------


async def test_the_description_is_served_and_names_every_route(call, server):
    document = (await call("GET", "/openapi.json")).json()
    assert document == build_openapi_document()
    assert document["openapi"] == "3.1.0"
    from services.intake.app import IntakeApp

    routes = {(r.path, m) for r in IntakeApp(None).app.routes for m in r.methods - {"HEAD"}}
    described = {(path, m.upper()) for path, item in document["paths"].items() for m in item}
    assert routes == described


def test_every_reference_of_the_description_leads_somewhere():
    document = build_openapi_document()
    names = [op["operationId"] for item in document["paths"].values() for op in item.values()]
    assert len(set(names)) == len(names)

    def walk(node):
        if isinstance(node, dict):
            if "$ref" in node:
                found = document
                for part in node["$ref"].removeprefix("#/").split("/"):
                    found = found[part]
                assert found
            for inner in node.values():
                walk(inner)
        elif isinstance(node, list):
            for inner in node:
                walk(inner)

    walk(document)
    json.dumps(document)
    for path, item in document["paths"].items():
        for operation in item.values():
            assert all(code.isdecimal() for code in operation["responses"])
            assert all(
                answer.get("description") or "$ref" in answer for answer in operation["responses"].values()
            )
            declared = {p["name"] for p in operation.get("parameters", []) if p["in"] == "path"}
            assert declared == ({"id"} if "{id}" in path else set())
