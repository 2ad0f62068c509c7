"""Rows of the list of policies: what is shown of each, the filters, the search and the order. Knows no Qt."""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from models.text_folding import fold_text
from models.translation_marks import tr_later
from services.approval_chain.links import LINKS, ChainReport, LinkState
from services.language import number, plural, tr

PLATFORM_LABELS = {"windows": "Windows", "macos": "macOS"}
NO_TARGET = "-"
"""The key of the choice “Without targets”."""


class PolicyFilter(StrEnum):
    """The filters above the list."""

    ALL = "all"
    ASKING = "asking"
    BROKEN = "broken"
    INACTIVE = "inactive"
    UNTARGETED = "untargeted"
    PLANNED = "planned"


FILTER_NAMES: tuple[tuple[str, str], ...] = (
    (PolicyFilter.ALL, tr_later("All")),
    (PolicyFilter.ASKING, tr_later("Ask for approval")),
    (PolicyFilter.BROKEN, tr_later("Broken chain")),
    (PolicyFilter.INACTIVE, tr_later("Inactive")),
    (PolicyFilter.UNTARGETED, tr_later("Without targets")),
    (PolicyFilter.PLANNED, tr_later("Planned")),
)


class PolicyColumn(StrEnum):
    """The columns of the table, in their order."""

    POLICY = "policy"
    STATUS = "status"
    PRIORITY = "priority"
    PLATFORM = "platform"
    ACTION = "action"
    CHAIN = "chain"
    REQUESTS = "requests"


COLUMN_ORDER = tuple(PolicyColumn)


@dataclass(frozen=True, slots=True)
class ChainVerdict:
    """What a check of the approval chain found: links that hold, and the first broken one, counted from 1."""

    good: int
    links: int
    broken_at: int | None = None

    @property
    def text(self) -> str:
        """The verdict in a word or two."""
        if self.broken_at is not None:
            return tr("Broken at {place}", place=number(self.broken_at))
        if self.good < self.links:
            return tr("Unknown")
        return tr("{good} of {links}", good=number(self.good), links=number(self.links))

    @property
    def shape(self) -> str:
        """The status shape: what is unknown is never good."""
        if self.broken_at is not None:
            return "bad"
        return "good" if self.good == self.links else "off"


def chain_verdict(report: ChainReport) -> ChainVerdict:
    """Return what a check of a chain found, in short."""
    broken = report.first_broken
    place = LINKS.index(broken.kind) + 1 if broken is not None else None
    return ChainVerdict(report.count(LinkState.OK), len(report.links), place)


@dataclass(frozen=True, slots=True)
class PolicyRow:
    """A policy of the server, or one that is planned here. None is unknown: the server does not tell."""

    key: str
    """GUID on the server, or the id of the stored Policy that is not there yet."""
    name: str
    item_id: str = ""
    object_id: uuid.UUID | None = None
    """The stored Policy; None for one that is not managed here."""
    active: bool | None = None
    priority: int | None = None
    platform: str = ""
    """A value of `models.action.Platform`; empty where it is unknown."""
    actions: tuple[str, ...] | None = None
    """Names of all its actions."""
    approval_actions: tuple[str, ...] | None = None
    """Names of those that ask for approval."""
    targets: tuple[str, ...] | None = None
    """Names of the groups of computers that get it."""
    conditions: str | None = None
    """Its filters, counted by what they are for."""
    planned_actions: int = 0
    planned: bool = False
    """Whether the stored Policy asks for something else than what is on the server."""
    requests: int = 0
    """In the last 30 days."""
    chain: ChainVerdict | None = None

    @property
    def on_server(self) -> bool:
        """Whether the policy is on the server."""
        return bool(self.item_id)

    @property
    def asks(self) -> bool:
        """Whether it asks for approval, or is planned to."""
        return bool(self.approval_actions) or self.planned_actions > 0

    def matches(self, chosen: PolicyFilter) -> bool:
        """Whether a filter lets it through."""
        match chosen:
            case PolicyFilter.ASKING:
                return self.asks
            case PolicyFilter.BROKEN:
                return self.chain is not None and self.chain.broken_at is not None
            case PolicyFilter.INACTIVE:
                return self.on_server and self.active is False
            case PolicyFilter.UNTARGETED:
                return self.on_server and self.targets == ()
            case PolicyFilter.PLANNED:
                return self.planned
            case _:
                return True

    # -- what stands in its cells ------------------------------------------------------------------------------

    def text(self, column: PolicyColumn) -> str:
        """Return the text of a cell."""
        match column:
            case PolicyColumn.POLICY:
                return self.name
            case PolicyColumn.STATUS:
                return self._status
            case PolicyColumn.PRIORITY:
                return "" if self.priority is None else str(self.priority)
            case PolicyColumn.PLATFORM:
                return PLATFORM_LABELS.get(self.platform, "")
            case PolicyColumn.ACTION:
                return self._action_text
            case PolicyColumn.CHAIN:
                return self._chain_text
            case PolicyColumn.REQUESTS:
                return number(self.requests)

    @property
    def _status(self) -> str:
        if not self.on_server:
            return tr("Not there yet")
        return tr("Unknown") if self.active is None else tr("Active") if self.active else tr("Inactive")

    @property
    def _action_text(self) -> str:
        shown = self.approval_actions
        if shown is None:
            return tr("Cannot be read")
        if not self.planned_actions:
            return ", ".join(shown) or tr("None")
        planned = number(self.planned_actions)
        return tr("{names}, {count} planned", names=", ".join(shown) or tr("None"), count=planned)

    @property
    def _chain_text(self) -> str:
        if self.planned:
            return tr("Planned")
        if self.chain is not None:
            return self.chain.text
        return tr("Not checked") if self.asks else ""

    def shape(self, column: PolicyColumn) -> str:
        """Return the status shape before the text of a cell, or nothing."""
        if column is PolicyColumn.STATUS:
            if not self.on_server:
                return "todo"
            return "good" if self.active else "off"
        if column is PolicyColumn.CHAIN:
            if self.planned:
                return "update"
            return self.chain.shape if self.chain is not None else "todo" if self.asks else ""
        return ""


@dataclass(frozen=True, slots=True)
class Criteria:
    """What narrows the list: the filter, words, and the choices; an empty choice lets everything through."""

    filter: PolicyFilter = PolicyFilter.ALL
    words: str = ""
    platform: str = ""
    action: str = ""
    target: str = ""

    @property
    def is_narrow(self) -> bool:
        """Whether anything is narrowed."""
        return self != Criteria()


def select_rows(rows: Iterable[PolicyRow], criteria: Criteria) -> list[PolicyRow]:
    """Return the rows that the criteria let through."""
    words = fold_text(criteria.words).split()
    return [row for row in rows if row.matches(criteria.filter) and _is_chosen(row, criteria, words)]


def _is_chosen(row: PolicyRow, criteria: Criteria, words: list[str]) -> bool:
    if criteria.platform and row.platform != criteria.platform:
        return False
    if criteria.action and criteria.action not in (row.actions or ()):
        return False
    if criteria.target == NO_TARGET and row.targets != ():
        return False
    if criteria.target and criteria.target != NO_TARGET and criteria.target not in (row.targets or ()):
        return False
    searched = fold_text("\n".join((row.name, *(row.actions or ()), *(row.targets or ()))))
    return all(word in searched for word in words)


def sort_rows(
    rows: Iterable[PolicyRow], column: PolicyColumn = PolicyColumn.PRIORITY, *, descending: bool = False
) -> list[PolicyRow]:
    """Return rows in the order of a column, rows of equal value by name; unknown priorities come last."""
    listed = sorted(rows, key=lambda row: fold_text(row.name))
    if column is PolicyColumn.PRIORITY:
        known = [row for row in listed if row.priority is not None]
        unknown = [row for row in listed if row.priority is None]
        known.sort(key=lambda row: row.priority or 0, reverse=descending)
        return known + unknown
    if column is PolicyColumn.REQUESTS:
        return sorted(listed, key=lambda row: row.requests, reverse=descending)
    return sorted(listed, key=lambda row: fold_text(row.text(column)), reverse=descending)


def count_filters(rows: Sequence[PolicyRow]) -> dict[str, str]:
    """Return how many rows each filter lets through, as texts."""
    return {chosen: number(sum(row.matches(chosen) for row in rows)) for chosen in PolicyFilter}


def with_verdicts(rows: Iterable[PolicyRow], verdicts: "dict[str, ChainVerdict]") -> list[PolicyRow]:
    """Return rows with what checks of their chains found, by key."""
    return [replace(row, chain=verdicts.get(row.key, row.chain)) for row in rows]


def describe_targets(targets: tuple[str, ...] | None) -> str:
    """Return the targets in words."""
    if targets is None:
        return tr("Cannot be read")
    if not targets:
        return tr("No targets")
    return plural(
        len(targets), "{count} target: {names}", "{count} targets: {names}", names=", ".join(targets)
    )
