"""A process that sets the Privilege Manager side up, and kills itself after a step.

Arguments: store, file for the copy, base URL, client id, operation after which it ends. Standard input has the client
secret, and a line once the copy was imported.
"""

import asyncio
import os
import signal
import sys
from pathlib import Path

from services.common.secret import Secret
from services.privilege_manager import PrivilegeManagerClient
from services.setup import privilege_manager_setup
from services.setup.privilege_manager_setup import PrivilegeManagerSignIn
from services.store import Store
from services.transport import ConnectionSettings, SignIn
from services.vault.session_vault import SessionVault
from services.workspace import Workspace


class MortalClient(PrivilegeManagerClient):
    """A client whose process ends after an operation."""

    point = ""

    async def _change(self, operation, values, body, tried):
        answer = await super()._change(operation, values, body, tried)
        if operation == self.point:
            os.kill(os.getpid(), signal.SIGKILL)
        return answer


async def main():
    store_url, copy, base_url, client_id, point = sys.argv[1:]
    workspace = Workspace(Store.open(store_url, actor="other"), SessionVault())
    sign_in = PrivilegeManagerSignIn(
        base_url, client_id, Secret(sys.stdin.readline().strip()), task_id="task"
    )
    settings = ConnectionSettings("Privilege Manager", base_url)
    async with MortalClient(settings, SignIn(client_id, sign_in.secret)) as client:
        client.point = point
        made = privilege_manager_setup.create_objects(
            workspace.configuration, workspace.vault, sign_in, None, None
        )
        export = await privilege_manager_setup.read_export(client)
        made = privilege_manager_setup.use_export(workspace.configuration, made, "export.zip", export)
        privilege_manager_setup.write_copy(workspace.store, made.action, Path(copy).write_bytes)
        sys.stdout.write("written\n")
        sys.stdout.flush()
        sys.stdin.readline()
        await privilege_manager_setup.is_copy_there(workspace.store, client, made.action)
        await privilege_manager_setup.apply_policy(workspace.store, made.server, client, made.policy)


if __name__ == "__main__":
    asyncio.run(main())
