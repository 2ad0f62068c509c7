"""What the receipt of a run says: its state, and whether it can be undone."""

from typing import TYPE_CHECKING

from models.kinds import TaskState
from services.language import tr

if TYPE_CHECKING:
    from services.provisioning import Receipt


def can_undo(receipt: "Receipt") -> bool:
    """Return whether a run left records that can be removed or restored."""
    return bool(receipt.live) and not receipt.undone


def run_state(receipt: "Receipt") -> tuple[str, str]:
    """Return the state of a run as shape and word."""
    if receipt.undone:
        return "off", tr("Undone")
    if receipt.undo_begun:
        return "notice", tr("Undo stopped")
    words = {
        TaskState.RUNNING: ("running", tr("Running")),
        TaskState.SUCCEEDED: ("good", tr("Done")) if receipt.verified else ("notice", tr("Not verified")),
        TaskState.FAILED: ("bad", tr("Stopped") if receipt.live else tr("Failed")),
        TaskState.CANCELLED: ("off", tr("Cancelled")),
    }
    return words.get(TaskState(receipt.run.state), ("off", str(receipt.run.state)))
