"""Opens the vault that was asked for."""

from collections.abc import Mapping
from pathlib import Path

from services.common.process_environment import full_environment
from services.common.secret import Secret
from services.vault.base import Vault, VaultKind

PASSPHRASE_VARIABLE = "APPROVAL_CONSOLE_PASSPHRASE"  # noqa: S105 -- the name of a variable


def open_vault(
    kind: VaultKind,
    *,
    folder: Path,
    passphrase: Secret | None = None,
    environ: Mapping[str, str] | None = None,
) -> Vault:
    """Return the vault of `kind`; `folder` is where the encrypted file or the bindings lie.

    Nothing is probed yet: that may ask the user, and is done in a thread. Without `environ` it is that of this program.
    """
    given_in = full_environment() if environ is None else environ
    match kind:
        case VaultKind.SYSTEM:
            from services.vault.keyring_vault import SystemVault

            return SystemVault()
        case VaultKind.FILE:
            from services.vault.file_vault import FileVault

            given = given_in.get(PASSPHRASE_VARIABLE)
            return FileVault(folder / "vault.bin", passphrase or (Secret(given) if given else None))
        case VaultKind.ENV:
            from services.vault.environment_vault import EnvVault

            return EnvVault(given_in, folder / "bindings.json")
        case VaultKind.SESSION:
            from services.vault.session_vault import SessionVault

            return SessionVault()
