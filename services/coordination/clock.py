"""The time, as the work on requests reads it: one place, so that an hour can be lived through in a test."""

import asyncio
import time
from datetime import datetime
from typing import Protocol

from models.base import utcnow


class Clock(Protocol):
    """Time of day, time that only goes on, and waiting."""

    def now(self) -> datetime:
        """Return the time of day, aware UTC."""

    def monotonic(self) -> float:
        """Return seconds that never go back."""

    async def sleep(self, seconds: float) -> None:
        """Wait; a negative time is none."""


class SystemClock:
    """The clock of this machine."""

    def now(self) -> datetime:
        """Return the time of day, aware UTC."""
        return utcnow()

    def monotonic(self) -> float:
        """Return seconds that never go back."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Wait; a negative time is none."""
        await asyncio.sleep(max(0.0, seconds))
