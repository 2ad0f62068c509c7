"""Runs the stages: each as early as its inputs allow, side by side where independent, reported as it finishes."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace

from models.addresses import normalise_base_url
from models.approval_process import ApprovalProcess
from models.stages import STAGES
from services.connectivity import reach, timing
from services.connectivity.accounts import SIGNED_IN_FAULTS, Accepted, SignedIn, look_at_account, sign_in
from services.connectivity.encryption import look_at_encryption
from services.connectivity.limits import look_at_clock, look_at_limits
from services.connectivity.request_item import RequestItemLook, look_at_flow
from services.connectivity.results import CheckReport, StageResult
from services.connectivity.roles import look_at_roles
from services.connectivity.scripted import ServiceLook
from services.connectivity.web_reply import look_at_instance, look_at_reply, with_build
from services.errors import ConsoleError
from services.language import plural_message
from services.servicenow.connection import ConnectionSettings, SignInSource, sign_in_from
from services.servicenow.contract import Role
from services.servicenow.faults import problem_of
from services.servicenow.instance import Instance
from services.servicenow.roles import roles_of
from services.together import together

Report = Callable[[StageResult], None]
Stage = Callable[[], Awaitable["str | StageResult"]]
OF_A_PROCESS = (
    "request_item",
    "service_create",
    "service_status",
    "service_cancel",
    "status_call",
    "approval_flow",
)
_log = logging.getLogger(__name__)
ON_THE_WAY = ("url", "dns", "proxy", "tcp", "tls", "http", "instance", "authentication")
"""Stages that everything after them needs."""


def _ignore(result: StageResult) -> None:
    del result


async def run_check(
    settings: ConnectionSettings,
    sign_in: SignInSource,
    process: ApprovalProcess | None = None,
    *,
    accepted: Accepted | None = None,
    report: Report = _ignore,
) -> CheckReport:
    """Check a server, and item and services of `process` where one is given. Nothing is written.

    `settings` and `process` may be unsaved; `accepted` is when the password of now last was accepted, if that is known. The password is sent to the server's own origin only, and only once as long
    as it has not been accepted. Cancelling the task ends the check at once.
    """
    found = await _Check(settings, sign_in, process, accepted, report).run()
    bad = "; ".join(f"{s.stage} {s.fault}" for s in found.stages if s.state in ("warning", "failed"))
    _log.info(
        "check %s of %s: %s, %.0f ms%s",
        found.correlation_id,
        found.server,
        found.verdict,
        found.ms,
        bad and f": {bad}",
    )
    return found


class _Check:
    """One run of the check."""

    def __init__(
        self,
        settings: ConnectionSettings,
        sign_in: SignInSource,
        process: ApprovalProcess | None,
        accepted: Accepted | None,
        report: Report,
    ) -> None:
        self.settings = settings
        self.sign_in = sign_in
        self.process = process
        self.accepted = accepted
        self.report = report
        self.results: dict[str, StageResult] = {}
        self.addresses: list[str] = []
        self.reply: reach.WebReply | None = None

    async def run(self) -> CheckReport:
        started = time.perf_counter()
        if self.process is None:
            for stage in OF_A_PROCESS:
                self._skip(stage, "no Approval Process was chosen")
        if await self._stage("url", self._address) and await self._reach():
            await self._ask()
        for stage in STAGES:
            if stage not in self.results:
                self._skip(stage, self._why_not(stage))
        ordered = [self.results[stage] for stage in STAGES]
        return CheckReport(self.settings.name, ordered, (time.perf_counter() - started) * 1000)

    async def _reach(self) -> bool:
        """Go down to an encrypted connection; returns whether a web reply can be asked for."""
        if self.settings.proxy_used:
            for stage in ("dns", "tcp", "tls"):
                self._skip(stage, f"the proxy {self.settings.proxy} does this")
            return await self._stage("proxy", self._proxy)
        self._skip("proxy", "no proxy is used")
        if not await self._stage("dns", self._name) or not await self._stage("tcp", self._connection):
            return False
        if self.settings.origin.scheme == "http":
            self._skip("tls", "plain http to this machine")
            return True
        return await self._stage("tls", lambda: look_at_encryption(self.settings))

    async def _ask(self) -> None:
        good = await self._stage("http", self._page)
        if self.reply is None:
            return
        reply, origin = self.reply, self.settings.origin
        await self._stage("clock", lambda: _at_once(look_at_clock(reply.response, reply.at)))
        if not good:
            return
        # A good instance is reported later, with its build: that can be asked for only when signed in.
        try:
            seen = look_at_instance(reply.response, origin)
        except ConsoleError as error:
            self._done(StageResult.failed("instance", error.problem, 0))
            return
        if isinstance(seen, StageResult):
            self._done(seen)
            seen = seen.evidence
        async with Instance(self.settings, self.sign_in) as instance:
            await self._signed_in(instance, seen)

    async def _signed_in(self, instance: Instance, seen: str) -> None:
        # Everything after this needs an accepted password: a refused one is never tried a second time.
        signed: list[SignedIn] = []

        async def attempt() -> StageResult:
            signed.append(await sign_in(instance, self.accepted))
            return signed[0].result

        accepted = await self._stage("authentication", attempt)
        headers = instance.last_headers
        if not accepted or not signed:
            if "instance" not in self.results:
                self._done(StageResult("instance", "ok", seen))
            if "x-ratelimit-limit" in headers:
                await self._stage("limits", lambda: _at_once(look_at_limits(headers, self.process)))
            return
        await self._stage("limits", lambda: _at_once(look_at_limits(headers, self.process)))
        # What matters most goes first: two calls are in flight at a time, and the others wait for their turn.
        await together(
            self._services(instance),
            self._item(instance),
            self._account(instance, signed[0]),
            self._build(instance, seen),
        )

    async def _build(self, instance: Instance, seen: str) -> None:
        if "instance" not in self.results:
            await self._stage("instance", lambda: with_build(instance, seen))

    async def _account(self, instance: Instance, signed: SignedIn) -> None:
        """Look at account and roles: both are judged by the same list of roles."""
        roles: list[tuple[str, ...]] = []

        async def look() -> str | StageResult:
            try:
                roles.append(await roles_of(instance, signed.account))
            except ConsoleError as error:
                return StageResult("roles", "skipped", f"the roles cannot be read: {error.problem.evidence}")
            return look_at_roles(signed.account, roles[0])

        await self._stage("roles", look)
        known = roles[0] if roles else None
        await self._stage("account", lambda: _at_once(look_at_account(signed, known)))

    async def _item(self, instance: Instance) -> None:
        if self.process is None:
            return
        item = RequestItemLook(instance, self.process)

        async def look() -> str | StageResult:
            try:
                return await item.look()
            except ConsoleError as error:
                if error.problem.fault not in SIGNED_IN_FAULTS:
                    raise
                seen = f"the catalogue cannot be read: {error.problem.evidence}"
                return StageResult("request_item", "skipped", seen)

        await self._stage("request_item", look)
        row = item.row
        if row is not None:
            await self._stage("approval_flow", lambda: look_at_flow(instance, row))

    async def _services(self, instance: Instance) -> None:
        if self.process is None:
            return
        services = ServiceLook(instance, self.process)

        async def one(role: Role) -> None:
            good = await self._stage(f"service_{role.value}", lambda: services.look(role))
            if role is Role.STATUS and good:
                await self._stage("status_call", services.call_status)

        # Status first: its call comes on top.
        await together(*(one(role) for role in (Role.STATUS, Role.CREATE, Role.CANCEL)))

    # -- stages below the sign-in --------------------------------------------

    async def _address(self) -> str:
        seen = reach.look_at_url(self.settings)
        # What is checked may be as it was typed; from here on it is as it will be stored.
        self.settings = replace(self.settings, base_url=normalise_base_url(self.settings.base_url))
        return seen

    async def _name(self) -> str:
        self.addresses = await reach.look_up_name(self.settings.origin)
        count = plural_message(len(self.addresses), "{count} address", "{count} addresses")
        return f"{self.settings.origin.host}, {count} ({', '.join(self.addresses[:3])})"

    async def _connection(self) -> str:
        return await reach.connect(self.settings.origin, self.addresses)

    async def _proxy(self) -> str:
        seen = await reach.connect_to_proxy(self.settings)
        sign_in = await sign_in_from(self.settings.proxy_sign_in)
        if sign_in is None:
            return seen
        # Asked for once: a vault may ask a person each time.
        self.settings = replace(self.settings, proxy_sign_in=sign_in)
        return f"{seen}; it is given the account {sign_in.account}"

    async def _page(self) -> str:
        self.reply = await reach.ask_for_page(self.settings)
        return look_at_reply(self.reply.response, self.settings.origin)

    # -- running -----------------------------------------------------------

    async def _stage(self, stage: str, work: Stage) -> bool:
        """Run one stage and report it; returns whether what depends on it can be looked at."""
        started = time.perf_counter()
        seen: str | StageResult
        try:
            async with asyncio.timeout(timing.SIGNED_IN_LIMIT_S):
                seen = await work()
        except ConsoleError as error:
            seen = StageResult.failed(stage, error.problem, 0)
        except TimeoutError:
            late = f"not done within {timing.SIGNED_IN_LIMIT_S:g} s"
            seen = StageResult.failed(stage, problem_of("timeout", f"Look at {stage}", late), 0)
        ms = (time.perf_counter() - started) * 1000
        result = StageResult(stage, "ok", seen) if isinstance(seen, str) else seen
        self._done(replace(result, ms=ms))
        return result.state != "failed"

    def _skip(self, stage: str, why: str) -> None:
        self._done(StageResult(stage, "skipped", why))

    def _done(self, result: StageResult) -> None:
        self.results[result.stage] = result
        self.report(result)

    def _why_not(self, stage: str) -> str:
        needed = {"status_call": "service_status", "approval_flow": "request_item"}.get(stage, "")
        before = self.results.get(needed)
        if before is not None and before.state == "failed":
            return f"needs {needed}, which failed"
        failed = next(
            (s for s in ON_THE_WAY if s in self.results and self.results[s].state == "failed"), None
        )
        if failed:
            return f"needs {failed}, which failed"
        return f"needs {needed}, which cannot be judged" if needed else "its inputs are missing"


async def _at_once(seen: str | StageResult) -> str | StageResult:
    """Give what needs no call the form of a stage."""
    return seen
