"""What is known of earlier sign-ins when a check begins."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class PreviousSignIn:
    """An earlier sign-in with the very password of now: when, and whether the account could sign in interactively."""

    at: datetime
    interactive: bool = False
