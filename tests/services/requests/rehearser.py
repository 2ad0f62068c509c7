"""A program that rehearses one request after the other until it is killed: `python -m tests.services.requests.rehearser STORE`.

The password comes in CONSOLE_TEST_PASSWORD. It says "ready" when the next rehearsal begins at once.
"""

import asyncio
import itertools
import os
import sys

from models.kinds import Kind
from services.common.errors import ConsoleError
from services.common.secret import Secret
from services.requests.rehearsal.rehearsal import rehearse
from services.store import Store
from services.vault.session_vault import SessionVault
from services.workspace import Workspace


def open_workspace(path, password):
    """Return the workspace of the store, with the password of its one credential in memory."""
    workspace = Workspace(Store.open(str(path), actor="rehearser"), SessionVault())
    configuration = workspace.configuration
    [server] = configuration.all(Kind.FOREIGN_SYSTEM)
    [credential] = configuration.all(Kind.USER_CREDENTIAL)
    workspace.vault.put(credential.id, credential.name, credential.account, Secret(password), [server.origin])
    return workspace


async def main():
    workspace = open_workspace(sys.argv[1], os.environ["CONSOLE_TEST_PASSWORD"])
    [server] = workspace.configuration.all(Kind.FOREIGN_SYSTEM)
    [process] = workspace.configuration.all(Kind.APPROVAL_PROCESS)
    [approval_type] = workspace.configuration.all(Kind.APPROVAL_TYPE)
    instance = await workspace.instance(server.id)
    for number, decide in enumerate(itertools.cycle([None, "approve", "reject"])):
        if number == 0:
            print("ready", flush=True)
        try:
            await rehearse(workspace.store, instance, approval_type, process, fields={}, decide=decide)
        except ConsoleError as error:
            print(error.problem.as_text(), flush=True)
            raise


if __name__ == "__main__":
    asyncio.run(main())
