"""The planted secret and the token of a program go through the intake and through decisions, and are written nowhere."""

import json
import logging
import uuid

import httpx
import pytest

from models.approval_request import COPY_VERSION, ApprovalRequest
from models.kinds import Kind, RequestOrigin, RequestState
from services.common.logging_setup import configure_logging
from services.common.secret import Secret
from services.configuration import Configuration
from services.intake.clients import IntakeClients
from services.intake.server import IntakeServer
from services.practice import PracticeInstance
from services.practice.accounts_and_sessions import user_sys_id
from services.practice.initial_data import EXECUTE_ITEM_ID, _sample_variables
from services.practice.orders_and_approvals import place_order
from services.requests.decisions.cancel import cancel_requests
from services.requests.decisions.decide import decide_requests
from services.requests.decisions.remind import remind_approvers
from services.requests.details.loader import load_details
from services.servicenow import ConnectionSettings, SignIn
from services.store import Store
from services.vault.session_vault import SessionVault
from services.workspace import Workspace
from tests.canary import ACCOUNT, SECRET, Listener, forms, header_of, leaks, leaks_below, password_of, reply

ROW = {"origin": RequestOrigin.SERVICENOW, "version": COPY_VERSION, "state": RequestState.PENDING}


def token_leaks(content, token):
    """Return the forms of a token that stand in bytes; its beginning and end are not asked for alone."""
    cut = ("start", "end")
    return sorted(name for name, form in forms(token).items() if not name.endswith(cut) and form in content)


@pytest.fixture
def practice():
    instance = PracticeInstance(password=SECRET).start()
    yield instance
    instance.stop()


@pytest.fixture
def log(tmp_path):
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    yield configure_logging(tmp_path / "logs", verbose=True)
    for handler in [h for h in root.handlers if h not in before]:
        root.removeHandler(handler)
        handler.close()
    root.setLevel(level)


@pytest.fixture
async def workspace(tmp_path, practice):
    store = Store.open(str(tmp_path / "console.db"), actor="ada")
    made = Workspace(store, SessionVault())
    configuration = Configuration(store)
    credential = configuration.save(configuration.new(Kind.USER_CREDENTIAL, name="Canary", account=ACCOUNT))
    server = configuration.save(
        configuration.new(
            Kind.FOREIGN_SYSTEM, name="Server", base_url=practice.base_url, credential_id=credential.id
        )
    )
    process = configuration.save(
        configuration.new(Kind.APPROVAL_PROCESS, name="Process", server_id=server.id)
    )
    configuration.save(configuration.new(Kind.APPROVAL_TYPE, name="Type", process_id=process.id))
    made.vault.put(credential.id, credential.name, ACCOUNT, Secret(SECRET), [server.origin])
    yield made
    await made.aclose()


def copied(workspace, practice, number):
    made = place_order(
        practice._database,
        EXECUTE_ITEM_ID,
        _sample_variables(number),
        user_id=user_sys_id(ACCOUNT),
        by=ACCOUNT,
    )
    server = workspace.configuration.named(Kind.FOREIGN_SYSTEM, "Server")
    row = ApprovalRequest(
        server_id=server.id,
        record_id=made.item_id,
        number=made.item_number,
        approval_id=_sample_variables(number)["PMApprovalId"],
        **ROW,
    )
    with workspace.store.write() as work:
        work.observe(ApprovalRequest, {}, [row])
    return row


async def test_acting_shows_the_password_to_nobody(workspace, practice, log, tmp_path):
    rows = [copied(workspace, practice, number) for number in range(4)]
    ids = [row.id for row in rows]
    said = [
        *await remind_approvers(workspace, ids[:1], "Once more"),
        *await decide_requests(workspace, ids[:2], "approve", "Fine"),
        *await cancel_requests(workspace, ids[2:3], "Gone", confirmed=True),
    ]
    assert all(outcome.ok for outcome in said), said
    said.append(await load_details(workspace, ids[0]))
    rude = Listener(
        lambda r: reply(
            400,
            json.dumps({"error": {"message": header_of(r, "authorization"), "detail": password_of(r)}}),
            "application/json",
        )
    )
    server = workspace.configuration.named(Kind.FOREIGN_SYSTEM, "Server")
    settings = ConnectionSettings("Rude", rude.url)
    async with workspace.instance_for(settings, SignIn(ACCOUNT, Secret(SECRET))) as instance:
        [refused] = await decide_requests(workspace, ids[3:], "reject", "", instance)
    rude.close()
    assert not refused.ok
    assert SECRET in [password_of(request) for request in rude.requests]
    said += [refused, refused.problem.as_text(), server]
    assert leaks(repr(said)) == []
    assert leaks(log.read_bytes()) == []
    assert leaks_below(tmp_path) == {}


async def test_a_token_is_written_nowhere_however_it_comes_in(workspace, log, tmp_path, capfd):
    kind = workspace.configuration.named(Kind.APPROVAL_TYPE, "Type")
    client, token = IntakeClients(workspace.store).add("Webhook", kind.id)
    payload = {"PMFilePath": "/opt/tool", "PMUserReason": "Needed"}
    good = {"Authorization": f"Bearer {token}", "Idempotency-Key": "one"}
    calls = [
        ("POST", "/v1/requests", good, json.dumps(payload)),
        *(
            ("GET", path, good, "")
            for path in (f"/v1/requests/{token}", f"/{token}", f"/healthz?token={token}")
        ),
        *(
            ("GET", f"/v1/requests/{uuid.uuid4()}", {"Authorization": header}, "")
            for header in (f"Basic {token}", f"Bearer x{token}", f"Bearer {token} {token}")
        ),
        ("POST", "/v1/requests", good, "{" + token),
        ("POST", "/v1/requests", {**good, "Host": token}, json.dumps(payload)),
    ]
    answers = []
    async with (
        IntakeServer(workspace.store, port=0) as server,
        httpx.AsyncClient(base_url=server.url, trust_env=False) as http,
    ):
        for method, path, headers, body in calls:
            sent = {"Content-Type": "application/json", **headers}
            answers.append(await http.request(method, path, headers=sent, content=body))
    assert [answer.status_code for answer in answers] == [202, 404, 404, 200, 401, 401, 401, 400, 421]
    written = log.read_bytes()
    assert str(client.id).encode() in written
    said = capfd.readouterr()
    everything = [written, (said.out + said.err).encode(), repr(client).encode()]
    everything += [f.read_bytes() for f in tmp_path.rglob("*") if f.is_file()]
    everything += [answer.content + repr(answer.headers).encode() for answer in answers]
    assert [token_leaks(content, token) for content in everything if token_leaks(content, token)] == []
