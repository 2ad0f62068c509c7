"""What the palette finds: commands, objects, faults and requests."""

from typing import Any

from console import lazy_imports
from console.inbox.filters import filters_of
from console.inbox.places import state_word, target_of_request
from console.pages.places import place_of
from console.palette import EACH, Entry, Groups
from console.targets import entry_of
from models.kinds import Kind
from models.letters import same_letters
from services.language import tr

REQUESTS_FOUND = 5 * EACH + 1
"""Requests that are looked for; so many mean that there may be more."""
LEAST = 2
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

    async def faults(self, text: str) -> list[Entry]:
        """Return entries for the faults of the catalogue whose id, stage, symptom or cause holds what was typed."""
        if text.startswith(">") or len(text) < LEAST:
            return []
        await lazy_imports.ready(self._window.ctx, lazy_imports.connectivity)
        from services.connectivity import handbook

        words = _words(text)
        return [
            Entry(
                fault.id,
                # What was typed: mostly the words of a caller, else why it is so.
                f"{handbook.words_of(fault.stages)}: {fault.people_see if _holds(fault.people_see, words) else fault.cause}",
                "book",
                "",
                lambda fault=fault: self._window.show_target(entry_of(fault.id, fault.stages[0])),  # type: ignore[misc]
            )
            for fault in handbook.holding(text)
        ]

    async def requests(self, text: str) -> list[Entry]:
        """Return entries for requests that hold what was typed: open ones first, the newest of each."""
        ctx = self._window.ctx
        if text.startswith(">") or len(text) < LEAST or ctx.workspace is None:
            return []
        await lazy_imports.ready(ctx, lazy_imports.inbox)
        from services.requests import filters

        inbox = await filters_of(ctx, self._window).inbox()
        found = await ctx.call(_search, inbox, filters, text)
        return [self._entry(row) for row in found]

    def _entry(self, row: Any) -> Entry:
        said = (state_word(row.state).lower(), row.policy, row.user)
        return Entry(
            row.number or row.external_id or row.file_path,
            ", ".join(part for part in said if part),
            "tray",
            "",
            lambda: self._window.show_target(target_of_request(row.id)),
        )

    def _commands(self, words: list[str]) -> list[Entry]:
        commands = self._window.ctx.commands
        found = [c for c in commands if _holds(c.text, words) and c.enabled() and c.id != "palette"]
        found.sort(key=lambda c: not c.text.casefold().startswith(" ".join(words)))
        return [
            Entry(c.text, c.where, c.icon, c.shortcut, lambda c=c: commands.run(c.id))  # type: ignore[misc]
            for c in found
        ]

    def _objects(self, words: list[str]) -> list[Entry]:
        found = [n for n in self._window.model.objects() if _holds(n.text, words)]
        found.sort(
            key=lambda n: (
                n.text.casefold().split() != words,
                not n.text.casefold().startswith(" ".join(words)),
                n.text.casefold(),
            )
        )
        return [
            Entry(n.text, _where(n.kind), n.icon, "", lambda n=n: self._window.show_target(n.target))  # type: ignore[misc]
            for n in found
        ]


def _search(inbox: Any, filters: Any, text: str) -> list[Any]:
    """Find requests as the inbox does; blocks, for the thread of the store."""
    order = filters.Sort("age")
    still_open = inbox.rows(filters.Filter(states=filters.OPEN, text=text), order, 0, REQUESTS_FOUND).rows
    if len(still_open) == REQUESTS_FOUND:
        return list(still_open)
    every = inbox.rows(filters.Filter(text=text), order, 0, REQUESTS_FOUND + len(still_open)).rows
    known = {row.id for row in still_open}
    return [*still_open, *(row for row in every if row.id not in known)][:REQUESTS_FOUND]


def _words(text: str) -> list[str]:
    return same_letters(text.removeprefix(">")).split()


def _holds(text: str, words: list[str]) -> bool:
    folded = same_letters(text)
    return all(word in folded for word in words)


def _where(kind: Kind | None) -> str:
    return " > ".join(text for text, _ in place_of(kind)) if kind is not None else ""
