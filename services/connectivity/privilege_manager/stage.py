"""What stages after the log-on to a Privilege Manager server work with, and how they are declared."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from services.common.errors import Problem
from services.connectivity.stage import StageRegistry
from services.privilege_manager.client import PrivilegeManagerClient
from services.privilege_manager.operations import Operation
from services.privilege_manager.swagger import ApiDescription


@dataclass(frozen=True, slots=True)
class LoggedOnCheck:
    """What stages after the log-on work with."""

    server: PrivilegeManagerClient
    api: ApiDescription | None
    """The operations that the server has; None where its Swagger document cannot be read."""
    note_refused: Callable[[str, Problem], object]
    """Is called with what was read and why that was refused; the stage `roles` reports it."""
    note_read: Callable[[str], object]
    """Is called with what the API client is seen to be allowed to read."""
    known_operations: Mapping[str, str] = field(default_factory=dict)
    """What the last check found of each operation (`ApiDescription.fingerprints`); empty where there was none."""

    def missing(self, operations: Iterable[Operation]) -> list[Operation]:
        """Return those of `operations` that the server is known to lack."""
        return [] if self.api is None else [one for one in operations if one not in self.api]


REGISTRY: StageRegistry[LoggedOnCheck] = StageRegistry()
logged_on_stages = REGISTRY.declare


def describe_missing(operations: Iterable[Operation]) -> str:
    """Return which operations a Swagger document lacks and what is off therefore."""
    found = list(operations)
    names = ", ".join(f"{' or '.join(one.methods)} {one.path}" for one in found)
    return f"not in its Swagger document: {names}; off: {', '.join(one.purpose for one in found)}"
