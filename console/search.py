"""What the palette finds: commands, objects, faults and requests."""

from typing import Any

from console.pages.places import place_of
from console.pages.registry import REQUESTS, Target, entry_of
from console.palette import EACH, Entry, Groups
from models.kinds import Kind

REQUESTS_FOUND = EACH + 1
LEAST = 2
"""Letters from which requests and faults are searched: one letter is in nearly all of them."""


class PaletteSearch:
    """Searches what the window has: commands, the objects of its tree, the fault catalogue, the requests of its store."""

    def __init__(self, window: Any) -> None:
        self._window = window

    def find(self, text: str) -> Groups:
        """Return groups of entries for what was typed; `>` in front narrows it to commands."""
        words = _words(text)
        groups = [("Commands", self._commands(words))]
        if not text.startswith(">"):
            groups.append(("Objects", self._objects(words)))
        return groups

    async def faults(self, text: str) -> list[Entry]:
        """Return entries for the faults of the catalogue whose id, stage, symptom or cause holds what was typed."""
        if text.startswith(">") or len(text) < LEAST:
            return []
        from console.lazy import module

        handbook = await module(self._window.ctx, "services.connectivity.handbook")
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
        """Return entries for the newest requests that hold what was typed."""
        ctx = self._window.ctx
        if text.startswith(">") or len(text) < LEAST or ctx.workspace is None:
            return []
        from console.lazy import module

        requests = await module(ctx, "console.pages.requests")
        found = await ctx.call(requests.matching, ctx.workspace.store, text, REQUESTS_FOUND)
        return [
            Entry(
                row.number or row.external_id or row.file_path,
                ", ".join(p for p in (row.state.replace("_", " "), row.policy_name, row.initiator_name) if p),
                "tray",
                "",
                lambda row=row: self._window.show_target(Target(REQUESTS, tab=str(row.id))),  # type: ignore[misc]
            )
            for row in found
        ]

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
        found.sort(key=lambda n: (not n.text.casefold().startswith(" ".join(words)), n.text.casefold()))
        return [
            Entry(n.text, _where(n.kind), n.icon, "", lambda n=n: self._window.show_target(n.target))  # type: ignore[misc]
            for n in found
        ]


def _words(text: str) -> list[str]:
    return text.removeprefix(">").casefold().split()


def _holds(text: str, words: list[str]) -> bool:
    folded = text.casefold()
    return all(word in folded for word in words)


def _where(kind: Kind | None) -> str:
    return " > ".join(text for text, _ in place_of(kind)) if kind is not None else ""
