"""The search of the command palette: commands, objects, faults and requests."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject

from console.inbox.filter_counts import filter_catalog
from console.navigation.request_places import request_target, state_label
from console.navigation.tree_definition import kind_breadcrumb
from console.navigation.tree_model import TreeModel
from console.runtime import lazy_imports
from console.runtime.context import Context
from console.runtime.page_targets import Target, fault_entry_target
from console.shell.command_palette import ROWS_PER_GROUP, Groups, Palette, PaletteEntry
from models.kinds import Kind
from models.text_folding import fold_text
from services.language import tr

if TYPE_CHECKING:
    from services.requests.inbox.filter_sql import RequestRow
    from services.requests.inbox.inbox import Inbox

MAX_REQUESTS = 5 * ROWS_PER_GROUP + 1
"""How many requests are read; if that many are found, there may be more."""
MIN_QUERY_LENGTH = 2
"""Letters that a search for requests and faults needs: nearly all of them contain a single letter."""


class PaletteSearch:
    """Searches the commands, the objects of the tree, the fault catalog and the requests of the store."""

    def __init__(
        self, ctx: Context, model: TreeModel, show_target: Callable[[Target], object], owner: QObject
    ) -> None:
        self._ctx, self._model = ctx, model
        self._show_target, self._owner = show_target, owner

    def find_now(self, text: str) -> Groups:
        """Return commands and objects, which are in memory; a leading `>` finds commands only."""
        words = _words(text)
        groups = [(tr("Commands"), self._commands(words))]
        if not text.startswith(">"):
            objects = self._objects(words)
            # A complete name means the object, not a command that contains the same words.
            exact = any(entry.text.casefold().split() == words for entry in objects)
            groups.insert(0 if exact else 1, (tr("Objects"), objects))
        return groups

    async def find_in_background(self, text: str, palette: Palette) -> None:
        """Add requests, policies and faults to a palette as they are found."""
        # Requests first: their caller is waiting on the telephone.
        try:
            requests = await self._requests(text)
            palette.add(text, tr("Requests"), requests, cut=len(requests) == MAX_REQUESTS)
            palette.add(text, tr("Policies on Privilege Manager"), await self._policies(text))
            palette.add(text, tr("Faults"), await self._faults(text))
        finally:
            palette.finish(text)

    async def _faults(self, text: str) -> list[PaletteEntry]:
        """Return the faults of the catalog whose id, stage, symptom or cause contains the text."""
        if text.startswith(">") or len(text) < MIN_QUERY_LENGTH:
            return []
        await lazy_imports.ready(self._ctx, lazy_imports.connectivity)
        from services.connectivity import fault_catalog_texts

        words = _words(text)
        return [
            PaletteEntry(
                fault.id,
                # The part that matches: mostly a symptom in the words of a caller, otherwise the cause.
                f"{fault_catalog_texts.join_stage_names(fault.stages)}: {fault.symptom if _matches(fault.symptom, words) else fault.cause}",
                "book",
                "",
                partial(self._show_target, fault_entry_target(fault.id, fault.stages[0])),
            )
            for fault in fault_catalog_texts.search_faults(text)
        ]

    async def _policies(self, text: str) -> list[PaletteEntry]:
        """Return policies of the local copies that are not objects here."""
        if text.startswith(">") or len(text) < MIN_QUERY_LENGTH or self._ctx.workspace_or_none is None:
            return []
        await lazy_imports.ready(self._ctx, _import_policies)
        from console.policies.operations import search_policies

        return [
            PaletteEntry(one.name, one.server_name, "shield", "", partial(self._show_target, one.target))
            for one in await search_policies(self._ctx, text, MAX_REQUESTS)
        ]

    async def _requests(self, text: str) -> list[PaletteEntry]:
        """Return requests that contain the text, open ones first, the newest of each first."""
        ctx = self._ctx
        if text.startswith(">") or len(text) < MIN_QUERY_LENGTH or ctx.workspace_or_none is None:
            return []
        await lazy_imports.ready(ctx, lazy_imports.inbox)
        inbox = await filter_catalog(ctx, self._owner).inbox()
        found = await ctx.call(_find_requests, inbox, text)
        return [self._entry(row) for row in found]

    def _entry(self, row: "RequestRow") -> PaletteEntry:
        caption = (state_label(row.state).lower(), row.policy, row.user)
        return PaletteEntry(
            row.number or row.external_id or row.file_path,
            ", ".join(part for part in caption if part),
            "tray",
            "",
            partial(self._show_target, request_target(row.id)),
        )

    def _commands(self, words: list[str]) -> list[PaletteEntry]:
        commands = self._ctx.commands
        with commands.evaluating():
            found = [c for c in commands if _matches(c.text, words) and c.enabled() and c.id != "palette"]
        found.sort(key=lambda c: not c.text.casefold().startswith(" ".join(words)))
        return [PaletteEntry(c.text, c.where, c.icon, c.shortcut, partial(commands.run, c.id)) for c in found]

    def _objects(self, words: list[str]) -> list[PaletteEntry]:
        found = [n for n in self._model.objects() if _matches(n.text, words)]
        found.sort(
            key=lambda n: (
                n.text.casefold().split() != words,
                not n.text.casefold().startswith(" ".join(words)),
                n.text.casefold(),
            )
        )
        return [
            PaletteEntry(n.text, _tree_path(n.kind), n.icon, "", partial(self._show_target, n.target))
            for n in found
        ]


def _find_requests(inbox: "Inbox", text: str) -> "list[RequestRow]":
    """Find requests as the inbox does. Blocks; for the thread of the store, after the group `inbox` was imported."""
    from models.kinds import OPEN_STATES
    from services.requests.inbox import filters

    order = filters.Sort("age")
    still_open = inbox.rows(filters.Filter(states=OPEN_STATES, text=text), order, 0, MAX_REQUESTS).rows
    if len(still_open) == MAX_REQUESTS:
        return list(still_open)
    every = inbox.rows(filters.Filter(text=text), order, 0, MAX_REQUESTS + len(still_open)).rows
    known = {row.id for row in still_open}
    return [*still_open, *(row for row in every if row.id not in known)][:MAX_REQUESTS]


def _words(text: str) -> list[str]:
    return fold_text(text.removeprefix(">")).split()


def _matches(text: str, words: list[str]) -> bool:
    folded = fold_text(text)
    return all(word in folded for word in words)


def _tree_path(kind: Kind | None) -> str:
    return " > ".join(text for text, _ in kind_breadcrumb(kind)) if kind is not None else ""


def _import_policies() -> None:
    """Import the search of policies: with the first search, because the window starts without it."""
    import console.policies.operations  # noqa: F401 -- importing is the effect
