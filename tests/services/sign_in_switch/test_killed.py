"""Switches to OAuth and back while a worker polls, with kill -9: one valid method, no request lost or doubled."""

import asyncio
import random
import signal
import time
from collections import Counter
from contextlib import suppress
from datetime import timedelta

import pytest
from sqlmodel import select

from models.approval_request import ApprovalRequest
from models.foreign_system import ForeignSystem
from models.kinds import RequestState
from models.task_run import TaskRun
from models.user_credential import UserCredential
from services.credential_sign_in import read_sign_in
from services.practice import PracticeInstance
from services.practice.oauth import CLIENT_CREDENTIALS_PROPERTY, make_client
from services.sign_in_switch.switch_records import TASK_ID, last_switch
from services.workspace import Workspace
from tests.limits import WAIT_S
from tests.services.requests import followed
from tests.services.requests.followed import SimulatedClock
from tests.services.sign_in_switch.conftest import USER, probed_plan, put_client_secret
from tests.services.sign_in_switch.switch_program import SWITCHING, file_vault, start_worker
from tests.services.transfer.conftest import PASSWORD

SWITCH_S = 0.06
"""About as long as a switch takes beside a poll."""
SWITCHES_MAX = 4
POLLS_MAX = 60


@pytest.fixture
def clock():
    return SimulatedClock()


@pytest.fixture
def practice(clock):
    instance = PracticeInstance(password=PASSWORD, clock=clock.now).start()
    instance.set_property(CLIENT_CREDENTIALS_PROPERTY, "true")
    yield instance
    instance.stop()


def external_ids(store):
    """Return the requested items of all requests that are open here."""
    with store.read() as session:
        rows = session.exec(select(ApprovalRequest)).all()
        assert {row.state for row in rows} == {RequestState.PENDING}
        return Counter(row.record_id for row in rows)


def check_method(workspace, server_id, ids):
    """See that the server has exactly one of the two credentials, with its secrets, as the last receipt says."""
    server = workspace.configuration.get(ForeignSystem, server_id)
    credential = workspace.configuration.get(UserCredential, server.credential_id)
    found = last_switch(workspace.store, server_id)
    assert credential.id in ids
    assert (found is not None and found.in_effect) == (credential.id == ids[1])
    assert read_sign_in(workspace.vault, credential, server.destination).account == USER
    return credential


def kill_one(arguments, chance):
    """Start a worker, and kill it at a random moment of one of its switches."""
    child, said = start_worker(*arguments)
    heard = []
    with said:
        for _ in range(chance.randint(1, SWITCHES_MAX)):
            assert said.poll(WAIT_S)
            heard.append(said.recv())
        time.sleep(chance.uniform(0, SWITCH_S))  # a random moment, not a wait for something
        child.kill()
        child.join(WAIT_S)
        assert child.exitcode == -signal.SIGKILL
        child.close()
        with suppress(EOFError):
            while said.poll():
                heard.append(said.recv())
    assert set(heard) == {SWITCHING}


async def survive(store, tmp_path, practice, configuration, clock, *, requests, kills, seed):
    chance, vault = random.Random(seed), file_vault(tmp_path)
    server, _ = followed.configure(configuration, vault, practice, PASSWORD)
    client = practice.tokens.add_client("Approval Console", make_client(USER))
    oauth = configuration.save(
        configuration.new(
            UserCredential,
            name="OAuth",
            account=USER,
            sign_in="oauth_client_credentials",
            client_id=client.client_id,
        )
    )
    put_client_secret(vault, oauth, [], client.secret)
    probed_plan(Workspace(store, vault), server, oauth)
    records = followed.fill(practice, clock, requests)
    workspace, ids = Workspace(store, vault), (server.credential_id, oauth.id)
    poller = followed.follower_of(workspace, clock)
    for _ in range(POLLS_MAX):
        done = await poller.round(server.id)
        assert done.problem is None, done.problem.as_text()
        if followed.counted(store) == requests:
            break
        clock.pass_by(31)
    before = external_ids(store)
    assert before == Counter(records)
    path = store.url.removeprefix("sqlite:///")
    methods = Counter()
    for _ in range(kills):
        clock.at += timedelta(hours=2)  # the leases and the calls of the one before are over
        arguments = (path, str(tmp_path), server.id, oauth.id, clock.at)
        await asyncio.to_thread(kill_one, arguments, chance)
        methods[check_method(workspace, server.id, ids).sign_in] += 1
        assert followed.counted(store) == requests, "a request was lost or doubled"
    assert external_ids(store) == before
    assert store.verify_audit().ok
    credential = check_method(workspace, server.id, ids)
    instance = await workspace.instance(server.id)
    assert await instance.table("sys_user").first(followed_user(), ("user_name",)), credential.sign_in
    await workspace.close_connections()
    with store.read() as session:
        switches = len(session.exec(select(TaskRun.id).where(TaskRun.task == TASK_ID)).all())
    return methods, switches


def followed_user():
    from services.servicenow.encoded_query import equals

    return equals(user_name=USER)


async def test_one_method_is_always_valid(store, tmp_path, practice, configuration, clock):
    methods, switches = await survive(
        store, tmp_path, practice, configuration, clock, requests=60, kills=6, seed=2026
    )
    assert methods.total() == 6
    assert switches > 0


@pytest.mark.long
@pytest.mark.timeout(3600)
async def test_10000_requests_and_100_kills(store, tmp_path, practice, configuration, clock):
    methods, switches = await survive(
        store, tmp_path, practice, configuration, clock, requests=10_000, kills=100, seed=1
    )
    assert len(methods) == 2, "it was killed with either method"
    assert switches > 25
    print(f"{switches} switches; found with {dict(methods)}")
