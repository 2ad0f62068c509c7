"""Creates the vault of a kind."""

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
    """Return the vault of `kind`; `folder` contains the encrypted file or the file of bindings.

    The vault is not accessed yet. `environ` defaults to the environment of this program.
    """
    variables = full_environment() if environ is None else environ
    match kind:
        case VaultKind.SYSTEM:
            from services.vault.keyring_vault import SystemVault

            return SystemVault()
        case VaultKind.FILE:
            from services.vault.file_vault import FileVault

            text = variables.get(PASSPHRASE_VARIABLE)
            return FileVault(folder / "vault.bin", passphrase or (Secret(text) if text else None))
        case VaultKind.ENV:
            from services.vault.environment_vault import EnvVault

            return EnvVault(variables, folder / "bindings.json")
        case VaultKind.SESSION:
            from services.vault.session_vault import SessionVault

            return SessionVault()
