"""Environment variables of this process; secrets are removed at start, so that child processes do not inherit them."""

import os
import re
from collections import ChainMap
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

_SECRET_VARIABLE = re.compile(
    r"APPROVAL_CONSOLE_(PASSPHRASE|AUDIT_KEY|(SECRET|CLIENT_SECRET|PRIVATE_KEY|CERTIFICATE_PASSPHRASE)_.*)"
    r"|PRACTICE_PASSWORD"
)
_STORE_URL_VARIABLE = re.compile(r"APPROVAL_CONSOLE_STORE")
"""May contain a password as part of a URL."""
_DRIVER_VARIABLES = ("PGPASSWORD",)
"""Read by the database driver on each connection, so they stay here and are hidden from child processes only."""

_extracted: dict[str, str] = {}


def extract_secrets() -> None:
    """Move variables that contain secrets out of the environment; `full_environment` still returns them.

    Called once at start, before any child process.
    """
    for name in [name for name, value in os.environ.items() if _is_secret(name, value)]:
        _extracted[name] = os.environ.pop(name)


def full_environment() -> Mapping[str, str]:
    """Return the variables that this program was started with, extracted ones included."""
    return ChainMap(os.environ, _extracted)


def child_environment() -> dict[str, str]:
    """Return the environment for a child process."""
    return {
        name: value
        for name, value in os.environ.items()
        if not _is_secret(name, value) and name not in _DRIVER_VARIABLES
    }


@contextmanager
def hide_driver_secrets() -> Iterator[None]:
    """Remove the variables of the database driver while a child process is started that inherits the environment."""
    hidden = {name: os.environ.pop(name) for name in _DRIVER_VARIABLES if name in os.environ}
    try:
        yield
    finally:
        os.environ.update(hidden)


def _is_secret(name: str, value: str) -> bool:
    return _SECRET_VARIABLE.fullmatch(name) is not None or (
        _STORE_URL_VARIABLE.fullmatch(name) is not None and "@" in value
    )
