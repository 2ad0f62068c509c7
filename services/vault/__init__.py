"""Where passwords live: the operating system's keyring, an encrypted file, the environment, or this session only.

A password is bound to scheme, host and port of the servers it was entered for, and to the proxy and CA bundle on the
way there, and is given out for no other.
There is no silent change from one kind to another: a vault that cannot be used says so.
"""

from services.vault.base import (
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
    "SecretMissingError",
    "SecretNotForHostError",
    "SecretState",
    "Vault",
    "VaultError",
    "VaultKind",
    "VaultState",
    "open_vault",
]
