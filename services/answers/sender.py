"""Sends what is due: claims, looks up what is in doubt, marks, calls, records. One for each worker and window."""

import asyncio
import logging
import random
import uuid
from collections import defaultdict
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Protocol

from models.delivery import AnswerKind, Delivery
from models.intake_client import IntakeClient
from services.answers.answer import Answer, load_answer
from services.answers.destination import AnswerDestination, Found, SendResult, Verdict, result_of_error
from services.answers.outbox import Outbox, goes_elsewhere
from services.common.errors import ConsoleError, Problem
from services.common.fault_ids import FaultId
from services.common.unexpected_errors import to_console_error
from services.connectivity.answer_faults import DELIVERY_FAULTS
from services.coordination.clock import Clock
from services.store import Store
from services.store.row_values import RowDict

CONCURRENT_PER_DESTINATION = 2
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RetryLimits:
    """How long to wait between tries, in seconds, and how many there are: about three days altogether."""

    delay_s: float = 5.0
    delay_max_s: float = 3600.0
    tries_max: int = 80
    jitter: float = 0.25
    """The part of a delay by which it is longer or shorter, so that many answers do not come back at the same moment."""

    def delay(self, tries: int) -> float:
        """Return the delay after so many tries."""
        plain = min(self.delay_max_s, self.delay_s * 2.0 ** min(max(tries - 1, 0), 20))
        return plain * random.uniform(1 - self.jitter, 1 + self.jitter)  # noqa: S311 -- no secret


class DestinationSource(Protocol):
    """Where the destinations of clients come from."""

    def destination(self, client: IntakeClient) -> AnswerDestination:
        """Return where the answers of a client go, by its present settings. Raises ConsoleError."""


@dataclass(slots=True)
class SenderReport:
    """What one round did."""

    delivered: int = 0
    failed: int = 0
    problems: list[Problem] = field(default_factory=list)

    @property
    def took(self) -> bool:
        """Whether anything was sent."""
        return bool(self.delivered or self.failed or self.problems)


class AnswerSender:
    """Sends the answers that are due. `outbox.holder` is the name of this process."""

    def __init__(
        self, outbox: Outbox, source: DestinationSource, clock: Clock, limits: RetryLimits | None = None
    ) -> None:
        self._outbox, self._source, self._clock = outbox, source, clock
        self._store: Store = outbox.store
        self._limits = limits or RetryLimits()

    async def has_due(self) -> bool:
        """Whether anything is due. Raises StoreError."""
        return await asyncio.to_thread(self._outbox.has_due, self._clock.now())

    async def run_due(self, *, ahead_s: float = 0) -> SenderReport:
        """Send everything that is due within `ahead_s` seconds, each once, and return what came of it. Raises StoreError."""
        report = SenderReport()
        seen: set[uuid.UUID] = set()
        while claimed := await asyncio.to_thread(self._outbox.claim_due, self._clock.now(), ahead_s):
            left = {one.id for one in claimed}
            try:
                groups = defaultdict(list)
                for one in claimed:
                    groups[one.client_id].append(one)
                await _gather([self._send_group(group, left, report) for group in groups.values()])
            finally:
                await asyncio.to_thread(self._outbox.release, left)
            if seen & {one.id for one in claimed}:
                break  # what came back at once waits for the next round
            seen |= {one.id for one in claimed}
        return report

    async def _send_group(
        self, group: Sequence[Delivery], left: set[uuid.UUID], report: SenderReport
    ) -> None:
        """Send the answers of one client; while it is away, one try is enough for all of them."""
        client = await asyncio.to_thread(self._load_client, group[0].client_id)
        destination = None
        try:
            try:
                client, destination = self._destination(client, group[0])
            except ConsoleError as error:
                for delivery in group:
                    await self._record(
                        delivery, result_of_error(error, sent=False), left, report, tried=False
                    )
                return
            if client is not None:
                group = [
                    await asyncio.to_thread(self._outbox.redirect, one, client)
                    if goes_elsewhere(one, client)
                    else one
                    for one in group
                ]
            waiting = list(reversed(group))
            run = _GroupRun(destination, _place_of(client), client.answer_duration_s, waiting, left, report)
            await _gather([self._drain(run) for _ in range(CONCURRENT_PER_DESTINATION)])
            if run.away_until is not None:
                await asyncio.to_thread(self._outbox.release, [one.id for one in waiting], run.away_until)
        finally:
            if destination is not None:
                await destination.aclose()

    async def _drain(self, run: "_GroupRun") -> None:
        while run.waiting and run.away_until is None:
            delivery = run.waiting.pop()
            result, tried = await self._try(run, delivery)
            next_try_at = await self._record(delivery, result, run.left, run.report, tried=tried)
            if result.stops_others and result.verdict is Verdict.LATER:
                run.away_until = next_try_at

    async def _try(self, run: "_GroupRun", delivery: Delivery) -> tuple[SendResult, bool]:
        """Try to deliver one answer; returns what came of it, and whether it was marked as about to be sent."""
        in_doubt = delivery.in_doubt
        try:
            if in_doubt:
                found = await run.destination.find(delivery)
                if found is Found.TAKEN:
                    return SendResult(Verdict.DELIVERED, "Found there"), False
                in_doubt = found is Found.UNKNOWN
            body = await self._body(run, delivery)
        except ConsoleError as error:
            return result_of_error(error, sent=False), False
        now = self._clock.now()
        marked = await asyncio.to_thread(self._outbox.mark_attempt, delivery.id, body, now, run.place)
        if marked is None:
            return SendResult(Verdict.LATER), False  # another process has it
        try:
            result = await run.destination.send(marked, body)
        except Exception as error:  # noqa: BLE001 -- whatever it was, the others are sent all the same
            result = result_of_error(to_console_error(log, "Send an answer", error), sent=True)
        if in_doubt and result.verdict is not Verdict.DELIVERED:
            # What came of an earlier try is as unknown as before, even if this one did not get there.
            result = replace(result, in_doubt=True)
            if result.verdict is Verdict.REFUSED:
                result = replace(result, problem=_outcome_unknown(delivery, result.problem))
        return result, True

    async def _body(self, run: "_GroupRun", delivery: Delivery) -> str:
        if delivery.body and delivery.kind == run.place["kind"] == AnswerKind.WEBHOOK:
            return delivery.body  # a repetition is the same message
        # For Privilege Manager it is made anew: the description may have changed since the last try.
        with_answer = await asyncio.to_thread(self._load_answer, delivery, run.duration_s)
        return await run.destination.make_body(with_answer)

    async def _record(
        self,
        delivery: Delivery,
        result: SendResult,
        left: set[uuid.UUID],
        report: SenderReport,
        *,
        tried: bool,
    ) -> datetime:
        """Write down what came of a try, and return when the next one is due."""
        tries, now = delivery.tries + 1, self._clock.now()
        if result.verdict is Verdict.LATER and tries >= self._limits.tries_max:
            result = replace(result, verdict=Verdict.REFUSED)
        next_try_at = now + timedelta(seconds=max(self._limits.delay(tries), result.retry_after))
        await asyncio.to_thread(
            self._outbox.record, delivery.id, result, now, next_try_at=next_try_at, tried=tried
        )
        left.discard(delivery.id)
        report.delivered += result.verdict is Verdict.DELIVERED
        report.failed += result.verdict is Verdict.REFUSED
        if result.problem is not None:
            report.problems.append(result.problem)
            log.info("the answer %s to %s: %s", delivery.id, delivery.client_name, result.problem.as_text())
        return next_try_at

    def _destination(
        self, client: IntakeClient | None, delivery: Delivery
    ) -> tuple[IntakeClient, AnswerDestination]:
        if client is None or client.answer_kind == AnswerKind.NONE:
            tried = f"Send an answer to “{delivery.client_name}”"
            raise DELIVERY_FAULTS.error(FaultId.DELIVERY_CLIENT_REMOVED, tried)
        return client, self._source.destination(client)

    def _load_client(self, key: uuid.UUID) -> IntakeClient | None:
        with self._store.read() as session:
            return session.get(IntakeClient, key)

    def _load_answer(self, delivery: Delivery, duration_s: int) -> Answer:
        with self._store.read() as session:
            return load_answer(session, delivery, duration_s)


def _place_of(client: IntakeClient) -> RowDict:
    """Return the columns of a delivery that say where it goes, by the present settings of its client."""
    return {"kind": client.answer_kind, "server_id": client.answer_server_id, "url": client.answer_url}


def _outcome_unknown(delivery: Delivery, refusal: Problem | None) -> Problem:
    """Return the problem of a repetition that was refused: perhaps because the first answer was taken."""
    tried = f"Send an answer to “{delivery.client_name}” again"
    return DELIVERY_FAULTS.problem(
        FaultId.DELIVERY_OUTCOME_UNKNOWN, tried, refusal.evidence if refusal is not None else ""
    )


async def _gather(jobs: Sequence[Coroutine[object, object, None]]) -> None:
    """Let all jobs come to their end, then raise the first error."""
    found = await asyncio.gather(*jobs, return_exceptions=True)
    for one in found:
        if isinstance(one, BaseException):
            raise one


@dataclass(slots=True)
class _GroupRun:
    """The answers of one client in one round; `waiting` ends with the oldest."""

    destination: AnswerDestination
    place: RowDict
    """What deliveries keep of it."""
    duration_s: int
    waiting: list[Delivery]
    left: set[uuid.UUID]
    report: SenderReport
    away_until: datetime | None = None
    """Until when the destination is left alone."""
