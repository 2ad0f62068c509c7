"""The support bundle: one zip file for support with versions, logs, configuration, checks and answers, without secrets."""

import importlib.metadata
import json
import platform
import sqlite3
import ssl
import sys
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import BinaryIO

from models.user_credential import UserCredential
from services.answers.delivery_list import count_by_state, delivery_as_dict
from services.answers.outbox import list_deliveries
from services.common.errors import ConsoleError
from services.common.file_writing import write_atomically
from services.common.json_types import JsonLike
from services.common.redaction import redact
from services.configuration import Configuration
from services.connectivity.check_history import past_checks
from services.credential_secrets import read_credential_secrets
from services.vault import Vault

PACKAGES = (
    "PyQt6", "qasync", "zeep", "httpx", "sqlmodel", "SQLAlchemy", "alembic", "keyring", "cryptography", "platformdirs",
    "typer", "rich", "lxml", "truststore", "starlette", "uvicorn", "PyYAML", "quickjs-ng",
)  # fmt: skip
LOG_MAX_BYTES = 8 * 1024 * 1024
"""Size of one log file in the bundle; of a longer one only the end is included."""
DELIVERIES_MAX = 200
"""Answers in the bundle, the newest; their number by state counts all."""
FIXED_TIMESTAMP = (1980, 1, 1, 0, 0, 0)
"""Timestamp of every file in the bundle, so that equal contents give equal bundles."""


def version_report(program: str) -> str:
    """Return the versions of this program, Python, the system and the libraries, one a line."""
    lines = [
        f"approval-console {program}",
        f"python {sys.version.split()[0]} ({platform.python_implementation()})",
        f"system {platform.platform()}",
        f"openssl {ssl.OPENSSL_VERSION}",
        f"sqlite {sqlite3.sqlite_version}",
    ]
    for name in PACKAGES:
        try:
            lines.append(f"{name} {importlib.metadata.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            lines.append(f"{name} is not installed")
    return "\n".join(lines) + "\n"


def read_logs(folder: Path) -> dict[str, str]:
    """Return the log files of `folder` by name; the text of an unreadable one is the error."""
    found: dict[str, str] = {}
    for file in sorted(folder.glob("approval-console.log*")):
        if file.is_symlink() or not file.is_file():
            continue  # a link may point to another file, and a pipe never ends
        try:
            with file.open("rb") as content:
                content.seek(max(0, file.stat().st_size - LOG_MAX_BYTES))
                text = content.read(LOG_MAX_BYTES).decode(errors="replace")
        except OSError as error:
            text = f"This file cannot be read: {error}\n"
        found[f"logs/{file.name}"] = text
    return found


def read_store(configuration: Configuration) -> dict[str, str]:
    """Return what else the store tells support: the last check of each server, and the answers. Raises StoreError.

    The version of a server is in the evidence of its check.
    """
    store = configuration.store
    checks = [
        {"server": server.name, "kind": server.kind.value, **check.as_dict()}
        for server in configuration.servers()
        for check in past_checks(store, server.id, 1)
    ]
    newest = [delivery_as_dict(one) for one in list_deliveries(store, limit=DELIVERIES_MAX)]
    return {
        "checks.json": _as_text({"checks": checks}),
        "deliveries.json": _as_text({"states": count_by_state(store), "deliveries": newest}),
    }


def read_credentials(configuration: Configuration, vault: Vault) -> dict[str, str]:
    """Return how each User Credential signs in and which of its secrets are set, never a secret; blocks."""
    found: list[JsonLike] = []
    for item in configuration.all(UserCredential):
        try:
            state = read_credential_secrets(vault, item).as_dict()
        except ConsoleError as error:
            state = {"sign_in": item.sign_in, "problem": error.problem.as_text()}
        found.append({"name": item.name, **state})
    return {"credentials.json": _as_text({"vault": vault.kind.value, "credentials": found})}


def write_bundle(file: Path, parts: Mapping[str, str]) -> list[str]:
    """Write `parts` (texts by name) as a zip file that only its owner can read; returns the names.

    Every line is redacted again, in case it was not redacted before. Raises OSError, and then leaves no file.
    """

    def write(out: BinaryIO) -> None:
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as bundle:
            for name, text in parts.items():
                bundle.writestr(
                    zipfile.ZipInfo(name, FIXED_TIMESTAMP),
                    _redact_lines(text.splitlines()),
                    zipfile.ZIP_DEFLATED,
                )

    write_atomically(file, write, private=True)
    return list(parts)


def _as_text(content: JsonLike) -> str:
    return json.dumps(content, ensure_ascii=False, indent=2)


def _redact_lines(lines: Iterable[str]) -> str:
    return "\n".join(redact(line) for line in lines) + "\n"
