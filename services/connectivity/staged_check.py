"""The part of a check that is the same for every kind of system: from the address to its web reply."""

import time
from abc import ABC, abstractmethod
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import ClassVar

from models.addresses import normalise_base_url
from models.check_stages import get_stages
from models.kinds import Kind
from services.common.errors import ConsoleError
from services.connectivity import network
from services.connectivity.clock import check_clock
from services.connectivity.report import CheckReport, StageResult, StageState
from services.connectivity.sign_in import PreviousSignIn
from services.connectivity.stage_run import StageCallback, StageRun
from services.connectivity.tls import check_tls
from services.language import plural_message
from services.transport.connection_settings import ConnectionSettings
from services.transport.faults import FaultTable
from services.transport.sign_in import ServerSignIn, ServerSignInSource


class StagedCheck(ABC):
    """One run of the check of one system. A subclass says what is asked of a kind of system, and judges the answers."""

    kind: ClassVar[Kind]
    anonymous_path: ClassVar[str]
    """What is asked for without a sign-in, below the base URL."""
    system: ClassVar[str]
    """What the other side is called in evidence."""
    faults: ClassVar[FaultTable]
    """The words for what calls can end with."""

    def __init__(
        self,
        settings: ConnectionSettings,
        sign_in: ServerSignInSource,
        accepted: PreviousSignIn | None,
        report: StageCallback,
    ) -> None:
        self.settings = settings
        self.sign_in = sign_in
        self.accepted = accepted
        self.stages = StageRun(get_stages(self.kind), self.faults, report, self.adapt)
        self.connections = AsyncExitStack()
        """What the check keeps open for its next calls."""
        self.reply: network.AnonymousResponse | None = None
        self._addresses: list[str] = []
        self._answering = ""

    async def run(self) -> CheckReport:
        """Run all stages."""
        started = time.perf_counter()
        self.stages.begin()
        self.skip_inapplicable()
        async with self.connections:
            if await self.stages.run("url", self._address) and await self._reach():
                await self._ask()
        ordered = self.stages.finish()
        return CheckReport(self.settings.name, ordered, (time.perf_counter() - started) * 1000)

    # -- what a kind of system decides -----------------------------------------

    def normalise_address(self, text: str) -> str:
        """Return the base URL that `text` means; raises ValueError with a sentence."""
        return normalise_base_url(text)

    @abstractmethod
    def check_reply(self, reply: network.AnonymousResponse) -> str:
        """Say what came at the stage `http`; raises what only a network or any web server sends."""

    @abstractmethod
    async def check_instance(self, reply: network.AnonymousResponse) -> str | StageResult:
        """Say by what the reply is known as this kind of system's; raises what is sent in place of data.

        A text is not reported yet: the subclass reports the stage `instance` with what it learns when signed in.
        """

    @abstractmethod
    async def check_signed_in(self, given: ServerSignIn | None, seen: str) -> None:
        """Run every stage from `authentication` on; `seen` is what `check_instance` returned."""

    @abstractmethod
    def finish_without_sign_in(self, seen: str) -> None:
        """End with what can be said of a system that was not signed in to."""

    def skip_inapplicable(self) -> None:
        """Report the stages that this check has no use for."""
        return

    def adapt(self, result: StageResult) -> StageResult:
        """Return a result in the words of this kind of system."""
        return result

    # -- the way there ---------------------------------------------------------

    async def _reach(self) -> bool:
        """Go down to an encrypted connection; returns whether a web reply can be asked for."""
        if self.settings.effective_proxy:
            for stage in ("dns", "tcp", "tls"):
                self.stages.skip(stage, f"the proxy {self.settings.proxy} does this")
            return await self._proxy()
        self.stages.skip("proxy", "no proxy is used")
        if not await self.stages.run("dns", self._name) or not await self.stages.run("tcp", self._connection):
            return False
        if self.settings.origin.scheme == "http":
            self.stages.skip("tls", "plain http to this machine")
            return True
        return await self.stages.run("tls", lambda: check_tls(self.faults, self.settings, self._answering))

    async def _ask(self) -> None:
        good = await self.stages.run("http", self._page)
        if self.reply is None:
            return
        reply = self.reply
        clock = check_clock(reply.response, reply.at, system=self.system)
        await self.stages.run("clock", lambda: return_async(clock))
        if not good:
            return
        # A good reply is reported later, with what only a signed-in account can ask for.
        try:
            seen = await self.check_instance(reply)
        except ConsoleError as error:
            self.stages.done(StageResult.failed("instance", error.problem, 0))
            return
        if isinstance(seen, StageResult):
            self.stages.done(seen)
            seen = seen.evidence
        started = time.perf_counter()
        try:
            given = await self.stages.resolve_sign_in(self.sign_in)
        except ConsoleError as error:
            ms = (time.perf_counter() - started) * 1000
            self.stages.done(StageResult.failed("authentication", error.problem, ms))
            self.finish_without_sign_in(seen)
            return
        await self.check_signed_in(given, seen)

    async def _address(self) -> str:
        seen = network.check_url(self.faults, self.settings, self.normalise_address)
        # What is checked may be as it was typed; from here on it is as it will be stored.
        self.settings = replace(self.settings, base_url=self.normalise_address(self.settings.base_url))
        return seen

    async def _name(self) -> str:
        self._addresses = await network.resolve_host(self.faults, self.settings.origin)
        count = plural_message(len(self._addresses), "{count} address", "{count} addresses")
        return f"{self.settings.origin.host}, {count} ({', '.join(self._addresses[:3])})"

    async def _connection(self) -> str:
        self._answering, seen = await network.check_tcp(self.faults, self.settings.origin, self._addresses)
        return seen

    async def _proxy(self) -> bool:
        result = await self.stages.run_unreported("proxy", lambda: network.check_proxy(self.settings))
        if result.state is StageState.OK:
            try:
                # Asked for once: a vault may ask a person each time.
                sign_in = await self.stages.resolve_sign_in(self.settings.proxy_sign_in)
            except ConsoleError as error:
                result = StageResult.failed("proxy", error.problem, result.ms)
            else:
                self.settings = replace(self.settings, proxy_sign_in=sign_in)
                if sign_in is not None:
                    given = (
                        f"where it asks for a sign-in with Basic, it is given the account {sign_in.account}"
                    )
                    result = replace(result, evidence=f"{result.evidence}; {given}")
        self.stages.done(result)
        return result.state is StageState.OK

    async def _page(self) -> str:
        self.reply = await network.request_anonymously(
            self.faults, self.settings, self.anonymous_path, self.connections
        )
        return self.check_reply(self.reply)


async def return_async(seen: str | StageResult) -> str | StageResult:
    """Give what needs no call the form of a stage."""
    return seen
