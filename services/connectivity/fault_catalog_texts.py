"""The fault catalog as people read it: searched, in words for a ticket or a terminal, and as a page in Markdown."""

from collections.abc import Iterator, Sequence
from functools import cache

from models.check_stages import ANSWER_GROUP, CHAIN_GROUP, STAGE_GROUPS, STAGE_NAMES, StageGroup
from models.translation_marks import tr_later
from services.common.errors import Owner, candidates_as_list
from services.connectivity.complete_catalog import (
    all_faults,
    find_fault,
    find_fault_or_similar,
    find_other_owner,
    other_stages,
)
from services.connectivity.fault_catalog import CheckFault
from services.connectivity.report import StageState
from services.language import Message, tr_message

TITLE = "Fault catalog"
OWNER, STAGE, ALSO_AT = tr_later("Owner"), tr_later("Stage"), tr_later("Also at")
OTHER_OWNER = tr_later("Owner on Privilege Manager")
"""The parts of an entry that are made of names."""
LOOK_AT = tr_later("Look at: {where}.")
GENERATE_COMMAND = "approval-console faults --markdown > resources/help/fault-catalogue.md"
_OWNERS = ", ".join(f"*{owner}*" for owner in dict.fromkeys(fault.owner.value for fault in all_faults()))
_INTRO = f"""\
What the staged check can find, and what else can go wrong with approvals: at which stage, what people see of it, why,
who can put it right, and how. The same entries stand in the window under *Help > Fault catalog*, and
`approval-console faults ID` prints one of them.
Each id is what `check` and `check --json` call a finding. The owner is whoever can put it right: {_OWNERS}.

This page is made from the program by `{GENERATE_COMMAND}`.
"""
OWNER_NAMES = {owner: owner.value for owner in Owner} | {
    Owner.CONSOLE: tr_later("This console"),
    Owner.NETWORK: tr_later("Network"),
}
"""Owners as they stand alone."""


def find_linked_fault(place: str) -> CheckFault | None:
    """Return the entry that a link names, as ID@STAGE or ID alone; None where the catalogue has none of this id."""
    fault_id, _, stage = place.partition("@")
    return find_fault_or_similar(stage, fault_id)


def join_stage_names(stages: Sequence[str]) -> str:
    """Return the names of stages as one text, which `shown` translates name by name."""
    return Message(
        ", ".join(f"{{{stage}}}" for stage in stages),
        {stage: tr_message(STAGE_NAMES[stage]) for stage in stages},
    )


def fault_fields(fault: CheckFault) -> list[tuple[str, str]]:
    """Return what is known of a fault as names and texts, in the order in which it is read."""
    other_owner = find_other_owner(fault)
    parts = (
        (tr_later("People see"), fault.symptom),
        (tr_later("Cause"), fault.cause),
        (OWNER, OWNER_NAMES[fault.owner]),
        (OTHER_OWNER, OWNER_NAMES[other_owner] if other_owner is not None else ""),
        (tr_later("Remedy"), fault.remedy),
        (tr_later("Possible causes"), _join_candidates(fault)),
        (tr_later("Source"), fault.source),
        (STAGE, join_stage_names(fault.stages)),
        (ALSO_AT, join_stage_names(other_stages(fault))),
        (
            tr_later("Counts as"),
            tr_later("A failure") if fault.state is StageState.FAILED else tr_later("A warning"),
        ),
    )
    return [(name, text) for name, text in parts if text]


def _join_candidates(fault: CheckFault) -> str:
    """Return the possible causes as one text, the likeliest first, which is translated part by part."""
    parts = [
        f"{number}. {{cause{number}}} {{where{number}}}" for number in range(1, len(fault.candidates) + 1)
    ]
    names: dict[str, object] = {}
    for number, one in enumerate(fault.candidates, 1):
        names[f"cause{number}"] = tr_message(one.cause)
        names[f"where{number}"] = tr_message(LOOK_AT, where=tr_message(one.where))
    return Message(" ".join(parts), names) if parts else ""


def format_fault(fault: CheckFault) -> str:
    """Return a fault as lines for a ticket, the clipboard or a terminal."""
    return "\n".join((fault.id, *(f"  {name}: {text}" for name, text in fault_fields(fault))))


def fault_to_dict(fault: CheckFault) -> dict[str, object]:
    """Return a fault for JSON; stages are their keys."""
    return {
        "id": fault.id,
        "stages": list(fault.stages),
        "also_at": list(other_stages(fault)),
        "state": fault.state,
        "owner": fault.owner.value,
        "people_see": fault.symptom,
        "cause": fault.cause,
        "remedy": fault.remedy,
        "source": fault.source,
        "candidates": candidates_as_list(fault.candidates),
    }


def search_faults(
    text: str, faults: Sequence[CheckFault] | None = None, *, stage: str = "", owner: str = ""
) -> list[CheckFault]:
    """Return the faults (of the whole catalog by default) that hold every word of `text` in id, stage, what people see or cause, in their order.

    `stage` (a key) leaves those that can appear there, `owner` (its words) those that are that party's.
    """
    words = text.casefold().split()
    return [
        fault
        for fault in (all_faults() if faults is None else faults)
        if (not stage or stage in fault.stages or stage in other_stages(fault))
        and (not owner or owner in (fault.owner.value, find_other_owner(fault)))
        and all(word in _search_text(fault) for word in words)
    ]


@cache
def _search_text(fault: CheckFault) -> str:
    names = (join_stage_names(fault.stages), " ".join(fault.stages))
    return " ".join((fault.id, *names, fault.symptom, fault.cause)).casefold()


# -- Markdown -------------------------------------------------------------------------------------------------


def render_markdown() -> str:
    """Return the whole catalogue as a page in Markdown, in the order of the check."""
    lines = [f"# {TITLE}", "", *_INTRO.splitlines(), ""]
    for group, stages in _stage_groups():
        lines += [f"## {group}", ""]
        for key, name in stages:
            lines += [f"### {name}", "", *_stage_lines(key), ""]
    return "\n".join(lines).rstrip() + "\n"


def _stage_groups() -> Iterator[StageGroup]:
    """Yield the groups of stages of all kinds, each stage once (kinds share most of them), then the links of the chain and the way back."""
    seen: set[str] = set()
    for groups in (*STAGE_GROUPS.values(), (CHAIN_GROUP, ANSWER_GROUP)):
        for title, stages in groups:
            own = tuple(stage for stage in stages if stage[0] not in seen)
            seen.update(key for key, _ in own)
            if own:
                yield title, own


def render_fault_markdown(fault: CheckFault) -> str:
    """Return one fault in Markdown, under a heading that a link can name."""
    return "\n".join(
        (f"#### {fault.id}", "", *(f"- **{name}:** {text}" for name, text in fault_fields(fault)))
    )


def _stage_lines(key: str) -> Iterator[str]:
    yield f"Called `{key}` in JSON."
    for fault in all_faults():
        if fault.stages[0] == key:
            yield ""
            yield render_fault_markdown(fault)
    elsewhere = [
        fault
        for fault in all_faults()
        if fault.stages[0] != key
        and (key in fault.stages or (key in other_stages(fault) and find_fault(key, fault.id) is None))
    ]
    if elsewhere:
        yield ""
        links = dict.fromkeys(f"[{fault.id}](#{fault.id})" for fault in elsewhere)
        yield f"Also found here: {', '.join(links)}."
