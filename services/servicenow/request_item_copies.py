"""Local copies of lists of request items, so that a repeated command does not read the instance again."""

import hashlib
import json
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from models.foreign_system import ForeignSystem
from models.user_credential import UserCredential
from services.common.file_writing import replace_private_file
from services.servicenow.request_item_search import RequestItem

COPY_MAX_AGE_S = 15 * 60
"""How long a copy stays valid."""
FORMAT = 1


@dataclass(frozen=True, slots=True)
class RequestItemCopy:
    """A list of request items and when it was read from the instance."""

    items: tuple[RequestItem, ...]
    read_at: datetime


class RequestItemCopies:
    """Copies of one server in files below `folder`, one for each search. All methods block.

    A change of the server or of its credential makes its copies invalid: another account may see other items.
    """

    def __init__(self, folder: Path, server: ForeignSystem, credential: UserCredential | None) -> None:
        self._folder = folder / "request-items"
        signs_in = [str(credential.id), credential.version] if credential is not None else None
        self._server = [FORMAT, str(server.id), server.version, signs_in]

    def load(self, search: str, limit: int) -> RequestItemCopy | None:
        """Return the copy for a search, or None if there is none that is valid."""
        try:
            document = json.loads(self._file(search, limit).read_bytes())
            read_at = datetime.fromtimestamp(document["read_at"], UTC)
            items = tuple(
                RequestItem(**{**item, "variables": tuple(item["variables"])}) for item in document["items"]
            )
        except (OSError, ValueError, KeyError, TypeError, OverflowError):
            return None
        age = time.time() - read_at.timestamp()
        return RequestItemCopy(items, read_at) if 0 <= age < COPY_MAX_AGE_S else None

    def save(self, search: str, limit: int, items: list[RequestItem]) -> None:
        """Replace the copy for a search and delete those that are too old; does nothing if no file can be written."""
        document = {"read_at": time.time(), "items": [asdict(item) for item in items]}
        with suppress(OSError):
            replace_private_file(self._file(search, limit), json.dumps(document).encode())
            self._delete_old_copies()

    def _file(self, search: str, limit: int) -> Path:
        key = json.dumps([*self._server, search.strip().casefold(), limit])
        return self._folder / f"{hashlib.sha256(key.encode()).hexdigest()[:32]}.json"

    def _delete_old_copies(self) -> None:
        for file in self._folder.glob("*.json"):
            if time.time() - file.stat().st_mtime >= COPY_MAX_AGE_S:
                file.unlink(missing_ok=True)
