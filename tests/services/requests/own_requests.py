"""Requests that a test raises through the practice instance, what stands between, and what follows them."""

import json
from collections import Counter

import pytest
from sqlalchemy import select

import services.requests.lifecycle.lifecycle
from models.kinds import Kind
from models.request_event import RequestEvent
from services.practice import PracticeInstance
from services.requests.lifecycle.lifecycle import RequestLifecycle
from services.store.row_values import get_table
from tests.canary import Listener, forward_to
from tests.services.requests import followed
from tests.services.requests.followed import SimulatedClock
from tests.services.transfer.conftest import PASSWORD

STATUS = "GetExecuteAppApprovalRequestStatus"
FIELDS = {"PMFilePath": r"C:\tool.exe", "PMUserReason": "Needed"}


@pytest.fixture
def clock(monkeypatch):
    made = SimulatedClock()
    monkeypatch.setattr(services.requests.lifecycle.lifecycle, "utcnow", made.now)
    return made


@pytest.fixture
def practice(clock):
    instance = PracticeInstance(password=PASSWORD, clock=clock.now).start()
    yield instance
    instance.stop()


class Between:
    """Stands between the console and the instance, and takes things out of what the Table API answers."""

    def __init__(self, practice):
        self._forward = forward_to(int(practice.base_url.rstrip("/").rsplit(":", 1)[1]))
        self.hides_records = self.withholds_variables = False
        self.listener = Listener(self._answer)
        self.base_url = self.listener.url

    def _answer(self, request):
        reply = self._forward(request)
        first = request.split(b"\r\n", 1)[0]
        head, _, body = reply.partition(b"\r\n\r\n")
        if b"/api/now/table/" not in first or b"200" not in head.split(b"\r\n", 1)[0]:
            return reply
        answer = json.loads(body)
        if self.hides_records and b"/api/now/table/sys_web_service" not in first:
            answer["result"] = []
        if self.withholds_variables:
            for row in answer["result"]:
                for name in [name for name in row if name.startswith("variables.")]:
                    del row[name]
        body = json.dumps(answer).encode()
        lines = [one for one in head.split(b"\r\n") if not one.lower().startswith(b"content-length")]
        return b"\r\n".join([*lines, b"Content-Length: %d" % len(body), b"", b""]) + body


@pytest.fixture
def between(practice):
    made = Between(practice)
    yield made
    made.listener.close()


class Own:
    """A request type whose requests are raised through the practice instance, and their follower."""

    def __init__(self, workspace, configuration, vault, practice, clock, **options):
        self.server, self.process = followed.configure(configuration, vault, practice, PASSWORD, **options)
        made = configuration.new(Kind.APPROVAL_TYPE, name="Type", process_id=self.process.id)
        self.type = configuration.save(made)
        self.workspace, self.clock = workspace, clock
        self.follower = followed.follower_of(workspace, clock)

    async def raised(self):
        instance = await self.workspace.instance(self.server.id)
        return await RequestLifecycle(self.workspace.store, instance, self.process).submit(self.type, FIELDS)

    async def rounds(self, count=1):
        done = []
        for _ in range(count):
            done.append(await self.follower.round(self.server.id))
            self.clock.pass_by(30)
        return done

    def row(self, key):
        [found] = followed.requests_of(self.workspace.store, id=key)
        return found


@pytest.fixture
def own(workspace, configuration, vault, practice, clock):
    return Own(workspace, configuration, vault, practice, clock)


def kinds(store, key):
    table = get_table(RequestEvent)
    with store.read() as session:
        return Counter(session.execute(select(table.c.kind).where(table.c.request_id == key)).scalars())


def status_calls(practice):
    return sum(one.path == f"/{STATUS}.do" and one.method == "POST" for one in practice.log)


def change_script(practice, text="/* changed */"):
    [service] = practice.records("sys_web_service", name=STATUS)
    practice._database.update("sys_web_service", service["sys_id"], {"script": service["script"] + text})
