"""Fields that refer to several objects: the form in which a column stores their ids."""

import json
import uuid
from collections.abc import Iterable

REFERENCES_MAX = 100


def dump_references(ids: Iterable[uuid.UUID]) -> str:
    """Return ids in their order, each once, in the form in which a column stores them."""
    return json.dumps([str(one) for one in dict.fromkeys(ids)])


def load_references(stored: str) -> list[uuid.UUID]:
    """Return the ids of a stored field; raises ValueError."""
    try:
        found = json.loads(stored or "[]")
    except ValueError as error:
        raise ValueError("is not JSON") from error
    if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
        raise ValueError("must be a list of ids")
    if len(found) > REFERENCES_MAX:
        raise ValueError(f"has more than {REFERENCES_MAX} entries")
    return list(dict.fromkeys(uuid.UUID(one) for one in found))
