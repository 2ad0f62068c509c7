"""Folders of this user for data, state and configuration; APPROVAL_CONSOLE_HOME puts them below one folder."""

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
    """Folders for data (the store), state (logs, layout, bindings) and configuration of this user."""

    data: Path
    state: Path
    config: Path

    @classmethod
    def of(cls, environ: Mapping[str, str] = os.environ) -> "Paths":
        """Return the folders, which may not exist yet. Raises FolderError if they cannot be determined."""
        home = environ.get(HOME_VARIABLE)
        if home:
            # Absolute, so that it does not depend on the current directory.
            try:
                root = Path(home).expanduser().absolute()
            except RuntimeError as error:
                raise _folder_error(Path(home), error) from None
            return cls(root / "data", root / "state", root / "config")
        found = platformdirs.PlatformDirs(APP_NAME, appauthor=False)
        return cls(Path(found.user_data_dir), Path(found.user_state_dir), Path(found.user_config_dir))

    @property
    def default_store(self) -> str:
        """The URL of the default store."""
        return to_database_url(str(self.data / "console.db"))


def create_private_folder(path: Path) -> Path:
    """Create `path` and missing parents with access for the owner only (0700); return it."""
    missing = []
    for folder in (path, *path.parents):
        if folder.exists():
            break
        missing.append(folder)
    for folder in reversed(missing):
        folder.mkdir(mode=0o700, exist_ok=True)
        folder.chmod(0o700)  # a umask may have removed rights of the owner
    path.mkdir(exist_ok=True)  # raises FileExistsError for a file
    return path


class FolderError(ConsoleError):
    """A folder cannot be created or used."""


def create_profile_folder(path: Path) -> Path:
    """Create a folder of this program, remove rights of other users, and return it.

    Raises FolderError if it cannot be used or belongs to another user, who could change its content.
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
