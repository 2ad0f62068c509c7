"""The check of a ServiceNow instance: its reply, its sign-in, and the stages that are declared for it."""

from dataclasses import replace

import httpx

from models.approval_process import ApprovalProcess
from models.check_stages import PROCESS_STAGES
from models.kinds import Kind
from models.sign_in import SignInMethod
from services.common.errors import ConsoleError, Problem
from services.common.fault_ids import FaultId
from services.connectivity.fault_catalog import fault_result
from services.connectivity.network import AnonymousResponse
from services.connectivity.report import StageResult
from services.connectivity.servicenow import stages as stage_modules
from services.connectivity.servicenow.certificate_refusal import explain_error_page
from services.connectivity.servicenow.stage import REGISTRY, SignedInCheck
from services.connectivity.servicenow.stages.authentication import (
    SignInResult,
    attempt_sign_in,
    check_account,
)
from services.connectivity.servicenow.stages.limits import check_rate_limit
from services.connectivity.servicenow.stages.roles import apply_refusals, check_roles
from services.connectivity.servicenow.stages.web_response import append_build, check_instance, check_reply
from services.connectivity.sign_in import PreviousSignIn
from services.connectivity.stage import load_stages
from services.connectivity.stage_run import StageCallback
from services.connectivity.staged_check import StagedCheck
from services.servicenow.account_roles import fetch_active_roles
from services.servicenow.basic_auth_restriction import fetch_restriction
from services.servicenow.faults import FAULTS, make_error
from services.servicenow.http_client import ServiceNowClient
from services.servicenow.record_values import is_true
from services.servicenow.response_checks import schemes_without_basic
from services.transport.connection_settings import ConnectionSettings
from services.transport.sign_in import (
    CertificateSignIn,
    ServerSignIn,
    ServerSignInSource,
    SignIn,
    TokenSignIn,
)

SERVICE_CALL_STAGES = ("service_create", "service_status", "service_cancel", "status_call")

load_stages(stage_modules.__path__, stage_modules.__name__)


class ServiceNowCheck(StagedCheck):
    """One run of the check of an instance, and of item and services of `process` where one is given."""

    kind = Kind.FOREIGN_SYSTEM
    anonymous_path = "api/now/table/sys_user?sysparm_limit=1"
    system = "the instance"
    faults = FAULTS

    def __init__(
        self,
        settings: ConnectionSettings,
        sign_in: ServerSignInSource,
        process: ApprovalProcess | None,
        accepted: PreviousSignIn | None,
        report: StageCallback,
    ) -> None:
        super().__init__(settings, sign_in, accepted, report)
        self.process = process
        self.unread: list[Problem] = []
        """Why lists could not be read, where rights or a limit are the reason."""
        self.roles: tuple[str, ...] | None = None
        self.of_roles: StageResult | None = None
        """What the list of roles says by itself; reported when it is known what was refused."""

    def skip_inapplicable(self) -> None:
        """Skip the stages of an Approval Process where none was chosen."""
        if self.process is None:
            for stage in PROCESS_STAGES:
                self.stages.skip(stage, "no Approval Process was chosen")

    def check_reply(self, reply: AnonymousResponse) -> str:
        """Say what came; pages that only an instance sends are left to the stage `instance`."""
        return check_reply(reply.response, self.settings.origin)

    async def _page(self) -> str:
        try:
            return await super()._page()
        except ConsoleError as error:
            if error.problem.fault != FaultId.CERTIFICATE_UNTRUSTED:
                raise
            raise await explain_error_page(self.settings, error.problem) or error from error

    async def check_instance(self, reply: AnonymousResponse) -> str | StageResult:
        """Say by what the reply is known as ServiceNow's."""
        return check_instance(reply.response, self.settings.origin)

    def finish_without_sign_in(self, seen: str) -> None:
        """End with what the instance told without a sign-in."""
        self._finish_without_sign_in(httpx.Headers(), seen)

    def adapt(self, result: StageResult) -> StageResult:
        """Return a result in words that hold after the sign-in: who was let in for others has the right secret and address."""
        if result.stage in SERVICE_CALL_STAGES and self.stages.has_ended("authentication"):
            result = _name_soap_refusal(result)
        if result.fault != FaultId.ACCESS_POLICY_REFUSED or not self.stages.has_ended("authentication"):
            return result
        return replace(
            result,
            cause="A rule refuses this call with a web page, though the account is let in for others.",
            remedy="Look for a rule about this address of the instance: at the gateway or web application firewall in "
            "front of it, and at its API access policies.",
        )

    async def check_signed_in(self, given: ServerSignIn | None, seen: str) -> None:
        """Sign in, and run the stages that are declared."""
        connections = self.reply.connections if self.reply is not None else None
        async with ServiceNowClient(self.settings, given, connections) as instance:
            await self._check_signed_in(instance, seen)

    def _finish_without_sign_in(self, headers: httpx.Headers, seen: str) -> None:
        if not self.stages.has_ended("instance"):
            self.stages.done(StageResult.ok("instance", seen))
        if "x-ratelimit-limit" in headers:
            self.stages.done(check_rate_limit(headers, self.process))

    async def _check_signed_in(self, instance: ServiceNowClient, seen: str) -> None:
        # Everything after this needs an accepted password: a refused one is never tried a second time.
        signed: list[SignInResult] = []

        async def attempt() -> StageResult:
            if isinstance(instance.sign_in, SignIn):
                _require_basic_offered(self.reply, self.settings)
            signed.append(await attempt_sign_in(instance, self.accepted))
            return signed[0].result

        accepted = await self.stages.run("authentication", attempt)
        headers = instance.last_response_headers
        if not accepted or not signed:
            self._finish_without_sign_in(headers, seen)
            return
        if signed[0].elsewhere is not None:
            self.unread.append(signed[0].elsewhere)
        # What matters most goes first: two calls are in flight at a time, and the others wait for their turn.
        check = SignedInCheck(instance, signed[0].account, self.process, self._note)
        await self.stages.run_declared(
            REGISTRY.create(check), self._account(instance, signed[0]), self._build(instance, seen)
        )
        self._report_roles_and_limits(headers)

    async def _build(self, instance: ServiceNowClient, seen: str) -> None:
        if not self.stages.has_ended("instance"):
            await self.stages.run("instance", lambda: append_build(instance, seen))

    async def _account(self, instance: ServiceNowClient, signed: SignInResult) -> None:
        """Look at the account, and at its roles as far as the instance shows them."""

        async def look() -> str | StageResult:
            try:
                self.roles = await fetch_active_roles(instance, signed.account)
            except ConsoleError as error:
                self._note(error.problem)
                return StageResult.skipped("roles", f"the roles cannot be read: {error.problem.evidence}")
            return check_roles(signed.account, self.roles)

        self.of_roles = await self.stages.run_unreported("roles", look)
        await self.stages.run("account", lambda: self._judge_account(instance, signed))

    async def _judge_account(self, instance: ServiceNowClient, signed: SignInResult) -> str | StageResult:
        match instance.sign_in:
            case TokenSignIn(method=method):
                return check_account(signed, self.roles, method)
            case CertificateSignIn():
                return check_account(signed, self.roles, SignInMethod.CERTIFICATE)
        # An account that is limited to web services is exempt, whatever the properties say.
        exempt = signed.row is None or is_true(signed.row["web_service_access_only"])
        restriction = None if exempt else await fetch_restriction(instance)
        return check_account(signed, self.roles, SignInMethod.BASIC, restriction)

    def _report_roles_and_limits(self, headers: httpx.Headers) -> None:
        """Report roles and limits, which also tell what the other stages were refused for them."""
        refused = [problem for problem in self.unread if problem.fault == FaultId.RIGHTS_MISSING]
        results = self.stages.results
        of_services = [results[stage] for stage in SERVICE_CALL_STAGES if stage in results]
        if self.of_roles is not None:
            self.stages.done(apply_refusals(self.of_roles, refused, of_services, self.roles or ()))
        cut = next(
            (problem for problem in self.unread if problem.fault == FaultId.TRANSACTION_CANCELLED), None
        )
        self.stages.done(
            check_rate_limit(headers, self.process) if cut is None else StageResult.failed("limits", cut, 0)
        )

    def _note(self, problem: Problem) -> None:
        if problem.fault in (FaultId.RIGHTS_MISSING, FaultId.TRANSACTION_CANCELLED):
            self.unread.append(problem)


SOAP_REFUSALS = {
    FaultId.OAUTH_TOKEN_REJECTED: FaultId.OAUTH_TOKEN_SOAP_REFUSED,
    FaultId.ACCESS_POLICY_KIND: FaultId.OAUTH_TOKEN_SOAP_REFUSED,
    FaultId.AUTHENTICATION_REFUSED: FaultId.ACCESS_POLICY_SOAP_REFUSED,
    FaultId.BASIC_AUTH_NOT_OFFERED: FaultId.ACCESS_POLICY_SOAP_REFUSED,
}
"""What a refused sign-in means at a SOAP call when REST has accepted it in the same check."""


def _name_soap_refusal(result: StageResult) -> StageResult:
    fault = SOAP_REFUSALS.get(FaultId.parse(result.fault or "") or FaultId.UNEXPECTED_ERROR)
    if fault is None:
        return result
    return replace(fault_result(result.stage, fault, result.evidence), ms=result.ms)


def _require_basic_offered(reply: AnonymousResponse | None, settings: ConnectionSettings) -> None:
    """Raise before a password is sent to a server that said how it is signed in to, and not with a password."""
    if reply is None or reply.response.status_code != 401:
        return
    offered = schemes_without_basic(reply.response)
    if offered:
        seen = f"HTTP 401; it offers {', '.join(offered)}; no password was sent"
        raise make_error(FaultId.BASIC_AUTH_NOT_OFFERED, f"Sign in to {settings.origin.host}", seen)
