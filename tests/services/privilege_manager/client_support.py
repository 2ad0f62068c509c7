"""How the tests of the client reach a server, a scripted API on a real socket, and what they expect of every error."""

import json
from contextlib import asynccontextmanager

import pytest

from services.common.errors import ConsoleError, Owner
from services.common.secret import Secret
from services.privilege_manager import Operation, PrivilegeManagerClient
from services.privilege_manager.faults import FAULTS
from services.transport import ConnectionSettings, SignIn
from tests.services.servicenow.rawserver import RawServer, json_reply

CLIENT_ID = "practice-client"
SECRET = "planted-client-secret"
TOKEN = "planted-token-0123456789abcdef"
POLICY = "11111111-1111-4111-8111-111111111111"
ACTION = "22222222-2222-4222-8222-222222222222"
FILTER = "33333333-3333-4333-8333-333333333333"
TASK = "38775f9e-9995-49de-8732-4994d0d2332a"
LOG_ON = "/TMS/services/api/logon/token"
SWAGGER = "/TMS/services/swagger/docs/v1"


def connect(base_url, client_id=CLIENT_ID, secret=SECRET, **named):
    """Return the console's side of a server."""
    settings = ConnectionSettings("Privilege Manager", base_url)
    return PrivilegeManagerClient(settings, SignIn(client_id, Secret(secret)), **named)


def paths_of(*operations, prefix=""):
    """Return the paths of a Swagger document with these operations."""
    paths = {}
    for operation in operations:
        number = operation.path.count("{}")
        path = operation.path
        for place in range(number):
            path = path.replace("{}", f"{{p{place}}}", 1)
        parameters = [{"name": f"p{place}", "in": "path", "type": "string"} for place in range(number)]
        entry = paths.setdefault(prefix + path, {})
        entry[operation.methods[0].lower()] = {"parameters": parameters, "responses": {}}
    return paths


def swagger_of(*operations, **changes):
    """Return a Swagger document with these operations, or all of them."""
    return {
        "swagger": "2.0",
        "info": {"title": "Raw", "version": "v1"},
        "basePath": "/TMS/services",
        "paths": paths_of(*(operations or Operation)),
        **changes,
    }


def result(value, total=None, **members):
    """Return the reply to a successful call."""
    body = {"Status": "success", "Messages": [], "Result": value, **members}
    return json_reply(json.dumps(body if total is None else {**body, "Total": total}))


class ScriptedApi:
    """A server that logs on, has a Swagger document, and answers everything else with `answer`."""

    def __init__(self, answer, document=None):
        self.answer = answer
        self.document = document or swagger_of()
        self.valid = set()
        self.log_ons = 0
        self.log_offs = []
        self.log_on_answer = None
        self.calls = []

    def __call__(self, asked):
        if asked.path == LOG_ON and asked.method == "POST":
            self.log_ons += 1
            if self.log_on_answer is not None:
                return self.log_on_answer
            token = f"{TOKEN}-{self.log_ons}"
            self.valid.add(token)
            return json_reply(json.dumps(token))
        token = asked.headers.get("authorization", "").removeprefix("Bearer ")
        if token not in self.valid:
            return json_reply('{"Message": "denied"}', 401)
        if asked.path == LOG_ON:
            self.log_offs.append(token)
            return result(None)
        if asked.path == SWAGGER:
            return json_reply(json.dumps(self.document))
        self.calls.append(asked)
        return self.answer(asked)


@asynccontextmanager
async def scripted(answer, document=None, **named):
    """Serve a scripted API for the length of a block, and give it with a client of it."""
    api = ScriptedApi(answer, document)
    async with RawServer(api) as server, connect(f"{server.url}TMS/", **named) as client:
        yield api, client


async def error_of(work, fault):
    """Return the error that `work` ends with; it has five parts and names no secret."""
    with pytest.raises(ConsoleError) as raised:
        await work
    problem = raised.value.problem
    assert problem.fault == fault, problem.as_text()
    assert isinstance(raised.value, FAULTS[fault].error)
    for part in (problem.tried, problem.evidence, problem.cause, problem.remedy):
        assert part.strip(), problem.as_text()
    assert isinstance(problem.owner, Owner)
    for secret in (SECRET, TOKEN):
        assert secret not in problem.as_text() + str(raised.value)
    return raised.value


async def fault_of(work):
    """Return the fault that `work` ends with, or None when it ends without one."""
    try:
        await work
    except ConsoleError as error:
        return error.problem.fault
    return None


CALLS = {
    Operation.VERSION: lambda client: client.version(),
    Operation.LIST_ACTIONS: lambda client: client.actions(),
    Operation.READ_ACTION: lambda client: client.action(ACTION),
    Operation.LIST_POLICIES: lambda client: client.policies(),
    Operation.READ_POLICY: lambda client: client.policy(POLICY),
    Operation.LIST_FILTERS: lambda client: client.filters(),
    Operation.READ_FILTER: lambda client: client.filter(FILTER),
    Operation.CREATE_POLICY: lambda client: client.create_policy("New", "Made in a test", "windows"),
    Operation.ADD_FILTERS: lambda client: client.add_filters(POLICY, []),
    Operation.REMOVE_FILTERS: lambda client: client.remove_filters(POLICY, []),
    Operation.ADD_ACTIONS: lambda client: client.add_actions(POLICY, []),
    Operation.REMOVE_ACTIONS: lambda client: client.remove_actions(POLICY, []),
    Operation.SET_ACTIVE: lambda client: client.set_active(POLICY, active=True),
    Operation.RUN_TASK: lambda client: client.run_task(TASK),
    Operation.RUN_REPORT: lambda client: client.run_report(TASK),
    Operation.SEND_ANSWER: lambda client: client.send_answer({"ApprovalId": POLICY}),
}
"""A call of each operation; log-on and log-off belong to all of them."""
READS = (
    Operation.VERSION,
    Operation.LIST_ACTIONS,
    Operation.READ_ACTION,
    Operation.LIST_POLICIES,
    Operation.READ_POLICY,
    Operation.LIST_FILTERS,
    Operation.READ_FILTER,
    Operation.RUN_REPORT,
)
CHANGES = tuple(operation for operation in CALLS if operation not in READS)
