"""A process that applies the goal of the tests, and kills itself before or after one of its calls.

Arguments: store, base URL, client id, id of the server, point of death such as `after add-actions` or nothing. The
client secret comes from standard input. Writes what came of it.
"""

import asyncio
import os
import signal
import sys
import uuid

from models.privilege_manager_server import PrivilegeManagerServer
from services.common.errors import ConsoleError
from services.common.secret import Secret
from services.configuration import Configuration
from services.policies import PolicyService
from services.privilege_manager import PrivilegeManagerClient
from services.store import Store
from services.transport import ConnectionSettings, SignIn
from tests.services.policies.conftest import FULL_GOAL


class MortalClient(PrivilegeManagerClient):
    """A client whose process ends at a point."""

    point = ""

    async def _change(self, operation, values, body, tried):
        self.die_at(f"before {operation}")
        answer = await super()._change(operation, values, body, tried)
        self.die_at(f"after {operation}")
        return answer

    def die_at(self, point):
        if point == self.point:
            os.kill(os.getpid(), signal.SIGKILL)


async def main():
    store_url, base_url, client_id, server_id, point = sys.argv[1:]
    store = Store.open(store_url, actor="other")
    server = Configuration(store).get(PrivilegeManagerServer, uuid.UUID(server_id))
    sign_in = SignIn(client_id, Secret(sys.stdin.readline().strip()))
    async with MortalClient(ConnectionSettings(server.name, base_url), sign_in) as client:
        client.point = point
        service = PolicyService(store, server, client)
        try:
            plan = await service.plan(FULL_GOAL)
            done = await service.apply(plan)
            sys.stdout.write("good" if done.ok else "conflict")
        except ConsoleError as error:
            sys.stdout.write(error.problem.fault)
    store.close()


if __name__ == "__main__":
    asyncio.run(main())
