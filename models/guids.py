"""GUIDs of Privilege Manager: how they are written in fields."""

import uuid

from models.translation_marks import tr_later

GUID_LENGTH = 36


def normalise_guid(text: str) -> str:
    """Return a GUID in lower case with hyphens and without braces, or an empty text; raises ValueError."""
    if not text.strip():
        return ""
    try:
        return str(uuid.UUID(text.strip()))
    except ValueError:
        raise ValueError(
            tr_later("is not a GUID; it looks like 2a3f33c4-15dd-41d0-a620-889ea1e4408a")
        ) from None
