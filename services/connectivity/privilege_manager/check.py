"""The check of a Privilege Manager server: its reply, its log-on, and the stages that are declared for it."""

from collections.abc import Mapping
from dataclasses import replace

import httpx

from models.addresses import normalise_privilege_manager_url
from models.kinds import Kind
from services.common.errors import ConsoleError, Owner, Problem
from services.common.fault_ids import FaultId, FaultTrait
from services.connectivity import network
from services.connectivity.fault_catalog import fault_result
from services.connectivity.network import AnonymousResponse
from services.connectivity.privilege_manager import call_faults, web_response
from services.connectivity.privilege_manager import stages as stage_modules
from services.connectivity.privilege_manager.account import check_account, judge_roles, log_on
from services.connectivity.privilege_manager.instance_faults import STAGE as INSTANCE
from services.connectivity.privilege_manager.stage import REGISTRY, LoggedOnCheck
from services.connectivity.report import StageResult
from services.connectivity.sign_in import PreviousSignIn
from services.connectivity.stage import load_stages
from services.connectivity.stage_run import StageCallback
from services.connectivity.staged_check import StagedCheck
from services.privilege_manager.client import PrivilegeManagerClient
from services.privilege_manager.faults import FAULTS
from services.privilege_manager.swagger import ApiDescription
from services.transport.connection_settings import ConnectionSettings
from services.transport.sign_in import ServerSignIn, ServerSignInSource, SignIn

__all__ = ["PrivilegeManagerCheck", "call_faults"]

load_stages(stage_modules.__path__, stage_modules.__name__)


class PrivilegeManagerCheck(StagedCheck):
    """One run of the check of a server. It reads only; the one thing that it changes is its own session."""

    kind = Kind.PRIVILEGE_MANAGER_SERVER
    anonymous_path = web_response.SWAGGER_PATH
    system = "the server"
    faults = FAULTS

    def __init__(
        self,
        settings: ConnectionSettings,
        sign_in: ServerSignInSource,
        accepted: PreviousSignIn | None,
        report: StageCallback,
        known_operations: Mapping[str, str],
    ) -> None:
        super().__init__(settings, sign_in, accepted, report)
        self._known_operations = known_operations

    def normalise_address(self, text: str) -> str:
        """Return the base URL that `text` means, with the path of the server."""
        return normalise_privilege_manager_url(text)

    def check_reply(self, reply: AnonymousResponse) -> str:
        """Say what came; pages by which the state of the server is known are left to the stage `instance`."""
        return web_response.check_reply(self.faults, reply.response, self.settings.origin)

    async def check_instance(self, reply: AnonymousResponse) -> str | StageResult:
        """Say by what the reply is known as Privilege Manager's."""

        async def probe(path: str) -> httpx.Response:
            return (await network.request_anonymously(self.faults, self.settings, path)).response

        return await web_response.check_instance(reply.response, self.settings.origin, probe)

    def finish_without_sign_in(self, seen: str) -> None:
        """End with what the server told without a log-on."""
        if not self.stages.has_ended(INSTANCE):
            self.stages.done(self._known_without_log_on(seen))

    def _known_without_log_on(self, seen: str) -> StageResult:
        reply = self.reply
        if reply is not None and web_response.shows_privilege_manager(reply.response):
            return StageResult.ok(INSTANCE, seen)
        return StageResult.skipped(
            INSTANCE, f"{seen}, so that nothing tells whether this is Privilege Manager"
        )

    def adapt(self, result: StageResult) -> StageResult:
        """Return a result with the administrator of this server in place of another product's."""
        if result.owner != Owner.SERVICENOW.value:
            return result
        return replace(result, owner=Owner.PRIVILEGE_MANAGER.value)

    async def check_signed_in(self, given: ServerSignIn | None, seen: str) -> None:
        """Log on, and run the stages that are declared."""
        client = given if isinstance(given, SignIn) else None
        async with PrivilegeManagerClient(self.settings, client) as server:
            if not await self.stages.run("authentication", lambda: log_on(server, client, self.accepted)):
                self.finish_without_sign_in(seen)
                return
            refused: dict[str, Problem] = {}
            read: set[str] = set()
            api = await self._look_at_operations(server, seen)
            check = LoggedOnCheck(server, api, refused.setdefault, read.add, self._known_operations)
            if api is None:
                for stage in REGISTRY.create(check):
                    self.stages.skip(
                        stage.key, "what the server can do is unknown: its Swagger document cannot be read"
                    )
            else:
                await self.stages.run_declared(REGISTRY.create(check))
            self.stages.done(judge_roles(refused, sorted(read)))
            account = client.account if client is not None else ""
            await self.stages.run("account", lambda: check_account(server, account))

    async def _look_at_operations(self, server: PrivilegeManagerClient, seen: str) -> ApiDescription | None:
        """Read the Swagger document as a logged-on client, and report the stage `instance` if it has not ended."""
        found: list[ApiDescription] = []

        async def look() -> str | StageResult:
            try:
                found.append(await server.operations())
            except ConsoleError as error:
                fault = error.problem.fault
                denied = (
                    FaultTrait.ACCESS_DENIED in fault.traits
                    or fault == FaultId.PRIVILEGE_MANAGER_TOKEN_REFUSED
                )
                known = (
                    FaultId.PRIVILEGE_MANAGER_SWAGGER_REFUSED
                    if denied
                    else FaultId.PRIVILEGE_MANAGER_SWAGGER_UNREADABLE
                )
                return fault_result(INSTANCE, known, error.problem.evidence)
            count = len(found[0].operations)
            return f"{seen}; {count} operations that this console knows"

        result = await self.stages.run_unreported(INSTANCE, look)
        if not self.stages.has_ended(INSTANCE):
            self.stages.done(result)
        return found[0] if found else None
