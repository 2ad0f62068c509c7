"""A stored request under the names of a row of the inbox, for what takes either."""

from typing import Any, ClassVar


class StoredRequestRow:
    """A stored request under the names of a row of the inbox."""

    NAMES: ClassVar[dict[str, str]] = {
        "policy": "policy_name",
        "user": "initiator_name",
        "computer": "agent_name",
        "process": "process_name",
    }

    def __init__(self, row: Any) -> None:
        self._row = row

    @property
    def waits_for(self) -> tuple[str, ...]:
        """Who is asked and has not answered."""
        return tuple(line for line in self._row.waits_for.split("\n") if line)

    def __getattr__(self, name: str) -> Any:
        """Return a column by the name that the list has for it."""
        return getattr(self._row, self.NAMES.get(name, name))
