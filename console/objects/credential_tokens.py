"""What the rail of a credential says of its access tokens: when the token ends, and how many there were. Never a token."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from services.language import number, plural, tr

if TYPE_CHECKING:
    from services.servicenow.access_tokens import TokenFacts


@dataclass(frozen=True, slots=True)
class TokenFigures:
    """Rows of name and value: of the token in use, and of all tokens since the connection was opened."""

    in_use: tuple[tuple[str, str], ...]
    counts: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, every: "Iterable[TokenFacts]") -> "TokenFigures | None":
        """Return the figures of the servers that sign in with the credential; None while no token was asked for."""
        facts = [one for one in every if one.fetched or one.refused]
        if not facts:
            return None
        live = [one for one in facts if one.expires_in_s is not None and one.renewed_before_s is not None]
        in_use: tuple[tuple[str, str], ...] = ()
        if live:
            first = min(live, key=lambda one: one.expires_in_s or 0.0)
            in_use = (
                (tr("Access token"), _in_minutes(first.expires_in_s or 0.0)),
                (tr("Renewed"), _minutes_before(first.renewed_before_s or 0.0)),
            )
        counts = (
            (tr("Tokens fetched"), number(sum(one.fetched for one in facts))),
            (tr("Sign-ins refused"), number(sum(one.refused for one in facts))),
            (tr("Calls with a token"), number(sum(one.calls for one in facts))),
        )
        return cls(in_use, counts)


def _in_minutes(seconds: float) -> str:
    if seconds <= 0:
        return tr("expired")
    minutes = round(seconds / 60)
    return tr("in less than 1 min") if minutes < 1 else plural(minutes, "in {count} min", "in {count} min")


def _minutes_before(seconds: float) -> str:
    minutes = round(seconds / 60)
    if minutes < 1:
        return tr("less than 1 min before")
    return plural(minutes, "{count} min before", "{count} min before")
