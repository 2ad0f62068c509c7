"""What pages use of the waiting for imported actions, which `console.actions` implements."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from services.common.errors import Problem

if TYPE_CHECKING:
    from PyQt6.QtCore import pyqtBoundSignal


class WaitState(StrEnum):
    """How the waiting for a copy is."""

    NONE = "none"
    """Nobody waits: nothing was written, it is there, or it was stopped."""
    WAITING = "waiting"
    NAMESAKE = "namesake"
    """The server has an action of this name with another item id; the waiting goes on."""
    OVERDUE = "overdue"
    """It was not seen for so long that nobody asks any more."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """The state of the waiting for one action; `problem` is why the server was not asked last."""

    state: WaitState = WaitState.NONE
    asked_at: datetime | None = None
    problem: Problem | None = None
    namesake_id: str = ""


class ImportWatch(Protocol):
    """Waits until servers show copies. `changed` carries the id of an action whose waiting changed."""

    @property
    def changed(self) -> "pyqtBoundSignal":
        """The signal."""

    def waiting_for(self, action_id: uuid.UUID) -> Waiting:
        """Return the state of the waiting for an action."""

    def watch(self, action_id: uuid.UUID) -> None:
        """Wait for the copy of an action, from now on."""

    def stop_waiting(self, action_id: uuid.UUID) -> None:
        """Wait no longer."""
