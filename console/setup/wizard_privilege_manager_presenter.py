"""State and texts of the wizard's Privilege Manager step, without widgets."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from services.language import plural, tr


class Phase(Enum):
    """How far the step is."""

    CONNECTING = "connecting"
    """Reading the server and creating the objects."""
    NEEDS_EXPORT = "needs-export"
    """The server gives no export through its API: a person exports the action on its page."""
    WRITE_COPY = "write-copy"
    WAITING = "waiting"
    """The copy was written, and is imported by a person; the server is asked until it shows it."""
    APPLYING = "applying"
    DONE = "done"
    UNDONE = "undone"
    """The set-up was taken back."""


@dataclass(slots=True)
class PrivilegeManagerPresenter:
    """What is known of the Privilege Manager side; decides lines, texts and what the primary button does."""

    phase: Phase = Phase.CONNECTING
    stopped: bool = False
    """Whether the phase ended with a failure and can be tried again."""
    server: str = ""
    action: str = ""
    policy: str = ""
    approval_type_guid: str = ""
    export: str = ""
    copy_id: str = ""
    """The item id of the copy on the server, once it was seen there."""
    asked: int = 0
    """How often the server was asked for the copy in vain."""
    policy_result: str = ""
    """What was read back of the policy, once it was applied."""
    endpoints: str = ""
    """What was started for the endpoints."""
    endpoints_reason: str = ""
    """Why nothing was started for them."""
    recorded: bool = False
    """Whether a set-up is stored that can be taken back."""
    undoing: bool = False
    undone: tuple[str, ...] = ()
    """What an undo took back."""
    left: tuple[str, ...] = ()
    """What stays after an undo, each with the reason."""

    @property
    def busy(self) -> bool:
        """Whether the primary button has to wait."""
        working = self.phase in (Phase.CONNECTING, Phase.APPLYING)
        return self.undoing or (working and not self.stopped)

    @property
    def can_undo(self) -> bool:
        """Whether the set-up can be taken back now."""
        return self.recorded and not self.busy and self.phase is not Phase.UNDONE

    @property
    def has_ended(self) -> bool:
        """Whether nothing is left to do."""
        return self.phase in (Phase.DONE, Phase.UNDONE)

    def primary_text(self) -> str:
        """Return the text of the primary button."""
        if self.stopped and not self.has_ended:
            return tr("Try again")
        texts = {
            Phase.NEEDS_EXPORT: tr("Choose the export…"),
            Phase.WRITE_COPY: tr("Save the copy…"),
            Phase.WAITING: tr("Finish later"),
        }
        return texts.get(self.phase, tr("Finish"))

    def lead_text(self) -> str:
        """Return what happens now, and what people do."""
        texts = {
            Phase.CONNECTING: tr("Server, action and policy are being created here."),
            Phase.NEEDS_EXPORT: tr(
                "Export the action in Privilege Manager: open it, More > Export. Then choose the file."
            ),
            Phase.WRITE_COPY: tr("Save the copy. Then import it in Privilege Manager: Admin > Import Items."),
            Phase.WAITING: tr(
                "Import the copy in Privilege Manager: Admin > Import Items. The server is asked until it shows it."
            ),
            Phase.APPLYING: tr("The action is being added to the policy."),
            Phase.DONE: tr("Endpoints ask for approval once they have the policy."),
            Phase.UNDONE: tr("The set-up was taken back."),
        }
        if self.undoing:
            return tr("The set-up is being taken back.")
        return texts[self.phase]

    def lines(self) -> Iterator[tuple[str, str, str, str]]:
        """Give the lines of the step: status shape, label, text and details."""
        if self.phase is Phase.UNDONE:
            yield from (("good", tr("Taken back"), text, "") for text in self.undone)
            yield from (("notice", tr("Stays"), text, "") for text in self.left)
            return
        yield self._line(self.server, tr("Privilege Manager Server"), "")
        yield self._line(self.export, tr("Export of the action"), tr("Not exported yet"))
        yield self._line(
            self.action, tr("Action"), "", tr("Approval Type {guid}", guid=self.approval_type_guid)
        )
        asked = plural(self.asked, "asked once", "asked {count} times") if self.asked else ""
        missing = tr("Not imported yet, {asked}", asked=asked) if asked else tr("Not imported yet")
        yield self._line(self.copy_id, tr("Copy on the server"), missing)
        yield self._line(self.policy_result, tr("Policy"), self.policy)
        yield self._line(self.endpoints, tr("Endpoints"), self.endpoints_reason or tr("Not updated yet"))

    @staticmethod
    def _line(seen: str, label: str, missing: str, detail: str = "") -> tuple[str, str, str, str]:
        return ("good" if seen else "off", label, seen or missing, detail if seen else "")
