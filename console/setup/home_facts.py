"""Reads what Home shows: facts from the store, and from the instances what was not asked before."""

import asyncio
import uuid
import weakref
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from console.forms import vault_access
from console.objects.service_lookup import ServiceNameChecker
from console.runtime import lazy_imports
from services.common.errors import ConsoleError, Problem

if TYPE_CHECKING:
    from console.objects.service_lookup import ServiceListSnapshot
    from console.runtime.context import Context
    from services.setup.checklist import SetupFacts
    from services.setup.guide_outline import HomeOutline
    from services.setup.setup_objects import GuideCredential, GuideManager, GuideServer
    from services.statistics.server_statistics import ServerStatistics
    from services.vault import Vault

VAULT_LIMIT_S = 0.5
"""How long the vault is waited for before the store is open; afterwards without limit."""
INSTANCE_FACT_NAMES = ("services_found", "item_found", "meant", "services_say", "item_says")
"""Facts that are read from an instance."""


class HomeFactsReader:
    """Remembers what instances answered until `forget`, so that changes in the store cost no calls."""

    def __init__(self, ctx: "Context") -> None:
        self._ctx = ctx
        self._server_id: uuid.UUID | None = None
        self._asked: tuple[object, ...] | None = None
        """Ids and versions of server, credential and process when the instance was asked for the steps."""
        self._outline: asyncio.Future[HomeOutline | None] | None = None
        self.forget()

    def forget(self) -> None:
        """Discard what instances answered."""
        self._checks, self._asked = ServiceNameChecker(self._ctx), None

    def choose_server(self, server_id: uuid.UUID | None) -> None:
        """Choose the server whose steps are read; None for the first one."""
        self._server_id = server_id

    def begin(self) -> None:
        """Begin to read what can be read before the store is open; nothing where it is open already."""
        if self._ctx.workspace_or_none is None and self._ctx.problem is None:
            self._outline = _begun.pop(self._ctx, None) or _begin_outline(self._ctx)

    async def read_outline(self) -> "HomeOutline | None":
        """Return what can be read before the store is open; None where only the open store and the vault can say."""
        if self._outline is None:
            return None
        reading, self._outline = self._outline, None
        outline = await reading
        if outline is None or outline.facts.credential is None:
            return outline
        try:
            complete = await self._has_secrets(outline.facts.credential)
        except (TimeoutError, ConsoleError):
            return None
        return replace(outline, facts=replace(outline.facts, has_password=complete))

    async def _has_secrets(self, credential: "GuideCredential") -> bool:
        """Return whether the vault has what a credential needs. Raises VaultError and TimeoutError.

        A vault that asks for a password, or says nothing, keeps no store from opening and no window from closing.
        """
        vault = await asyncio.to_thread(_open_vault, self._ctx.options.vault, self._ctx.profile)
        try:
            return await asyncio.wait_for(asyncio.to_thread(_is_complete, vault, credential), VAULT_LIMIT_S)
        finally:
            vault.close()

    async def read_store(self, known: "SetupFacts | None") -> "tuple[list[ServerStatistics], SetupFacts]":
        """Return all servers, and the facts of the chosen one with what its instance answered according to `known`."""
        ctx = self._ctx
        await lazy_imports.ready(ctx, lazy_imports.setup)
        from services.setup import checklist
        from services.statistics.server_statistics import load_server_statistics

        workspace = await ctx.ready()
        servers = await ctx.call(load_server_statistics, workspace.store)
        if self._server_id not in [server.id for server in servers]:
            self._server_id = None
        facts = await ctx.call(checklist.load_setup_facts, workspace.store, self._server_id)
        if facts.credential is not None:
            secrets = await vault_access.read_credential_secrets(ctx, facts.credential)
            facts = replace(facts, has_password=not isinstance(secrets, Problem) and secrets.complete)
        if known is not None and server_id_of(known) == server_id_of(facts):
            facts = replace(facts, **{name: getattr(known, name) for name in INSTANCE_FACT_NAMES})
        return servers, facts

    async def read_instance(self, facts: "SetupFacts") -> "SetupFacts | None":
        """Return the facts with what the instance answers, None when there is nothing new to ask it."""
        if facts.server is None or not facts.has_password:
            return None
        asked = tuple(
            item and (item.id, item.version) for item in (facts.server, facts.credential, facts.process)
        )
        if asked == self._asked:
            return None
        found = await self._assess(facts, facts.server)
        self._asked = asked if found.services_found is not None else None
        return found

    async def _assess(self, facts: "SetupFacts", server: "GuideServer") -> "SetupFacts":
        await lazy_imports.ready(self._ctx, lazy_imports.discovery)
        from models.approval_process import ApprovalProcess
        from services.setup import discovery

        workspace = await self._ctx.ready()
        process = None
        try:
            if facts.process is not None:
                process = await self._ctx.call(workspace.configuration.get, ApprovalProcess, facts.process.id)
            instance = await workspace.instance(server.id)
            found = await discovery.assess_items(instance, process)
        except ConsoleError:
            return replace(
                facts, services_found=None, item_found=None, meant=(), services_say="", item_says=""
            )
        return replace(
            facts,
            services_found=found.services,
            item_found=found.item,
            meant=found.meant,
            services_say=found.services_say,
            item_says=found.item_says,
        )

    async def read_privilege_managers(self) -> "list[GuideManager]":
        """Return the Privilege Manager servers, by name."""
        await lazy_imports.ready(self._ctx, lazy_imports.setup)
        from services.setup.guide_source import StoredGuideSource
        from services.setup.setup_objects import GuideManager

        workspace = await self._ctx.ready()
        return await self._ctx.call(StoredGuideSource(workspace.store).all, GuideManager)

    async def read_servers(
        self, servers: "Sequence[ServerStatistics]"
    ) -> "dict[uuid.UUID, ServiceListSnapshot]":
        """Return what the instances of servers with a credential answer."""
        asked = [server for server in servers if server.has_credential]
        views = await asyncio.gather(*(self._checks.view(server.id) for server in asked))
        return {server.id: view for server, view in zip(asked, views, strict=True)}


_begun: "weakref.WeakKeyDictionary[Context, asyncio.Future[HomeOutline | None]]" = weakref.WeakKeyDictionary()
"""What was begun to be read for a page that is not created yet."""


def read_ahead(ctx: "Context") -> None:
    """Begin to read what the first reader shows."""
    _begun[ctx] = _begin_outline(ctx)


def _begin_outline(ctx: "Context") -> "asyncio.Future[HomeOutline | None]":
    return ctx.read_first(_read_outline, ctx.options.store)


def _read_outline(url: str) -> "HomeOutline | None":
    from services.setup.guide_outline import read_home_outline

    return read_home_outline(url)


def _open_vault(vault_kind: str, folder: Path) -> "Vault":
    from services.vault import VaultKind, open_vault

    return open_vault(VaultKind(vault_kind), folder=folder)


def _is_complete(vault: "Vault", credential: "GuideCredential") -> bool:
    from services.credential_secrets import read_credential_secrets

    return read_credential_secrets(vault, credential, only_used=True).complete


def server_id_of(facts: "SetupFacts") -> uuid.UUID | None:
    """Return the id of the server that facts are about."""
    server_id: uuid.UUID | None = None if facts.server is None else facts.server.id
    return server_id
