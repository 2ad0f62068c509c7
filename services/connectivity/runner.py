"""Runs the stages: each as early as its inputs allow, side by side where independent, reported as it finishes."""

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import replace

import httpx

from models.addresses import normalise_base_url
from models.approval_process import ApprovalProcess
from models.check_stages import PROCESS_STAGES, STAGES
from models.translation_marks import tr_later
from services.common.errors import ConsoleError, Problem
from services.common.fault_ids import FaultId
from services.common.tasks import gather_or_cancel
from services.connectivity.report import CheckReport, SkipReason, StageResult, StageState
from services.connectivity.stage import SignedInCheck, Stage, StageFunction, create_stages
from services.connectivity.stages import load_stages, network, time_limits
from services.connectivity.stages.authentication import (
    PreviousSignIn,
    SignInResult,
    attempt_sign_in,
    check_account,
)
from services.connectivity.stages.limits_and_clock import check_clock, check_rate_limit
from services.connectivity.stages.roles import apply_refusals, check_roles
from services.connectivity.stages.tls import check_tls
from services.connectivity.stages.web_response import append_build, check_instance, check_reply
from services.language import plural_message
from services.servicenow.account_roles import fetch_active_roles
from services.servicenow.faults import make_error, make_problem
from services.servicenow.http_client import ServiceNowClient
from services.servicenow.response_checks import schemes_without_basic
from services.transport.authentication import SignIn, SignInSource, resolve_sign_in
from services.transport.connection_settings import ConnectionSettings
from services.transport.http_channel import started_call_paths

StageCallback = Callable[[StageResult], None]
SERVICE_CALL_STAGES = ("service_create", "service_status", "service_cancel", "status_call")
_log = logging.getLogger(__name__)
PREREQUISITE_STAGES = ("url", "dns", "proxy", "tcp", "tls", "http", "instance", "authentication")
"""Stages that everything after them needs."""

load_stages()


def _ignore_result(result: StageResult) -> None:
    del result


async def run_check(
    settings: ConnectionSettings,
    sign_in: SignInSource,
    process: ApprovalProcess | None = None,
    *,
    accepted: PreviousSignIn | None = None,
    report: StageCallback = _ignore_result,
) -> CheckReport:
    """Check a server, and item and services of `process` where one is given. Nothing is written.

    `settings` and `process` may be unsaved; `accepted` is when the password of now last was accepted, if that is known. The password is sent to the server's own origin only, and only once as long
    as it has not been accepted. Cancelling the task ends the check at once.
    """
    found = await _CheckRun(settings, sign_in, process, accepted, report).run()
    bad = "; ".join(
        f"{s.stage} {s.fault}" for s in found.stages if s.state in (StageState.WARNING, StageState.FAILED)
    )
    _log.info(
        "check %s of %s: %s, %.0f ms%s",
        found.correlation_id,
        found.server,
        found.verdict,
        found.ms,
        bad and f": {bad}",
    )
    return found


class _CheckRun:
    """One run of the check."""

    def __init__(
        self,
        settings: ConnectionSettings,
        sign_in: SignInSource,
        process: ApprovalProcess | None,
        accepted: PreviousSignIn | None,
        report: StageCallback,
    ) -> None:
        self.settings = settings
        self.sign_in = sign_in
        self.process = process
        self.accepted = accepted
        self.report = report
        self.results: dict[str, StageResult] = {}
        self.addresses: list[str] = []
        self.answering = ""
        self.reply: network.AnonymousResponse | None = None
        self._stages: dict[str, Stage] = {}
        """The declared stages, once the sign-in was accepted."""
        self._ended: dict[str, asyncio.Event] = {}
        self.deadline = 0.0
        """When the check ends, by the clock of the loop."""
        self.unread: list[Problem] = []
        """Why lists could not be read, where rights or a limit are the reason."""
        self.roles: tuple[str, ...] | None = None
        self.of_roles: StageResult | None = None
        """What the list of roles says by itself; reported when it is known what was refused."""

    async def run(self) -> CheckReport:
        started = time.perf_counter()
        self.deadline = asyncio.get_running_loop().time() + time_limits.CHECK_TIMEOUT_S
        if self.process is None:
            for stage in PROCESS_STAGES:
                self._skip(stage, "no Approval Process was chosen")
        if await self._stage("url", self._address) and await self._reach():
            await self._ask()
        for stage in STAGES:
            if stage not in self.results:
                self._done(self._skipped_result(stage))
        ordered = [self.results[stage] for stage in STAGES]
        return CheckReport(self.settings.name, ordered, (time.perf_counter() - started) * 1000)

    async def _reach(self) -> bool:
        """Go down to an encrypted connection; returns whether a web reply can be asked for."""
        if self.settings.effective_proxy:
            for stage in ("dns", "tcp", "tls"):
                self._skip(stage, f"the proxy {self.settings.proxy} does this")
            return await self._proxy()
        self._skip("proxy", "no proxy is used")
        if not await self._stage("dns", self._name) or not await self._stage("tcp", self._connection):
            return False
        if self.settings.origin.scheme == "http":
            self._skip("tls", "plain http to this machine")
            return True
        return await self._stage("tls", lambda: check_tls(self.settings, self.answering))

    async def _ask(self) -> None:
        good = await self._stage("http", self._page)
        if self.reply is None:
            return
        reply, origin = self.reply, self.settings.origin
        await self._stage("clock", lambda: _return_async(check_clock(reply.response, reply.at)))
        if not good:
            return
        # A good instance is reported later, with its build: that can be asked for only when signed in.
        try:
            seen = check_instance(reply.response, origin)
        except ConsoleError as error:
            self._done(StageResult.failed("instance", error.problem, 0))
            return
        if isinstance(seen, StageResult):
            self._done(seen)
            seen = seen.evidence
        started = time.perf_counter()
        try:
            given = await self._given(self.sign_in)
        except ConsoleError as error:
            ms = (time.perf_counter() - started) * 1000
            self._done(StageResult.failed("authentication", error.problem, ms))
            self._finish_without_sign_in(httpx.Headers(), seen)
            return
        async with ServiceNowClient(self.settings, given) as instance:
            await self._check_signed_in(instance, seen)

    async def _given(self, source: SignInSource) -> SignIn | None:
        """Ask for a sign-in outside the clock of stages and check: a vault may have to be opened by a person."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            async with asyncio.timeout(time_limits.SIGNED_IN_STAGE_TIMEOUT_S):
                return await resolve_sign_in(source)
        except TimeoutError as error:
            late = f"not opened within {time_limits.SIGNED_IN_STAGE_TIMEOUT_S:g} s"
            raise make_error(FaultId.TIMEOUT, "Ask the vault for the password", late) from error
        finally:
            self.deadline += loop.time() - began

    def _finish_without_sign_in(self, headers: httpx.Headers, seen: str) -> None:
        """End with what can be said of an instance that was not signed in to."""
        if "instance" not in self.results:
            self._done(StageResult.ok("instance", seen))
        if "x-ratelimit-limit" in headers:
            self._done(check_rate_limit(headers, self.process))

    async def _check_signed_in(self, instance: ServiceNowClient, seen: str) -> None:
        # Everything after this needs an accepted password: a refused one is never tried a second time.
        signed: list[SignInResult] = []

        async def attempt() -> StageResult:
            _require_basic_offered(self.reply, self.settings)
            signed.append(await attempt_sign_in(instance, self.accepted))
            return signed[0].result

        accepted = await self._stage("authentication", attempt)
        headers = instance.last_response_headers
        if not accepted or not signed:
            self._finish_without_sign_in(headers, seen)
            return
        if signed[0].elsewhere is not None:
            self.unread.append(signed[0].elsewhere)
        # What matters most goes first: two calls are in flight at a time, and the others wait for their turn.
        work = [self._account(instance, signed[0]), self._build(instance, seen)]
        check = SignedInCheck(instance, signed[0].account, self.process, self._note)
        self._stages = {stage.key: stage for stage in create_stages(check)}
        self._ended = {key: asyncio.Event() for key in self._stages}
        await gather_or_cancel(*map(self._run_declared, self._stages.values()), *work)
        self._report_roles_and_limits(headers)

    async def _build(self, instance: ServiceNowClient, seen: str) -> None:
        if "instance" not in self.results:
            await self._stage("instance", lambda: append_build(instance, seen))

    async def _account(self, instance: ServiceNowClient, signed: SignInResult) -> None:
        """Look at the account, and at its roles as far as the instance shows them."""

        async def look() -> str | StageResult:
            try:
                self.roles = await fetch_active_roles(instance, signed.account)
            except ConsoleError as error:
                self._note(error.problem)
                return StageResult.skipped("roles", f"the roles cannot be read: {error.problem.evidence}")
            return check_roles(signed.account, self.roles)

        self.of_roles = await self._run("roles", look)
        await self._stage("account", lambda: _return_async(check_account(signed, self.roles)))

    def _report_roles_and_limits(self, headers: httpx.Headers) -> None:
        """Report roles and limits, which also tell what the other stages were refused for them."""
        refused = [problem for problem in self.unread if problem.fault == FaultId.RIGHTS_MISSING]
        of_services = [self.results[stage] for stage in SERVICE_CALL_STAGES if stage in self.results]
        if self.of_roles is not None:
            self._done(apply_refusals(self.of_roles, refused, of_services, self.roles or ()))
        cut = next(
            (problem for problem in self.unread if problem.fault == FaultId.TRANSACTION_CANCELLED), None
        )
        self._done(
            check_rate_limit(headers, self.process) if cut is None else StageResult.failed("limits", cut, 0)
        )

    def _note(self, problem: Problem) -> None:
        if problem.fault in (FaultId.RIGHTS_MISSING, FaultId.TRANSACTION_CANCELLED):
            self.unread.append(problem)

    async def _run_declared(self, stage: Stage) -> None:
        """Run a declared stage after the one it needs, if it can run then."""
        try:
            if stage.needs:
                await self._ended[stage.needs].wait()
                failed = self._timed_out or self._has_failed(stage.needs)
                if (failed and stage.needs_success) or not stage.is_possible():
                    return
            await self._stage(stage.key, stage.run)
        finally:
            self._ended[stage.key].set()

    # -- stages below the sign-in --------------------------------------------

    async def _address(self) -> str:
        seen = network.check_url(self.settings)
        # What is checked may be as it was typed; from here on it is as it will be stored.
        self.settings = replace(self.settings, base_url=normalise_base_url(self.settings.base_url))
        return seen

    async def _name(self) -> str:
        self.addresses = await network.resolve_host(self.settings.origin)
        count = plural_message(len(self.addresses), "{count} address", "{count} addresses")
        return f"{self.settings.origin.host}, {count} ({', '.join(self.addresses[:3])})"

    async def _connection(self) -> str:
        self.answering, seen = await network.check_tcp(self.settings.origin, self.addresses)
        return seen

    async def _proxy(self) -> bool:
        result = await self._run("proxy", lambda: network.check_proxy(self.settings))
        if result.state is StageState.OK:
            try:
                # Asked for once: a vault may ask a person each time.
                sign_in = await self._given(self.settings.proxy_sign_in)
            except ConsoleError as error:
                result = StageResult.failed("proxy", error.problem, result.ms)
            else:
                self.settings = replace(self.settings, proxy_sign_in=sign_in)
                if sign_in is not None:
                    given = (
                        f"where it asks for a sign-in with Basic, it is given the account {sign_in.account}"
                    )
                    result = replace(result, evidence=f"{result.evidence}; {given}")
        self._done(result)
        return result.state is StageState.OK

    async def _page(self) -> str:
        self.reply = await network.request_anonymously(self.settings)
        return check_reply(self.reply.response, self.settings.origin)

    # -- running -----------------------------------------------------------

    async def _stage(self, stage: str, work: StageFunction) -> bool:
        """Run one stage and report it; returns whether what depends on it can be looked at."""
        result = await self._run(stage, work)
        self._done(result)
        return result.state is not StageState.FAILED and not self._timed_out

    async def _run(self, stage: str, work: StageFunction) -> StageResult:
        """Return what a stage ends with, at the latest when the time of the check is over."""
        if self._timed_out:
            return StageResult.skipped(stage, time_limits.check_timeout_text())
        started = time.perf_counter()
        ends = asyncio.get_running_loop().time() + time_limits.SIGNED_IN_STAGE_TIMEOUT_S
        seen: str | StageResult
        begun: list[str] = []
        noted = started_call_paths.set(begun)
        try:
            async with asyncio.timeout_at(min(ends, self.deadline)):
                seen = await work()
        except ConsoleError as error:
            seen = StageResult.failed(stage, self._told(error.problem), 0)
        except TimeoutError:
            late = f"waited for {time.perf_counter() - started:.0f} s"
            if self._timed_out:
                late = f"{late}; the check ends after {time_limits.CHECK_TIMEOUT_S:g} s"
            seen = StageResult.failed(stage, make_problem(FaultId.TIMEOUT, f"Look at {stage}", late), 0)
            if "authentication" in self.results and not begun:
                seen = StageResult.skipped(
                    stage, time_limits.no_call_slot_text(time.perf_counter() - started)
                )
        finally:
            started_call_paths.reset(noted)
        ms = (time.perf_counter() - started) * 1000
        result = StageResult.ok(stage, seen) if isinstance(seen, str) else seen
        return replace(result, ms=ms)

    def _told(self, problem: Problem) -> Problem:
        """Return a problem in words that hold after the sign-in: who was let in is not kept out by an address."""
        if problem.fault != FaultId.ACCESS_POLICY_REFUSED or "authentication" not in self.results:
            return problem
        return replace(
            problem,
            cause="A rule refuses this call with a web page, though the account is let in for others.",
            remedy="Look for a rule about this address of the instance: at the gateway or web application firewall in "
            "front of it, and at its API access policies.",
        )

    @property
    def _timed_out(self) -> bool:
        return asyncio.get_running_loop().time() >= self.deadline

    def _skip(self, stage: str, why: str) -> None:
        self._done(StageResult.skipped(stage, why))

    def _done(self, result: StageResult) -> None:
        self.results[result.stage] = result
        self.report(result)

    def _skipped_result(self, stage: str) -> StageResult:
        """Return the result of a stage that could not run, with the stage that is the reason."""
        if self._timed_out:
            return StageResult.skipped(stage, time_limits.check_timeout_text())
        needed = self._stages[stage].needs if stage in self._stages else ""
        failed = next((s for s in (needed, *PREREQUISITE_STAGES) if self._has_failed(s)), "")
        if failed:
            result = StageResult.skipped(stage, f"needs {failed}, which failed")
            return replace(result, skip_reason=SkipReason.NEEDED_STAGE_FAILED, needed_stage=failed)
        if needed:
            result = StageResult.skipped(stage, f"needs {needed}, which cannot be judged")
            return replace(result, skip_reason=SkipReason.NEEDED_STAGE_UNCLEAR, needed_stage=needed)
        return StageResult.skipped(stage, tr_later("its inputs are missing"))

    def _has_failed(self, stage: str) -> bool:
        return stage in self.results and self.results[stage].state is StageState.FAILED


def _require_basic_offered(reply: network.AnonymousResponse | None, settings: ConnectionSettings) -> None:
    """Raise before a password is sent to a server that said how it is signed in to, and not with a password."""
    if reply is None or reply.response.status_code != 401:
        return
    offered = schemes_without_basic(reply.response)
    if offered:
        seen = f"HTTP 401; it offers {', '.join(offered)}; no password was sent"
        raise make_error(FaultId.BASIC_AUTH_NOT_OFFERED, f"Sign in to {settings.origin.host}", seen)


async def _return_async(seen: str | StageResult) -> str | StageResult:
    """Give what needs no call the form of a stage."""
    return seen
