"""The nearest known name to one that is not known, for suggestions."""

import difflib
from collections.abc import Iterable


def closest_match(name: str, names: Iterable[str]) -> str | None:
    """Return the one of `names` that `name` most likely means; a difference in case alone counts as nearest."""
    folded = {n.casefold(): n for n in names}
    if name.casefold() in folded:
        return folded[name.casefold()]
    close = difflib.get_close_matches(name.casefold(), folded, n=1)
    return folded[close[0]] if close else None
