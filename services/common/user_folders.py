"""The folders of this user, in one place. APPROVAL_CONSOLE_HOME moves them all below one folder."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from services.common.errors import ConsoleError, Owner, Problem
from services.common.fault_ids import FaultId
from services.common.store_location import to_database_url

APP_NAME = "approval-console"
HOME_VARIABLE = "APPROVAL_CONSOLE_HOME"


@dataclass(frozen=True, slots=True)
class Paths:
    """Where data (the store), state (logs, layout, bindings) and configuration of this user live."""

    data: Path
    state: Path
    config: Path

    @classmethod
    def of(cls, environ: Mapping[str, str] = os.environ) -> "Paths":
        """Return the folders for this user; nothing is made yet. Raises FolderError when there can be none."""
        home = environ.get(HOME_VARIABLE)
        if home:
            # Absolute, because it must stay the same folder wherever the program is standing.
            try:
                root = Path(home).expanduser().absolute()
            except RuntimeError as error:
                raise _folder_error(Path(home), error) from None
            return cls(root / "data", root / "state", root / "config")
        found = platformdirs.PlatformDirs(APP_NAME, appauthor=False)
        return cls(Path(found.user_data_dir), Path(found.user_state_dir), Path(found.user_config_dir))

    @property
    def default_store(self) -> str:
        """The URL of the store that is used when none is named."""
        return to_database_url(str(self.data / "console.db"))


def create_private_folder(path: Path) -> Path:
    """Make `path` with access for its owner only, and return it."""
    missing = []
    for folder in (path, *path.parents):
        if folder.exists():
            break
        missing.append(folder)
    for folder in reversed(missing):
        folder.mkdir(mode=0o700, exist_ok=True)
        folder.chmod(0o700)  # a umask may have taken rights of the owner away
    path.mkdir(exist_ok=True)  # says so when it is a file
    return path


class FolderError(ConsoleError):
    """A folder of this user cannot be used."""


def create_profile_folder(path: Path) -> Path:
    """Make a folder that is this program's alone, take other users' rights on it away, and return it.

    Raises FolderError when it cannot be used, or belongs to somebody else who could change what lies in it.
    """
    try:
        create_private_folder(path)
        if os.name == "posix":
            found = path.stat()
            if found.st_uid not in (os.geteuid(), 0):
                raise _folder_error(path, PermissionError("it belongs to another user"))
            if found.st_mode & 0o077 and found.st_uid == os.geteuid() and not found.st_mode & 0o1000:
                path.chmod(0o700)
    except OSError as error:
        raise _folder_error(path, error) from error
    return path


def _folder_error(path: Path, error: Exception) -> FolderError:
    return FolderError(
        Problem(
            tried=f"Make the folder {path}",
            evidence=f"{type(error).__name__}: {error}",
            cause="The folder for this user's settings cannot be made or used.",
            owner=Owner.CONSOLE,
            remedy=f"See that it may be written to, or name another one with {HOME_VARIABLE}.",
            fault=FaultId.FOLDER_UNUSABLE,
        )
    )
