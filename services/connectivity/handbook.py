"""The fault catalog as people read it: searched, in words for a ticket or a terminal, and as a page in Markdown."""

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

from models.stages import STAGE_GROUPS, STAGE_NAMES
from models.translatable import tr_later
from services.connectivity.faults import CATALOGUE, CheckFault, also_at, entry_for, fault_at
from services.errors import Owner
from services.language import Message, tr_message

TITLE = "Fault catalog"
OWNER, STAGE, ALSO_AT = tr_later("Owner"), tr_later("Stage"), tr_later("Also at")
"""The parts of an entry that are made of names."""
MADE_BY = "approval-console faults --markdown > resources/help/fault-catalogue.md"
_OWNERS = ", ".join(f"*{owner}*" for owner in dict.fromkeys(fault.owner.value for fault in CATALOGUE))
_INTRO = f"""\
What the staged check can find: at which stage, what people see of it, why, who can put it right, and how. The same
entries stand in the window under *Help > Fault catalog*, and `approval-console faults ID` prints one of them.
Each id is what `check` and `check --json` call a finding. The owner is whoever can put it right: {_OWNERS}.

This page is made from the program by `{MADE_BY}`.
"""
OWNERS = {owner: owner.value for owner in Owner} | {
    Owner.CONSOLE: tr_later("This console"),
    Owner.NETWORK: tr_later("Network"),
}
"""Owners as they stand alone."""


def place_of(fault: CheckFault) -> str:
    """Return what a link to an entry names: its id and its first stage."""
    return f"{fault.id}@{fault.stages[0]}"


def at_place(place: str) -> CheckFault | None:
    """Return the entry that a link names, as ID@STAGE or ID alone; None where the catalogue has none of this id."""
    fault_id, _, stage = place.partition("@")
    return entry_for(stage, fault_id)


def words_of(stages: Sequence[str]) -> str:
    """Return the names of stages as one text, which `shown` translates name by name."""
    return Message(
        ", ".join(f"{{{stage}}}" for stage in stages),
        {stage: tr_message(STAGE_NAMES[stage]) for stage in stages},
    )


def parts_of(fault: CheckFault) -> list[tuple[str, str]]:
    """Return what is known of a fault as names and texts, in the order in which it is read."""
    parts = (
        (tr_later("People see"), fault.people_see),
        (tr_later("Cause"), fault.cause),
        (OWNER, OWNERS[fault.owner]),
        (tr_later("Remedy"), fault.remedy),
        (tr_later("Source"), fault.source),
        (STAGE, words_of(fault.stages)),
        (ALSO_AT, words_of(also_at(fault))),
        (tr_later("Counts as"), tr_later("A failure") if fault.state == "failed" else tr_later("A warning")),
    )
    return [(name, text) for name, text in parts if text]


def as_text(fault: CheckFault) -> str:
    """Return a fault as lines for a ticket, the clipboard or a terminal."""
    return "\n".join((fault.id, *(f"  {name}: {text}" for name, text in parts_of(fault))))


def as_dict(fault: CheckFault) -> dict[str, Any]:
    """Return a fault for JSON; stages are their keys."""
    return {
        "id": fault.id,
        "stages": list(fault.stages),
        "also_at": list(also_at(fault)),
        "state": fault.state,
        "owner": fault.owner.value,
        "people_see": fault.people_see,
        "cause": fault.cause,
        "remedy": fault.remedy,
        "source": fault.source,
    }


def holding(
    text: str, faults: Sequence[CheckFault] = CATALOGUE, *, stage: str = "", owner: str = ""
) -> list[CheckFault]:
    """Return the faults that hold every word of `text` in id, stage, what people see or cause, in their order.

    `stage` (a key) leaves those that can appear there, `owner` (its words) those that are that party's.
    """
    words = text.casefold().split()
    return [
        fault
        for fault in faults
        if (not stage or stage in fault.stages or stage in also_at(fault))
        and (not owner or fault.owner.value == owner)
        and all(word in _searched(fault) for word in words)
    ]


@cache
def _searched(fault: CheckFault) -> str:
    names = (words_of(fault.stages), " ".join(fault.stages))
    return " ".join((fault.id, *names, fault.people_see, fault.cause)).casefold()


# -- Markdown -------------------------------------------------------------------------------------------------


def page() -> str:
    """Return the whole catalogue as a page in Markdown, in the order of the check."""
    lines = [f"# {TITLE}", "", *_INTRO.splitlines(), ""]
    for group, stages in STAGE_GROUPS:
        lines += [f"## {group}", ""]
        for key, name in stages:
            lines += [f"### {name}", "", *_stage(key), ""]
    return "\n".join(lines).rstrip() + "\n"


def section(fault: CheckFault) -> str:
    """Return one fault in Markdown, under a heading that a link can name."""
    return "\n".join((f"#### {fault.id}", "", *(f"- **{name}:** {text}" for name, text in parts_of(fault))))


def _stage(key: str) -> Iterator[str]:
    yield f"Called `{key}` in JSON."
    for fault in CATALOGUE:
        if fault.stages[0] == key:
            yield ""
            yield section(fault)
    elsewhere = [
        fault
        for fault in CATALOGUE
        if fault.stages[0] != key
        and (key in fault.stages or (key in also_at(fault) and fault_at(key, fault.id) is None))
    ]
    if elsewhere:
        yield ""
        links = dict.fromkeys(f"[{fault.id}](#{fault.id})" for fault in elsewhere)
        yield f"Also found here: {', '.join(links)}."
