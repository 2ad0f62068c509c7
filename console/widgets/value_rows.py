"""What a list of values to copy shows. No Qt here, so that presenters can use it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

DOTS = "\u2022" * 32
"""What is shown of a secret, whatever its length."""


@dataclass(frozen=True, slots=True)
class ValueRow:
    """One value: its name, the value as it is copied, and a note behind it.

    Of a secret, `value` is only what may be seen before the dots. `read_secret` returns all of what is copied and is
    called at each click; without it the list asks for the secret by its signal `secret_requested`.
    """

    name: str
    value: str = ""
    is_secret: bool = False
    read_secret: Callable[[], str] | None = None
    note: str = ""

    @property
    def shown(self) -> str:
        """Return what is shown."""
        return f"{self.value}{DOTS}" if self.is_secret else self.value


def as_text(rows: Sequence[ValueRow]) -> str:
    """Return all values with their names, one in a line, without secrets."""
    return "\n".join(f"{row.name}: {row.value}" for row in rows if not row.is_secret)
