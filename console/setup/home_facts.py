"""Reads what Home shows: facts from the store, and from the instances what was not asked before."""

import asyncio
import uuid
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from console.forms import vault_access
from console.objects.service_lookup import ServiceNameChecker
from console.runtime import lazy_imports
from services.common.errors import ConsoleError, Problem

if TYPE_CHECKING:
    from console.objects.service_lookup import ServiceListSnapshot
    from console.runtime.context import Context
    from models.foreign_system import ForeignSystem
    from models.privilege_manager_server import PrivilegeManagerServer
    from services.setup.checklist import SetupFacts
    from services.statistics.request_statistics import ServerStatistics

INSTANCE_FACT_NAMES = ("services_found", "item_found", "meant", "services_say", "item_says")
"""Facts that are read from an instance."""


class HomeFactsReader:
    """Remembers what instances answered until `forget`, so that changes in the store cost no calls."""

    def __init__(self, ctx: "Context") -> None:
        self._ctx = ctx
        self._server_id: uuid.UUID | None = None
        self._asked: tuple[object, ...] | None = None
        """Ids and versions of server, credential and process when the instance was asked for the steps."""
        self.forget()

    def forget(self) -> None:
        """Discard what instances answered."""
        self._checks, self._asked = ServiceNameChecker(self._ctx), None

    def choose_server(self, server_id: uuid.UUID | None) -> None:
        """Choose the server whose steps are read; None for the first one."""
        self._server_id = server_id

    async def read_store(self, known: "SetupFacts | None") -> "tuple[list[ServerStatistics], SetupFacts]":
        """Return all servers, and the facts of the chosen one with what its instance answered according to `known`."""
        ctx = self._ctx
        await lazy_imports.ready(ctx, lazy_imports.setup)
        await lazy_imports.ready(ctx, lazy_imports.statistics)
        from services.setup import checklist
        from services.statistics.request_statistics import load_server_statistics

        workspace = await ctx.ready()
        servers = await ctx.call(load_server_statistics, workspace.store)
        if self._server_id not in [server.id for server in servers]:
            self._server_id = None
        facts = await ctx.call(checklist.load_setup_facts, workspace.configuration, self._server_id)
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

    async def _assess(self, facts: "SetupFacts", server: "ForeignSystem") -> "SetupFacts":
        await lazy_imports.ready(self._ctx, lazy_imports.setup)
        from services.setup import discovery

        workspace = await self._ctx.ready()
        try:
            instance = await workspace.instance(server.id)
            found = await discovery.assess_items(instance, facts.process)
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

    async def read_privilege_managers(self) -> "list[PrivilegeManagerServer]":
        """Return the Privilege Manager servers, by name."""
        from models.privilege_manager_server import PrivilegeManagerServer

        workspace = await self._ctx.ready()
        return await self._ctx.call(workspace.configuration.all, PrivilegeManagerServer)

    async def read_servers(
        self, servers: "Sequence[ServerStatistics]"
    ) -> "dict[uuid.UUID, ServiceListSnapshot]":
        """Return what the instances of servers with a credential answer."""
        asked = [server for server in servers if server.has_credential]
        views = await asyncio.gather(*(self._checks.view(server.id) for server in asked))
        return {server.id: view for server, view in zip(asked, views, strict=True)}


def server_id_of(facts: "SetupFacts") -> uuid.UUID | None:
    """Return the id of the server that facts are about."""
    server_id: uuid.UUID | None = None if facts.server is None else facts.server.id
    return server_id
