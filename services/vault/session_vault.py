"""Passwords in memory, until the program ends."""

import uuid

from services.vault.base import PROBE_TIMEOUT_S, Vault, VaultEntry, VaultKind, VaultState


class SessionVault(Vault):
    """Stores secrets in memory."""

    kind = VaultKind.SESSION
    can_store_audit_key = False
    no_audit_key_reason = "This vault forgets everything when the program ends, so it keeps no key."

    def __init__(self) -> None:
        self._entries: dict[uuid.UUID, VaultEntry] = {}

    def probe(self, timeout: float = PROBE_TIMEOUT_S) -> VaultState:
        del timeout
        return VaultState(usable=True, label="this session only")

    def _load(self, credential_id: uuid.UUID, name: str) -> VaultEntry | None:
        del name
        return self._entries.get(credential_id)

    def _store(self, credential_id: uuid.UUID, name: str, entry: VaultEntry) -> None:
        del name
        self._entries[credential_id] = entry

    def forget(self, credential_id: uuid.UUID, name: str) -> bool:
        """Remove the secret of a credential."""
        del name
        return self._entries.pop(credential_id, None) is not None
