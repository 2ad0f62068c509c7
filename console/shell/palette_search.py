"""What the palette finds: commands, objects, faults and requests."""

from typing import Any

from console.inbox.filter_counts import filter_catalog
from console.navigation.locations import kind_breadcrumb
from console.navigation.request_places import request_target, state_label
from console.runtime import lazy_imports
from console.runtime.targets import fault_entry_target
from console.shell.command_palette import ROWS_PER_GROUP, Groups, PaletteEntry
from models.kinds import Kind
from models.text_folding import fold_text
from services.language import tr

MAX_REQUESTS = 5 * ROWS_PER_GROUP + 1
"""Requests that are looked for; so many mean that there may be more."""
MIN_QUERY_LENGTH = 2
"""Letters from which requests and faults are searched: one letter is in nearly all of them."""


class PaletteSearch:
    """Searches what the window has: commands, the objects of its tree, the fault catalog, the requests of its store."""

    def __init__(self, window: Any) -> None:
        self._window = window

    def find(self, text: str) -> Groups:
        """Return groups of entries for what was typed; `>` in front narrows it to commands."""
        words = _words(text)
        groups = [(tr("Commands"), self._commands(words))]
        if not text.startswith(">"):
            objects = self._objects(words)
            # Who types a whole name means the object, not a command that holds the same words.
            exact = any(entry.text.casefold().split() == words for entry in objects)
            groups.insert(0 if exact else 1, (tr("Objects"), objects))
        return groups

    async def faults(self, text: str) -> list[PaletteEntry]:
        """Return entries for the faults of the catalogue whose id, stage, symptom or cause holds what was typed."""
        if text.startswith(">") or len(text) < MIN_QUERY_LENGTH:
            return []
        await lazy_imports.ready(self._window.ctx, lazy_imports.connectivity)
        from services.connectivity import fault_handbook

        words = _words(text)
        return [
            PaletteEntry(
                fault.id,
                # What was typed: mostly the words of a caller, else why it is so.
                f"{fault_handbook.join_stage_names(fault.stages)}: {fault.symptom if _matches(fault.symptom, words) else fault.cause}",
                "book",
                "",
                lambda fault=fault: self._window.show_target(fault_entry_target(fault.id, fault.stages[0])),  # type: ignore[misc]
            )
            for fault in fault_handbook.search_faults(text)
        ]

    async def requests(self, text: str) -> list[PaletteEntry]:
        """Return entries for requests that hold what was typed: open ones first, the newest of each."""
        ctx = self._window.ctx
        if text.startswith(">") or len(text) < MIN_QUERY_LENGTH or ctx.workspace_or_none is None:
            return []
        await lazy_imports.ready(ctx, lazy_imports.inbox)
        from services.requests.inbox import filters

        inbox = await filter_catalog(ctx, self._window).inbox()
        found = await ctx.call(_find_requests, inbox, filters, text)
        return [self._entry(row) for row in found]

    def _entry(self, row: Any) -> PaletteEntry:
        said = (state_label(row.state).lower(), row.policy, row.user)
        return PaletteEntry(
            row.number or row.external_id or row.file_path,
            ", ".join(part for part in said if part),
            "tray",
            "",
            lambda: self._window.show_target(request_target(row.id)),
        )

    def _commands(self, words: list[str]) -> list[PaletteEntry]:
        commands = self._window.ctx.commands
        found = [c for c in commands if _matches(c.text, words) and c.enabled() and c.id != "palette"]
        found.sort(key=lambda c: not c.text.casefold().startswith(" ".join(words)))
        return [
            PaletteEntry(c.text, c.where, c.icon, c.shortcut, lambda c=c: commands.run(c.id))  # type: ignore[misc]
            for c in found
        ]

    def _objects(self, words: list[str]) -> list[PaletteEntry]:
        found = [n for n in self._window.model.objects() if _matches(n.text, words)]
        found.sort(
            key=lambda n: (
                n.text.casefold().split() != words,
                not n.text.casefold().startswith(" ".join(words)),
                n.text.casefold(),
            )
        )
        return [
            PaletteEntry(
                n.text, _tree_path(n.kind), n.icon, "", lambda n=n: self._window.show_target(n.target)
            )  # type: ignore[misc]
            for n in found
        ]


def _find_requests(inbox: Any, filters: Any, text: str) -> list[Any]:
    """Find requests as the inbox does; blocks, for the thread of the store."""
    order = filters.Sort("age")
    still_open = inbox.rows(
        filters.Filter(states=filters.OPEN_STATES, text=text), order, 0, MAX_REQUESTS
    ).rows
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
