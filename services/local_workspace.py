"""The open store and vault: what a command works with that calls no server. Imports no client and no HTTP library."""

import asyncio
from contextlib import suppress
from pathlib import Path
from typing import Self

from services.common.progress import Progress, ignore_progress
from services.configuration import Configuration
from services.store import Store
from services.vault import Vault, VaultKind, open_vault

SIGN_TIMEOUT_S = 5.0
"""How long the end of a program waits for the key of the audit trail; a keyring may wait for the user without limit."""


class LocalWorkspace:
    """A store and a vault."""

    def __init__(self, store: Store, vault: Vault) -> None:
        self.store = store
        self.vault = vault
        self.configuration = Configuration(store)

    @classmethod
    def open(
        cls,
        store_url: str,
        vault_kind: VaultKind,
        folder: Path,
        progress: Progress = ignore_progress,
        *,
        make: bool = True,
    ) -> Self:
        """Open store and vault; blocks. `folder` contains the files of the vault.

        `progress` is called while the store is upgraded. If `make` is False, a missing or empty store is refused.
        """
        store = Store.open(store_url, progress=progress, make=make)
        return cls(store, open_vault(vault_kind, folder=folder))

    async def close_connections(self) -> None:
        """Close the clients of all servers, where there are any."""

    async def aclose(self) -> None:
        """Sign the audit trail, then close the vault, all connections and the store."""
        if self.store.has_unsigned_changes and self.vault.can_store_audit_key:
            from services.audit.audit_signing import sign_if_changed

            with suppress(TimeoutError):
                await asyncio.wait_for(
                    asyncio.to_thread(sign_if_changed, self.store, self.vault), SIGN_TIMEOUT_S
                )
        self.vault.close()
        await self.close_connections()
        await asyncio.to_thread(self.store.close)
