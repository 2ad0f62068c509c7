"""Passwords in memory, until the program ends."""

import uuid

from services.vault.base import PROBE_TIMEOUT_S, EntryKey, Vault, VaultEntry, VaultKind, VaultState


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

    def _load(self, key: EntryKey) -> VaultEntry | None:
        return self._entries.get(key.entry_id)

    def _store(self, key: EntryKey, entry: VaultEntry) -> None:
        self._entries[key.entry_id] = entry

    def _remove(self, key: EntryKey) -> bool:
        return self._entries.pop(key.entry_id, None) is not None
