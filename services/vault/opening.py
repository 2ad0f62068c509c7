"""Opens the vault that was asked for."""

import os
from collections.abc import Mapping
from pathlib import Path

from services.secret import Secret
from services.vault.base import Vault, VaultKind

PASSPHRASE_VARIABLE = "APPROVAL_CONSOLE_PASSPHRASE"  # noqa: S105 -- the name of a variable


def open_vault(
    kind: VaultKind,
    *,
    folder: Path,
    passphrase: Secret | None = None,
    environ: Mapping[str, str] = os.environ,
) -> Vault:
    """Return the vault of `kind`; `folder` is where the encrypted file or the bindings lie.

    Nothing is probed yet: that may ask the user, and is done in a thread.
    """
    match kind:
        case VaultKind.SYSTEM:
            from services.vault.system import SystemVault

            return SystemVault()
        case VaultKind.FILE:
            from services.vault.file import FileVault

            given = environ.get(PASSPHRASE_VARIABLE)
            return FileVault(folder / "vault.bin", passphrase or (Secret(given) if given else None))
        case VaultKind.ENV:
            from services.vault.env import EnvVault

            return EnvVault(environ, folder / "bindings.json")
        case VaultKind.SESSION:
            from services.vault.session import SessionVault

            return SessionVault()
