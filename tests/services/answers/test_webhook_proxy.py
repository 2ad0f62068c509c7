"""Answers to a webhook behind a proxy that wants a sign-in: each side gets what is meant for it."""

import uuid

import pytest

from models.delivery import AnswerKind, DeliveryState
from models.kinds import Kind
from services.answers.outbox import Outbox
from services.answers.sender import AnswerSender
from services.answers.target import AnswerTarget, through_proxy
from services.common.errors import InputError
from services.common.secret import Secret
from services.configuration import Configuration
from services.coordination.clock import SystemClock
from services.coordination.process_identity import process_identity
from services.intake.clients import IntakeClients
from services.workspace import Workspace
from tests.proxying import ConnectProxy
from tests.services.answers.outboxes import QUICK, SETTLE, deliveries, end_request
from tests.services.servicenow.certificates import Authority, server_side
from tests.services.servicenow.rawserver import RawServer, json_reply

PASSWORD = "planted-proxy"


@pytest.fixture
def authority(tmp_path, monkeypatch):
    made = Authority(tmp_path)
    # In the place of the system's trust store, which a webhook is verified by.
    monkeypatch.setenv("SSL_CERT_FILE", str(made.bundle))
    return made


async def test_a_webhook_is_called_through_its_proxy(store, vault, type_id, authority):
    configuration = Configuration(store)
    credential = configuration.save(configuration.new(Kind.USER_CREDENTIAL, name="Proxy", account="gate"))
    vault.put(credential.id, credential.name, "gate", Secret(PASSWORD), [])
    workspace = Workspace(store, vault)
    sender = AnswerSender(
        Outbox(store, process_identity(), SETTLE),
        workspace.answer_destinations(SystemClock()),
        SystemClock(),
        QUICK,
    )
    tls = server_side(authority.sign(["localhost"]))
    async with (
        ConnectProxy("gate", PASSWORD) as proxy,
        RawServer(lambda _: json_reply("{}"), ssl=tls) as server,
    ):
        target = AnswerTarget(AnswerKind.WEBHOOK, url=f"https://localhost:{server.port}/answers")
        target = through_proxy(target, proxy.url, credential.id)
        client = IntakeClients(store).add_with_secret("Program", type_id, None, target, vault).client
        end_request(store, client)
        assert (await sender.run_due()).delivered == 1
        first, second = proxy.asked
        assert "proxy-authorization" not in first.lower()
        assert "proxy-authorization" in second.lower()
        [call] = server.asked
        assert "webhook-signature" in call.headers
        assert "proxy-authorization" not in call.headers
        # A secret for the way through the proxy is not used for the direct one.
        with store.write() as work:
            client.answer_proxy = ""
            work.update(client, client.version)
        end_request(store, client)
        assert (await sender.run_due()).delivered == 0
        assert len(server.asked) == 1
    assert [one.fault for one in deliveries(store) if one.state == DeliveryState.PENDING] == [
        "secret-not-for-host"
    ]
    assert configuration.used_by(Kind.USER_CREDENTIAL, credential.id)[0].name == "Program"
    assert workspace.destinations_for(credential.id) == []


@pytest.mark.parametrize("proxy", ["ftp://proxy:21", "http://ada:secret@proxy:3128", "proxy", "http://"])
def test_what_is_no_proxy_is_refused(proxy):
    webhook = AnswerTarget(AnswerKind.WEBHOOK, url="https://pm.example/answers")
    with pytest.raises(InputError) as raised:
        through_proxy(webhook, proxy)
    assert raised.value.problem.fault == "delivery-proxy-invalid"


def test_only_a_webhook_has_a_proxy():
    with pytest.raises(InputError):
        through_proxy(AnswerTarget(AnswerKind.PRIVILEGE_MANAGER, server_id=uuid.uuid4()), "http://proxy:3128")
