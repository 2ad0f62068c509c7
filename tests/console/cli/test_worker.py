"""The worker as a program: one round, or until it is told to stop; without Qt, and with the intake where asked for."""

import importlib
import signal

import httpx
import pytest
from sqlmodel import select

from models.base import utcnow
from models.kinds import Kind
from models.lease import Lease
from models.worker_presence import WorkerPresence
from services.configuration import Configuration
from services.intake.accepted_requests import Intake
from services.intake.clients import IntakeClients
from services.store import Store
from tests.console.cli.conftest import SERVER, TYPE, document, interrupt, read_to, until
from tests.limits import PROGRAM_S
from tests.services.requests import followed

PAYLOAD = {"PMFilePath": r"C:\tool.exe", "PMUserReason": "Needed for case 4711", "PMInitiatorName": "Ada"}


@pytest.fixture
def configured(program, practice):
    """Return the program with a store whose one process goes through the practice instance."""
    file = program.folder / "configuration.yaml"
    file.write_text(document(practice.base_url), encoding="utf-8")
    applied = program.run("config", "apply", str(file))
    assert applied.status == 0, applied.err
    return program


@pytest.fixture
def store(configured):
    opened = Store.open(str(next(configured.folder.rglob("*.db"))), actor="test")
    yield opened
    opened.close()


def raised(practice):
    return practice.records("sc_req_item")


def test_one_round_says_what_it_did(configured, practice, store):
    for number in range(3):
        followed.place(practice, number)
    first = configured.run("worker", "--once", "--json")
    assert first.status == 0, first.err
    [server] = first.json["servers"]
    assert (server["server"], server["new"], server["calls"], server["complete"]) == (SERVER, 3, 1, True)
    assert len(followed.requests_of(store)) == 3
    again = configured.run("worker", "--once")
    assert again.status == 0
    assert "not due" in again.out
    assert configured.qt_asked_for == []


def test_one_round_that_could_not_be_done_ends_with_1(configured, practice):
    practice.faults.set("hibernating")
    failed = configured.run("worker", "--once", "--json")
    assert failed.status == 1
    assert failed.json["servers"][0]["problem"]["fault"] == "instance-hibernating"
    assert "hibernating" in failed.err
    paused = configured.run("worker", "--once")
    assert "paused" in paused.out
    # The failure is not over: what was due is still not done.
    assert paused.status == 1


BROKEN = {
    "raising": ("services.requests.lifecycle.lifecycle:RequestLifecycle", "resume"),
    "polling": ("services.requests.polling.poller:Poller", "_look"),
    "cleaning": ("services.requests.rehearsal.baseline", "find_unfinished"),
    "looking": ("services.requests.worker.worker:Worker", "_steps"),
}


@pytest.mark.parametrize("part", BROKEN)
def test_one_round_that_fails_unexpectedly_ends_with_1_and_says_so(
    configured, store, part, cli, monkeypatch, caplog
):
    """In this process, with one function that raises what nobody foresees."""
    place, name = BROKEN[part]
    module, _, of = place.partition(":")
    owner = importlib.import_module(module)

    def broken(*_arguments, **_more):
        raise RuntimeError("nobody foresaw this")

    approval_type = Configuration(store).named(Kind.APPROVAL_TYPE, TYPE)
    client, _ = IntakeClients(store).add("Agent", approval_type.id)
    Intake(store).accept(client, PAYLOAD, "one")
    monkeypatch.setenv("APPROVAL_CONSOLE_HOME", configured.environ["APPROVAL_CONSOLE_HOME"])
    monkeypatch.setattr(getattr(owner, of) if of else owner, name, broken)
    ended = cli("worker", "--once", "--json")
    assert ended.status == 1
    assert ended.json["ok"] is False
    told = [*ended.json["problems"], *(one["problem"] for one in ended.json["servers"] if one["problem"])]
    assert {problem["fault"] for problem in told} == {"unexpected-error"}
    assert "Unexpected internal error" in ended.err
    assert "Traceback" not in ended.err
    log = next(configured.folder.rglob("approval-console.log")).read_text(encoding="utf-8")
    assert log.count("Traceback (most recent call last)") == 1
    assert told[0]["correlation_id"] in log
    if part == "raising":
        listed = cli("requests", "list", "--json")
        assert "Unexpected internal error" in listed.json["requests"][0]["error"]
    caplog.clear()


def test_calls_that_make_no_sense_are_refused(configured):
    assert configured.run("worker", "--json").status == 2
    assert configured.run("worker", "--once", "--intake", "0").status == 2


def test_what_comes_in_is_raised_by_the_worker_that_serves_the_intake(configured, practice, store):
    token = configured.run("intake", "add", "Agent", "--type", TYPE)
    assert token.status == 0, token.err
    process = configured.start("--vault", "env", "worker", "--intake", "0")
    try:
        said = read_to(process.stderr, "The worker is running")
        url = next(word for word in said.split() if word.startswith("http://"))
        answer = httpx.post(
            f"{url}v1/requests",
            json=PAYLOAD,
            headers={"Authorization": f"Bearer {token.out.strip()}", "Idempotency-Key": "one"},
            timeout=PROGRAM_S,
            trust_env=False,
        )
        assert answer.status_code in (200, 201, 202), answer.text
        until(lambda: raised(practice))
        until(lambda: [row for row in followed.requests_of(store) if row["state"] == "pending"])
    finally:
        ended = interrupt(process)
    assert ended.status == 130
    assert "has stopped" in ended.err
    [row] = followed.requests_of(store)
    assert (row["state"], row["claimed_by"]) == ("pending", "")
    assert len(raised(practice)) == 1
    assert configured.qt_asked_for == []


def test_told_to_stop_it_gives_back_what_it_holds_and_ends_well(configured, practice, store):
    followed.place(practice, 1)
    process = configured.start("--vault", "env", "worker")
    read_to(process.stderr, "The worker is running")
    until(lambda: followed.requests_of(store))
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=PROGRAM_S)
    assert process.returncode == 0, err
    with store.read() as session:
        leases = session.exec(select(Lease)).all()
        assert session.exec(select(WorkerPresence)).all() == []
    assert leases
    assert all(lease.until <= utcnow() for lease in leases)
