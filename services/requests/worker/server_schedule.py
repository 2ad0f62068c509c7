"""When each server is polled next by one worker: after a poll, a pause, or a fault that only people can correct."""

import math
import random
import uuid
from collections.abc import Iterable, Sequence

from services.common.fault_ids import FaultId
from services.coordination.clock import Clock
from services.requests.polling.interval import POLL_INTERVAL_S
from services.requests.polling.poll_result import PollResult, SkipReason
from services.requests.worker.schedule import Schedule

LOCAL_FAULTS = frozenset(
    {
        FaultId.CREDENTIAL_MISSING,
        FaultId.PASSWORD_MASKED,
        FaultId.SECRET_MISSING,
        FaultId.SECRET_NOT_FOR_HOST,
        FaultId.URL_INVALID,
    }
)
"""Faults that end a poll before anything is sent, until somebody corrects the configuration or a secret."""
LOCAL_FAULT_REST_S = 900.0
"""Until this process tries again after one of them, where no change is seen: another one may have got the secret."""


class ServerSchedule:
    """The due times of servers in the schedule of a worker. Touches no store."""

    def __init__(self, schedule: Schedule, clock: Clock) -> None:
        self._schedule, self._clock = schedule, clock
        self.servers: Sequence[uuid.UUID] = ()
        """The servers that are polled."""
        self.resting: set[uuid.UUID] = set()
        """Servers that everybody leaves alone after a failed poll."""
        self._waiting_for_people: set[uuid.UUID] = set()
        """Servers whose poll failed here before anything was sent."""
        self._next_due = -math.inf
        """When the next server is due that is not being polled; the end of a job may change it."""

    def take_due(self, now: float, *, everything: bool) -> tuple[list[uuid.UUID], float]:
        """Return the servers that are due, or every one, and when the next of the others is."""
        due: list[uuid.UUID] = []
        if everything or self._next_due <= now:
            times = {one: self._schedule.due_at(one, now) for one in self.servers}
            due = [one for one, at in times.items() if at <= now or everything]
            self._next_due = min((at for at in times.values() if at > now), default=math.inf)
        return due, self._next_due

    def look_again(self) -> None:
        """Read the due times next time: a job has ended, or the servers are others."""
        self._next_due = -math.inf

    def note_poll(self, server_id: uuid.UUID, done: PollResult) -> None:
        """Postpone a server after a poll, or after a look that found that it is not polled now."""
        wait = (done.next_at - self._clock.now()).total_seconds() if done.next_at else POLL_INTERVAL_S
        if done.problem is not None and done.problem.fault in LOCAL_FAULTS:
            self._waiting_for_people.add(server_id)
            wait = max(wait, LOCAL_FAULT_REST_S * random.uniform(0.75, 1.25))  # noqa: S311 -- no secret
        elif done.skip_reason is SkipReason.PAUSED:
            # What is paused in the store is read for all servers at once, and ends this.
            self.resting.add(server_id)
        else:
            self.resting.discard(server_id)
            # No longer than that: a computer may have slept meanwhile, or the time of day changed.
            wait = min(wait, POLL_INTERVAL_S)
        self._schedule.postpone(server_id, wait)

    def end_rests(self, awake: Iterable[uuid.UUID]) -> None:
        """Let servers be polled whose pause is over, or was cleared by whoever polled them since."""
        for server_id in self.resting.intersection(awake):
            self.resting.remove(server_id)
            self._schedule.make_due(server_id)
        self.look_again()

    def retry_local_faults(self) -> None:
        """Poll again what failed here before anything was sent: somebody may have corrected it."""
        waiting, self._waiting_for_people = self._waiting_for_people, set()
        for server_id in waiting:
            self._schedule.make_due(server_id)
        self.look_again()
