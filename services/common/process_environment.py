"""The environment of this process: secrets are taken out of it at the start, so that no program started later gets them."""

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
"""May hold a password, as a part of an address."""
_DRIVER_VARIABLES = ("PGPASSWORD",)
"""The driver of the database reads it whenever it connects, so it stays here and is kept from others only."""

_extracted: dict[str, str] = {}


def extract_secrets() -> None:
    """Take the variables that hold secrets out of the environment; `environment` still gives them.

    Called once, before anything else is started: browsers, engines and whatever they start inherit the rest.
    """
    for name in [name for name, value in os.environ.items() if _is_secret(name, value)]:
        _extracted[name] = os.environ.pop(name)


def full_environment() -> Mapping[str, str]:
    """Return the variables that this program was started with, those that were taken out included."""
    return ChainMap(os.environ, _extracted)


def child_environment() -> dict[str, str]:
    """Return the environment for a program that this one starts."""
    return {
        name: value
        for name, value in os.environ.items()
        if not _is_secret(name, value) and name not in _DRIVER_VARIABLES
    }


@contextmanager
def hide_driver_secrets() -> Iterator[None]:
    """Hold back what stays here for the driver, for as long as something is started that inherits all the rest."""
    kept = {name: os.environ.pop(name) for name in _DRIVER_VARIABLES if name in os.environ}
    try:
        yield
    finally:
        os.environ.update(kept)


def _is_secret(name: str, value: str) -> bool:
    return _SECRET_VARIABLE.fullmatch(name) is not None or (
        _STORE_URL_VARIABLE.fullmatch(name) is not None and "@" in value
    )
