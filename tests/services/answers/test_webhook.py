"""Answers to a webhook over a real socket: signature, event, what is tried again and what is not."""

import asyncio
import json
import uuid
from datetime import timedelta

import pytest

from models.approval_request import ApprovalRequest
from models.base import utcnow
from models.delivery import AnswerKind, DeliveryState
from services.answers.destinations import StoredDestinations
from services.answers.outbox import ClaimLimits, Outbox
from services.answers.sender import AnswerSender, RetryLimits
from services.answers.target import AnswerTarget, parse_answer, parse_duration
from services.answers.webhook import parse_webhook_url, secret_name
from services.common.errors import InputError
from services.coordination.clock import SystemClock
from services.intake.clients import IntakeClients, forget_webhook_secret
from services.requests.worker.worker import Worker
from services.vault.session_vault import SessionVault
from services.workspace import Workspace
from tests.limits import WAIT_S
from tests.services.answers.outboxes import QUICK, SETTLE, deliveries, end_request, sender
from tests.services.answers.receivers import Receiver, is_signed
from tests.services.requests.followed import SimulatedClock

LATER = RetryLimits(delay_s=60, delay_max_s=3600, tries_max=4)


@pytest.fixture
def program(store, type_id, vault, receiver):
    """An intake client with the receiver as its webhook."""
    target = AnswerTarget(AnswerKind.WEBHOOK, url=receiver.url)
    return IntakeClients(store).add_with_secret("Program", type_id, None, target, vault)


async def test_the_event_is_signed_and_complete(store, vault, program, receiver):
    key = end_request(store, program.client, comment="Fine for release 8", caller_id="caller-7")
    done = await sender(store, vault).run_due()
    assert done.delivered == 1
    [(headers, body)] = receiver.calls
    assert is_signed(program.webhook_secret.reveal(), headers, body)
    assert headers["content-type"] == "application/cloudevents+json"
    event = json.loads(body)
    [delivery] = deliveries(store)
    assert headers["webhook-id"] == f"msg_{delivery.id.hex}"
    assert (event["specversion"], event["type"]) == ("1.0", "approval-console.request.decided")
    assert (event["id"], event["subject"]) == (str(delivery.id), str(key))
    assert event["time"].endswith("Z")
    assert event["datacontenttype"] == "application/json"
    data = event["data"]
    assert (data["request_id"], data["PMApprovalId"], data["caller_id"]) == (str(key), str(key), "caller-7")
    assert (data["state"], data["approved"], data["comment"]) == ("approved", True, "Fine for release 8")
    assert (data["number"], data["approver"], data["url"]) == ("RITM0010001", None, None)
    assert (delivery.state, delivery.tries, delivery.last_status) == (DeliveryState.DELIVERED, 1, "HTTP 200")
    assert not delivery.in_doubt
    assert await nothing_due(store, vault)


async def nothing_due(store, vault):
    return not (await sender(store, vault).run_due()).took


@pytest.mark.parametrize("first", ["drop-before", "drop-after", 500, 502, 503, 429, 408, 425])
async def test_what_may_succeed_later_is_sent_again_with_the_same_id(store, vault, program, receiver, first):
    receiver.behave = lambda number: first if number == 0 else 200
    end_request(store, program.client)
    clock = SimulatedClock(utcnow() + timedelta(seconds=10))
    claims = ClaimLimits(settle_s=10)
    done = await sender(store, vault, clock=clock, limits=LATER, claims=claims).run_due()
    [delivery] = deliveries(store)
    assert (done.delivered, delivery.state, delivery.tries) == (0, DeliveryState.PENDING, 1)
    assert delivery.fault
    assert delivery.reason
    assert delivery.in_doubt is (first in ("drop-before", "drop-after", 500, 502))
    assert not (await sender(store, vault, clock=clock, limits=LATER, claims=claims).run_due()).took
    clock.pass_by(90)
    done = await sender(store, vault, clock=clock, limits=LATER, claims=claims).run_due()
    [delivery] = deliveries(store)
    assert (done.delivered, delivery.state, delivery.tries) == (1, DeliveryState.DELIVERED, 2)
    assert (delivery.fault, delivery.reason) == ("", "")
    (one, first_body), (other, second_body) = receiver.calls
    assert one["webhook-id"] == other["webhook-id"]
    assert first_body == second_body
    assert is_signed(program.webhook_secret.reveal(), other, second_body)


async def test_a_try_that_is_turned_away_leaves_the_doubt_about_an_earlier_one(
    store, vault, program, receiver
):
    receiver.behave = ["drop-after", 503, 404].__getitem__
    key = end_request(store, program.client)
    clock = SimulatedClock(utcnow() + timedelta(seconds=10))
    for _ in range(3):
        await sender(store, vault, clock=clock, limits=LATER).run_due()
        clock.pass_by(3600)
        assert deliveries(store)[0].in_doubt
    assert len(receiver.calls) == 3
    assert answer_fault(store, key) == "delivery-outcome-unknown"


@pytest.mark.parametrize(
    ("status", "fault"),
    [(400, "delivery-refused"), (401, "delivery-refused"), (404, "delivery-refused"), (410, "delivery-refused"),
     (301, "delivery-redirected"), (307, "delivery-redirected")],
)  # fmt: skip
async def test_a_refusal_is_final_and_can_be_retried_by_hand(store, vault, program, receiver, status, fault):
    receiver.behave = lambda number: status if number == 0 else 200
    receiver.headers = {"Location": receiver.url} if status < 400 else {}
    key = end_request(store, program.client)
    await sender(store, vault).run_due()
    [delivery] = deliveries(store)
    assert (delivery.state, delivery.fault, delivery.last_status) == (
        DeliveryState.FAILED,
        fault,
        f"HTTP {status}",
    )
    assert answer_fault(store, key) == fault
    assert await nothing_due(store, vault)
    assert len(receiver.calls) == 1
    Outbox(store).retry(delivery.id, utcnow())
    assert answer_fault(store, key) == ""
    assert (await sender(store, vault).run_due()).delivered == 1
    [delivery] = deliveries(store)
    assert (delivery.state, delivery.fault) == (DeliveryState.DELIVERED, "")
    Outbox(store).retry(delivery.id, utcnow())
    assert await nothing_due(store, vault), "what was delivered is never sent again"


def answer_fault(store, key):
    with store.read() as session:
        return session.get(ApprovalRequest, key).answer_fault


async def test_retry_after_is_honoured(store, vault, program, receiver):
    receiver.behave, receiver.headers = lambda _number: 429, {"Retry-After": "1800"}
    end_request(store, program.client)
    clock = SimulatedClock(utcnow() + timedelta(seconds=10))
    await sender(store, vault, clock=clock, limits=QUICK).run_due()
    [delivery] = deliveries(store)
    assert delivery.next_try_at - clock.now() == timedelta(seconds=1800)


async def test_tries_are_bounded(store, vault, program, receiver):
    receiver.behave = lambda _number: 503
    key = end_request(store, program.client)
    clock = SimulatedClock(utcnow() + timedelta(seconds=10))
    for _ in range(10):
        await sender(store, vault, clock=clock, limits=LATER).run_due()
        clock.pass_by(3 * 3600)
    assert len(receiver.calls) == LATER.tries_max
    [delivery] = deliveries(store)
    assert (delivery.state, delivery.fault) == (DeliveryState.FAILED, "delivery-busy")
    assert answer_fault(store, key) == "delivery-busy"


async def test_while_a_receiver_is_away_one_try_is_enough_for_all(store, vault, program, receiver):
    receiver.close()
    for _ in range(20):
        end_request(store, program.client)
    done = await sender(store, vault, limits=LATER).run_due()
    rows = deliveries(store)
    assert {row.state for row in rows} == {DeliveryState.PENDING}
    assert 1 <= sum(row.tries for row in rows) <= 2
    assert 1 <= len(done.problems) <= 2
    assert not any(row.in_doubt or row.claimed_by for row in rows)
    assert all(row.next_try_at > utcnow() for row in rows)


async def test_two_processes_never_send_the_same(store, vault, program, receiver):
    for _ in range(40):
        end_request(store, program.client)
    several = [sender(store, vault, holder=f"elsewhere:{n}:aa") for n in range(4)]
    await asyncio.gather(*(one.run_due() for one in several))
    assert len(receiver.taken) == len(set(receiver.taken)) == 40


async def test_a_removed_client_is_told(store, vault, program):
    key = end_request(store, program.client)
    forget_webhook_secret(IntakeClients(store).remove("Program"), vault)
    await sender(store, vault).run_due()
    [delivery] = deliveries(store)
    assert (delivery.state, delivery.fault) == (DeliveryState.FAILED, "delivery-client-removed")
    assert answer_fault(store, key)
    assert not vault.state(program.client.id, secret_name("Program")).present


async def test_the_secret_goes_to_its_own_address_only(store, vault, program, receiver):
    other = Receiver()
    try:
        client = program.client.model_copy(update={"answer_url": other.url})
        with store.write() as work:
            work.update(client, client.version)
        end_request(store, client)
        await sender(store, vault).run_due()
        [delivery] = deliveries(store)
        assert (delivery.state, delivery.fault) == (DeliveryState.PENDING, "secret-not-for-host")
        assert other.calls == receiver.calls == []
    finally:
        other.close()


async def test_no_secret_is_in_the_store(store, vault, program, tmp_path):
    end_request(store, program.client)
    await sender(store, vault).run_due()
    secret = program.webhook_secret.reveal().removeprefix("whsec_")
    written = b"".join(path.read_bytes() for path in tmp_path.glob("console.db*"))
    assert program.client.answer_url.encode() in written
    assert secret.encode() not in written


@pytest.mark.parametrize(
    "url",
    ["http://pm.example.com/x", "ftp://127.0.0.1/x", "https://", "no address", "https://ada:pw@pm.example.com/x",
     "https://pm.example.com/x#part", "https://pm.example.com:port/", "https://pm.example.com/\nx",
     "https://pm.example.com/" + "x" * 2000],
)  # fmt: skip
def test_addresses_that_are_refused(url):
    with pytest.raises(InputError) as raised:
        parse_webhook_url(url)
    assert raised.value.problem.fault == "delivery-address-invalid"
    assert "pw" not in raised.value.problem.evidence


@pytest.mark.parametrize("url", ["https://10.0.0.7/answers", "http://localhost:8080/x", "http://[::1]:80/", "https://pm.example.com/a?b=c"])  # fmt: skip
def test_addresses_that_are_taken(url):
    assert parse_webhook_url(url) == url
    assert parse_answer(f"webhook:{url}", lambda _name: uuid.uuid4()).url == url


def test_where_answers_go_is_read():
    server = uuid.uuid4()
    found = parse_answer("privilege-manager:PM", lambda name: {"PM": server}[name], "1h")
    assert (found.kind, found.server_id, found.duration_s) == (AnswerKind.PRIVILEGE_MANAGER, server, 3600)
    for text, duration in (("mail:ada", ""), ("webhook:https://a.example/", "1h"), ("privilege-manager:PM", "0h"),
                           ("privilege-manager:PM", "1 year"), ("privilege-manager:PM", "9999d")):  # fmt: skip
        with pytest.raises(InputError):
            parse_answer(text, lambda _name: server, duration)
    assert [parse_duration(text) for text in ("30m", "2d", "45 s")] == [1800, 172800, 45]


def test_a_client_whose_name_is_taken_leaves_no_secret(store, type_id, program, receiver):
    vault = SessionVault()
    target = AnswerTarget(AnswerKind.WEBHOOK, url=receiver.url)
    with pytest.raises(InputError):
        IntakeClients(store).add_with_secret("Program", type_id, None, target, vault)
    assert not vault._entries


async def test_https_is_verified(store, type_id, vault, receiver):
    """A plain HTTP server behind an https address: nothing is sent, and it is tried again."""
    target = AnswerTarget(AnswerKind.WEBHOOK, url=receiver.url.replace("http:", "https:"))
    new = IntakeClients(store).add_with_secret("Secure", type_id, None, target, vault)
    end_request(store, new.client)
    await sender(store, vault).run_due()
    [delivery] = deliveries(store)
    assert (delivery.state, delivery.fault, delivery.in_doubt) == (DeliveryState.PENDING, "tls-failed", False)


async def test_a_running_worker_rests_between_its_scans(store, vault, program, receiver):
    """It sends what becomes due while it runs, and asks for due answers once in each scan."""
    scans = []

    class Counting(AnswerSender):
        async def has_due(self):
            scans.append(len(receiver.calls))
            return await super().has_due()

    clock = SystemClock()

    async def connect(_server_id):
        raise AssertionError

    answers = Counting(
        Outbox(store, "elsewhere:1:aa", SETTLE), StoredDestinations(vault, connect, clock), clock
    )
    workspace = Workspace(store, vault)
    stop = asyncio.Event()
    worker = Worker(workspace, present=False, answers=answers, new_every_s=0.05)
    working = asyncio.ensure_future(worker.run(stop))
    async with asyncio.timeout(WAIT_S):
        for _ in range(3):
            before = len(receiver.taken)
            end_request(store, program.client)
            while len(receiver.taken) == before:
                await asyncio.sleep(0.01)
        started = len(scans)
        begun = asyncio.get_running_loop().time()
        await asyncio.sleep(1)
        lasted = asyncio.get_running_loop().time() - begun
        stop.set()
        await working
    assert worker.done.answered == 3
    assert len(scans) - started <= lasted / 0.05 + 2
    await workspace.aclose()
