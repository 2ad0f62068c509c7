"""What the page does: reads, the probe, rehearsals, the switch and its undo, each as a task."""

import uuid
from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject, pyqtSignal

from console.runtime import lazy_imports
from console.runtime.activity import DONE, FAILED
from services.common.errors import ConsoleError
from services.language import tr

if TYPE_CHECKING:
    from console.move_off.move_facts import MoveFacts
    from console.runtime.context import Context
    from console.runtime.task_runner import TaskRunner
    from models.foreign_system import ForeignSystem
    from models.user_credential import UserCredential
    from services.servicenow.basic_auth_restriction import Restriction
    from services.sign_in_probe import RowResult, SignInProbe
    from services.sign_in_switch.rehearsal_records import SignInRehearsal
    from services.sign_in_switch.switch_records import SwitchReceipt


class MoveWork(QObject):
    """Work of the page; everything blocking runs in the thread of the store."""

    probe_row_ended = pyqtSignal(object)

    def __init__(self, ctx: "Context", tasks: "TaskRunner", parent: QObject) -> None:
        super().__init__(parent)
        self._ctx, self._tasks = ctx, tasks

    # -- reading -----------------------------------------------------------

    async def read(self, server_id: uuid.UUID, target_id: uuid.UUID | None) -> "MoveFacts":
        """Return what store and vault know. Raises ConsoleError."""
        await lazy_imports.ready(self._ctx, lazy_imports.move_off)
        from console.move_off.move_facts import load_move_facts

        workspace = await self._ctx.ready()
        return await self._ctx.call(load_move_facts, workspace, server_id, target_id)

    async def read_restriction(self, server_id: uuid.UUID) -> "Restriction":
        """Return what the account of the server can read of the restriction."""
        await lazy_imports.ready(self._ctx, lazy_imports.move_off)
        from services.servicenow.basic_auth_restriction import Restriction, fetch_restriction

        workspace = await self._ctx.ready()
        try:
            return await fetch_restriction(await workspace.instance(server_id))
        except ConsoleError:
            return Restriction()

    # -- trying ------------------------------------------------------------

    async def probe(self, server: "ForeignSystem", credential: "UserCredential") -> "SignInProbe":
        """Probe a credential on a server, with its own passphrase, and keep the result. Raises as `probe_for_switch` does."""
        await lazy_imports.ready(self._ctx, lazy_imports.move_off)
        from services.sign_in_switch.probe_records import probe_for_switch

        workspace = await self._ctx.ready()
        # The row of the Table API says which user a token or certificate signs in.
        return await probe_for_switch(workspace, server, credential, report=self._report_row)

    def _report_row(self, result: "RowResult") -> None:
        self.probe_row_ended.emit(result)

    async def rehearse(self, server: "ForeignSystem", credential: "UserCredential") -> "SignInRehearsal":
        """Rehearse a request with a credential; the activity strip shows it."""
        await lazy_imports.ready(self._ctx, lazy_imports.move_off)
        from services.sign_in_switch.rehearsal_records import rehearse_sign_in

        workspace = await self._ctx.ready()
        name = tr("Rehearsal with {credential}", credential=credential.name)
        job = self._ctx.activity.begin(name, lambda: self._tasks.cancel("try"))
        try:
            done = await rehearse_sign_in(workspace, server, credential, progress=job.progress)
        except BaseException:
            job.end(tr("Stopped"), FAILED)
            raise
        text = tr("all steps succeeded") if done.ok else tr("not all steps succeeded")
        job.end(text, DONE if done.ok else FAILED)
        return done

    # -- writing -----------------------------------------------------------

    async def switch(
        self, server: "ForeignSystem", credential: "UserCredential", confirmed: int
    ) -> "SwitchReceipt":
        """Make the switch; `confirmed` is the number of open requests that was shown."""
        await lazy_imports.ready(self._ctx, lazy_imports.move_off)
        from services.sign_in_switch.switch import plan_switch, switch_sign_in

        workspace = await self._ctx.ready()
        plan = await self._ctx.call(plan_switch, workspace, server.id, credential.id)
        return await self._ctx.call(switch_sign_in, workspace, plan, confirmed=confirmed)

    async def undo(self, server_id: uuid.UUID) -> "SwitchReceipt":
        """Undo the last switch."""
        await lazy_imports.ready(self._ctx, lazy_imports.move_off)
        from services.sign_in_switch.switch import undo_switch

        return await self._ctx.call(undo_switch, await self._ctx.ready(), server_id)

    async def remove_password(self, server_id: uuid.UUID) -> bool:
        """Remove the former password from the vault."""
        await lazy_imports.ready(self._ctx, lazy_imports.move_off)
        from services.sign_in_switch.switch import remove_former_password

        return await self._ctx.call(remove_former_password, await self._ctx.ready(), server_id)
