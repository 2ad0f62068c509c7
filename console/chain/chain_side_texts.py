"""What stands beside a checked chain, as texts: other policies, requests since the break, sources of the facts. No Qt here."""

from dataclasses import dataclass
from itertools import groupby

from console.chain.chain_texts import LINK_NAMES, POLICY_STATES, SOURCE_NAMES
from console.navigation.request_places import passing_filter_target
from console.runtime.page_targets import Target
from models.kinds import UNANSWERED_STATES
from services.approval_chain import ChainLink, ChainReport, LinkKind
from services.language import AND, date_time, join_names, number, plural, time_ago, time_of_day, tr

BEFORE_SERVICENOW = (
    LinkKind.POLICY,
    LinkKind.ACTION,
    LinkKind.APPROVAL_TYPE,
    LinkKind.APPROVAL_PROCESS,
)
"""Links whose break keeps requests from reaching ServiceNow."""
OTHERS_SHOWN = 10


@dataclass(frozen=True, slots=True)
class OtherPolicyRow:
    """Another policy of the chain, as it is shown."""

    name: str
    shape: str
    state: str
    priority: str
    requests: str
    object_id: str = ""


def other_rows(report: ChainReport) -> list[OtherPolicyRow]:
    """Return the other policies of a chain, as many as are shown."""
    return [
        OtherPolicyRow(
            other.name,
            POLICY_STATES[other.state][0],
            tr(POLICY_STATES[other.state][1]),
            "" if other.priority is None else number(other.priority),
            number(other.requests),
            str(other.object_id) if other.object_id is not None else "",
        )
        for other in report.others[:OTHERS_SHOWN]
    ]


def more_others_text(report: ChainReport) -> str:
    """Return how many policies are not shown."""
    count = len(report.others) - OTHERS_SHOWN
    return plural(count, "and {count} more", "and {count} more") if count > 0 else ""


def since_break_text(report: ChainReport) -> str:
    """Return what stored requests tell about the time since the break; an empty text where nothing is told."""
    first, seen = report.first_broken, report.requests
    if first is None or seen is None:
        return ""
    if first.kind in BEFORE_SERVICENOW:
        if seen.last_at is None:
            return tr("No request of this policy has arrived yet")
        return tr("The last request arrived {ago}", ago=time_ago(seen.last_at))
    if seen.failed and seen.failed_since is not None:
        return plural(
            seen.failed,
            "{count} request without an answer since {since}",
            "{count} requests without an answer since {since}",
            since=date_time(seen.failed_since),
        )
    return ""


def since_break_target(report: ChainReport) -> Target | None:
    """Return the list of the requests that `since_break_text` counts, or None where it counts none."""
    first, seen = report.first_broken, report.requests
    if first is None or seen is None:
        return None
    policy = report.links[0].name
    if first.kind in BEFORE_SERVICENOW:
        if seen.last_at is None:
            return None
        return passing_filter_target(policy, {"policy": policy})
    if seen.failed_since is None:
        return None
    values = {
        "policy": policy,
        "raised_since": seen.failed_since.isoformat(),
        "states": sorted(state.value for state in UNANSWERED_STATES),
    }
    return passing_filter_target(tr("{policy}, without an answer", policy=policy), values)


def read_from_rows(report: ChainReport) -> list[tuple[str, str]]:
    """Return where the facts were read: neighbours with the same sources and time in one row."""
    rows = []
    for places, links in groupby(report.links, key=_read_from):
        if places:
            rows.append((join_names([tr(LINK_NAMES[link.kind]) for link in links], AND), places))
    return rows


def _read_from(link: ChainLink) -> str:
    """Return the sources of a link with the time of the last reading."""
    if not link.readings:
        return ""
    names = dict.fromkeys(tr(SOURCE_NAMES[reading.source]) for reading in link.readings)
    return f"{join_names(list(names), AND)}, {time_of_day(max(reading.at for reading in link.readings))}"
