"""State and decisions of a Chain tab, without widgets: the running check, the links, findings and what stands beside them."""

from dataclasses import dataclass

from console.chain.chain_texts import (
    LINK_ICONS,
    LINK_NAMES,
    state_word,
)
from console.checks.check_end import CheckEnd
from console.widgets.chain_tiles import ChainTile, TileState
from services.approval_chain import ChainLink, ChainReport, LinkKind, LinkState
from services.approval_chain.links import FAULT_STAGES
from services.common.errors import Candidate, Problem
from services.common.fault_ids import FaultId
from services.language import (
    number,
    plural,
    time_of_day,
    tr,
    translate,
)

TILE_STATES = {
    LinkState.OK: TileState.GOOD,
    LinkState.BROKEN: TileState.BROKEN,
    LinkState.UNKNOWN: TileState.UNKNOWN,
}
ALWAYS_THERE = (LinkKind.REQUEST_ITEM, LinkKind.APPROVER)
"""Links whose names come from ServiceNow: without a name they are not missing."""


@dataclass(frozen=True, slots=True)
class LinkFinding:
    """A link as the finding of a check, for its card."""

    stage: str
    """The key of the link in the fault catalog."""
    state: str
    evidence: str
    fault: str | None
    cause: str
    owner: str
    remedy: str
    ms: float = 0.0
    skip_reason: str | None = None
    needed_stage: str = ""
    candidates: tuple[Candidate, ...] = ()

    @classmethod
    def of(cls, link: ChainLink) -> "LinkFinding":
        """Return the finding of a link."""
        state = "failed" if link.state is LinkState.BROKEN else "skipped"
        return cls(
            FAULT_STAGES[link.kind],
            state,
            link.evidence,
            link.fault,
            link.cause,
            link.owner,
            link.remedy,
            candidates=link.candidates,
        )


@dataclass(frozen=True, slots=True)
class StateCount:
    """A state in the summary: its shape, and how many links have it."""

    shape: str
    text: str


class ChainPresenter:
    """Holds what a Chain tab shows."""

    def __init__(self) -> None:
        self.report: ChainReport | None = None
        """The chain: checked, being checked, or with its names only."""
        self.running = False
        self.checked = False
        """Whether `report` is the end of a check."""
        self.failure: Problem | None = None
        """Why the chain could not be checked at all."""
        self.stale = False
        """Whether something of the chain was saved since the check."""
        self.selected: LinkKind | None = None
        self._run = 0
        self._known: set[LinkKind] = set()

    # -- a check -----------------------------------------------------------

    def show_outline(self, report: ChainReport) -> None:
        """Take the names of the links, unless a check has told more."""
        if not self.checked and not self.running:
            self.report = report

    def start(self) -> int:
        """Take in that a check begins; return its number."""
        self._run += 1
        self.running, self.checked, self.failure, self.stale = True, False, None, False
        self._known = set()
        return self._run

    def is_current(self, run: int) -> bool:
        """Whether the check with this number is still running."""
        return self.running and run == self._run

    def progress(self, report: ChainReport) -> None:
        """Take the chain as far as it was looked at."""
        self.report = report
        self._known = {link.kind for link in report.links if _is_told(link)}

    def finish(self, report: ChainReport | None = None, failure: Problem | None = None) -> None:
        """Take in that the check ended: with its report, because it could not run, or cancelled."""
        self.running = False
        self.failure = failure
        if report is not None:
            self.report, self.checked = report, True

    def outcome(self) -> tuple[str, CheckEnd]:
        """Return how the check ended, for the activity strip."""
        if self.failure is not None:
            return translate(self.failure.cause), CheckEnd.FAILED
        if not self.checked or self.report is None:
            return tr("Cancelled"), CheckEnd.CANCELLED
        broken = self.report.count(LinkState.BROKEN)
        count = len(self.report.links)
        if broken:
            text = tr("{broken} of {count} links broken", broken=broken, count=count)
            return text, CheckEnd.FAILED
        unknown = self.report.count(LinkState.UNKNOWN)
        if unknown:
            return tr(
                "{unknown} of {count} links cannot be seen", unknown=unknown, count=count
            ), CheckEnd.UNCLEAR
        return tr("Every link holds"), CheckEnd.DONE

    # -- links ---------------------------------------------------------------

    @property
    def links(self) -> tuple[ChainLink, ...]:
        """The links as far as they are known."""
        return self.report.links if self.report is not None else ()

    def tiles(self) -> list[ChainTile]:
        """Return the tiles of the diagram."""
        return [self._tile(link) for link in self.links]

    def _tile(self, link: ChainLink) -> ChainTile:
        state, word = self._tile_state(link)
        name = link.name or ("" if link.kind in ALWAYS_THERE else tr("Not chosen"))
        return ChainTile(LINK_ICONS[link.kind], tr(LINK_NAMES[link.kind]), name, state, word)

    def _tile_state(self, link: ChainLink) -> tuple[TileState, str]:
        if not self.checked and link.kind not in self._known:
            if self.running:
                return TileState.TODO, tr("Checking")
            missing = not link.name and link.kind not in ALWAYS_THERE
            return (TileState.MISSING, tr("None")) if missing else (TileState.TODO, tr("Not checked"))
        if link.absent:
            return TileState.MISSING, state_word(link)
        return TILE_STATES[link.state], state_word(link)

    def link_at(self, place: int) -> ChainLink | None:
        """Return the link of a tile."""
        return self.links[place] if 0 <= place < len(self.links) else None

    # -- findings -------------------------------------------------------------

    def findings(self) -> list[ChainLink]:
        """Return the links with a finding: that of the selected tile first, then the worst, in the order of the chain."""
        found = [link for link in self.links if self._has_finding(link)]
        ranked = sorted(found, key=lambda link: link.state is not LinkState.BROKEN)
        chosen = [link for link in ranked if link.kind is self.selected]
        return [*chosen, *(link for link in ranked if link.kind is not self.selected)]

    def _has_finding(self, link: ChainLink) -> bool:
        known = self.checked or link.kind in self._known
        return known and link.state is not LinkState.OK and link.fault is not None

    def selected_link(self) -> ChainLink | None:
        """Return the link of the selected tile, once it is known."""
        link = next((one for one in self.links if one.kind is self.selected), None)
        return link if link is not None and (self.checked or link.kind in self._known) else None

    def evidence_text(self) -> str:
        """Return what was seen of the selected link where that is no finding."""
        link = self.selected_link()
        if link is None or self._has_finding(link):
            return ""
        seen = translate(link.evidence)
        return f"{tr(LINK_NAMES[link.kind])}: {seen}" if seen else ""

    def placeholder_text(self) -> str:
        """Return what is said in place of findings."""
        if self.failure is not None:
            return f"{self.failure.tried}: {translate(self.failure.cause)} {translate(self.failure.remedy)}"
        if self.findings():
            return ""
        if self.running:
            return tr("Nothing found so far.")
        if not self.checked:
            return tr("The check reads both servers and changes nothing.")
        return tr("Nothing to report: every link holds.")

    # -- around the diagram ------------------------------------------------------

    def title_text(self) -> str:
        """Return how many links there are."""
        return plural(len(self.links), "{count} link", "{count} links") if self.links else ""

    def state_counts(self) -> list[StateCount]:
        """Return how many links are broken, good, and cannot be seen; only states that occur."""
        known = [link for link in self.links if self.checked or link.kind in self._known]
        broken = sum(1 for link in known if link.state is LinkState.BROKEN)
        good = sum(1 for link in known if link.state is LinkState.OK)
        unknown = len(known) - broken - good
        counts = (
            (broken, StateCount("bad", plural(broken, "{count} broken", "{count} broken"))),
            (good, StateCount("good", plural(good, "{count} good", "{count} good"))),
            (unknown, StateCount("off", plural(unknown, "{count} cannot be seen", "{count} cannot be seen"))),
        )
        return [shown for count, shown in counts if count]

    def time_text(self) -> str:
        """Return when the chain was checked, how long that took and with how many calls."""
        if self.running:
            return tr("Checking")
        if not self.checked or self.report is None:
            return ""
        return plural(
            self.report.calls,
            "Checked at {at} in {seconds} s with {count} call",
            "Checked at {at} in {seconds} s with {count} calls",
            at=time_of_day(self.report.checked_at),
            seconds=number(self.report.ms / 1000, 1),
        )

    def caption(self) -> str:
        """Return what the states mean for a request."""
        if not self.checked or self.report is None:
            return ""
        if self.stale:
            return tr("Something of this chain was saved since the check.")
        first = self.report.first_broken
        if first is not None and any(link.absent for link in self.links):
            return tr("Links that are not there cannot be checked. No request goes this way.")
        if first is not None and first.kind is not LinkKind.APPROVER:
            return tr(
                "Links after the break are checked on their own. No request from this policy reaches them."
            )
        if first is not None:
            return tr("Requests from this policy get there, and nobody answers them.")
        if self.report.verdict is LinkState.UNKNOWN:
            return tr("Nothing is broken as far as it can be seen from here.")
        return tr("A request from this policy reaches people who can approve it.")

    def badges(self) -> list[tuple[str, str, str | None]]:
        """Return the verdict for the head of the page: text, tone and shape."""
        if self.running:
            return [(tr("Checking"), "off", "running")]
        if self.failure is not None:
            return [(tr("Could not be checked"), "bad", "bad")]
        if not self.checked or self.report is None or self.stale:
            return []
        broken = self.report.count(LinkState.BROKEN)
        if broken:
            return [(plural(broken, "{count} broken link", "{count} broken links"), "bad", "bad")]
        if self.report.verdict is LinkState.UNKNOWN:
            return [(tr("Chain not fully seen"), "off", "off")]
        return [(tr("Chain good"), "good", "good")]

    @property
    def current_report(self) -> ChainReport | None:
        """The result of a check that nothing was saved since, or None."""
        return self.report if self.checked and not self.stale else None

    def is_policy_active(self) -> bool | None:
        """Return whether the policy of the chain is active; None while that was not checked."""
        if not self.checked or not self.links:
            return None
        policy = self.links[0]
        if policy.fault == FaultId.CHAIN_POLICY_INACTIVE:
            return False
        return True if policy.state is LinkState.OK else None

    def start_text(self) -> str:
        """Return the text of the button that starts a check."""
        return tr("Check again") if self.checked or self.running else tr("Check chain")


def _is_told(link: ChainLink) -> bool:
    """Whether a link was looked at: it has a state, or a reason why it has none."""
    return bool(link.state is not LinkState.UNKNOWN or link.fault or link.absent)
