"""A practice Privilege Manager on a real socket, and plain HTTP to it as any of its API clients."""

import httpx
import pytest

from services.practice.privilege_manager import ADMINISTRATORS, PracticeOptions, PracticePrivilegeManager


class Steered:
    """A clock that a test moves."""

    def __init__(self, start):
        self.now = start

    def __call__(self):
        return self.now


@pytest.fixture
def make_server():
    """Return a function that starts a server with options, and stops it after the test."""
    started = []

    def make(options=None, **arguments):
        pm = PracticePrivilegeManager(options or PracticeOptions(), **arguments).start()
        started.append(pm)
        return pm

    yield make
    for pm in started:
        pm.stop()


@pytest.fixture
def pm(make_server):
    return make_server()


@pytest.fixture
def log_on():
    """Return a function that opens plain HTTP with a token of a role; None: without a token."""
    opened = []

    def open_client(server, role=ADMINISTRATORS):
        client = httpx.Client(base_url=server.base_url, trust_env=False, timeout=10)
        opened.append(client)
        if role is not None:
            one = server.client(role)
            answer = client.post(
                "services/api/logon/token", json={"UserName": one.client_id, "Password": one.secret}
            )
            assert answer.status_code == 200
            client.headers["Authorization"] = f"Bearer {answer.json()}"
        return client

    yield open_client
    for client in opened:
        client.close()


@pytest.fixture
def http(pm, log_on):
    return log_on(pm)
