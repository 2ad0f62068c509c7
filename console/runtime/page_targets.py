"""Targets: what a page can be opened for. Imports nothing slow."""

import uuid
from dataclasses import dataclass

from models.kinds import Kind
from models.translation_marks import tr_later

HOME = "home"
FOLDER = "folder"
REQUESTS = "requests"
PROVISIONING = "provisioning"
FAULTS = "faults"
EXPIRIES = "expiries"
DELETED = "deleted"
POLICIES = "folder:policy"
"""The list of policies, which takes the place of the folder of that kind."""
CONNECT = "connect"
"""The guide that connects a Privilege Manager server, whose id the target carries."""
MOVE_OFF = "move_off"
"""The guide that moves a ServiceNow server off passwords, whose id the target carries; also its command."""
CHAIN = "chain"
CHAIN_TAB = tr_later("Chain")
"""The tab of a policy that shows its approval chain."""
CHECK_CHAIN = "check_chain"
"""The command that checks the chain of a page."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where to go: the value of a `Kind` with an id, or "home", "requests", "provisioning", "faults", "deleted", "folder:NAME" without one.

    "chain:KIND" with the id of an object is the approval chain through it.

    `tab` names a tab to open there, such as "Check"; `run` a command of the page to run on arrival.
    """

    kind: str
    id: uuid.UUID | None = None
    tab: str = ""
    run: str = ""

    @property
    def head(self) -> str:
        """Return the kind without what follows a colon."""
        return self.kind.partition(":")[0]

    @property
    def object_kind(self) -> Kind | None:
        """Return the kind of object, or None for a place that is no object."""
        try:
            return Kind(self.kind)
        except ValueError:
            return None

    @property
    def place(self) -> "Target":
        """Return the page alone, without what is to be done on arrival."""
        return Target(self.kind, self.id)

    def same_page(self, other: "Target | None") -> bool:
        """Whether both are shown by one page."""
        return other is not None and (self.kind, self.id) == (other.kind, other.id)


def fault_entry_target(fault_id: str, stage: str) -> Target:
    """Return the page of the fault catalog, opened at the entry for a fault that a stage ended with."""
    return Target(FAULTS, tab=f"{fault_id}@{stage}")


def chain_target(kind: Kind, object_id: uuid.UUID) -> Target:
    """Return the page that shows and checks the approval chain through an object."""
    return Target(f"{CHAIN}:{kind.value}", object_id, run=CHECK_CHAIN)
