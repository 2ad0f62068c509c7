"""Storage of secrets: the operating system's keyring, an encrypted file, the environment, or memory.

A secret is bound to scheme, host and port of the servers it was entered for, and to proxy and CA bundle on the way
there; it is never returned for another destination. There is no fallback from one kind of vault to another.
Public interface: the names in `__all__`; `services.vault.base` has the types, one module each the kinds.
"""

from services.vault.base import (
    EntryKey,
    SecretMissingError,
    SecretNotForHostError,
    SecretState,
    Vault,
    VaultError,
    VaultKind,
    VaultState,
)
from services.vault.vault_selection import open_vault

__all__ = [
    "EntryKey",
    "SecretMissingError",
    "SecretNotForHostError",
    "SecretState",
    "Vault",
    "VaultError",
    "VaultKind",
    "VaultState",
    "open_vault",
]
