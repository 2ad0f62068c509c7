"""What a check of an approval chain finds: seven links, the other policies of the chain, and where each fact was read.

Imports nothing slow: the window shows these values before it has imported the clients of the servers.
"""

import uuid
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING, Self

from models.kinds import Kind
from services.common.errors import Candidate, Problem, candidates_as_list
from services.common.json_types import JsonObject

if TYPE_CHECKING:
    from services.connectivity.report import StageResult


class LinkKind(StrEnum):
    """The links of a chain, in their order."""

    POLICY = "policy"
    ACTION = "action"
    APPROVAL_TYPE = "approval_type"
    APPROVAL_PROCESS = "approval_process"
    SERVER = "server"
    REQUEST_ITEM = "request_item"
    APPROVER = "approver"


LINKS = tuple(LinkKind)
FAULT_STAGES = {
    LinkKind.POLICY: "chain_policy",
    LinkKind.ACTION: "chain_action",
    LinkKind.APPROVAL_TYPE: "chain_approval_type",
    LinkKind.APPROVAL_PROCESS: "chain_process",
    LinkKind.SERVER: "chain_server",
    LinkKind.REQUEST_ITEM: "chain_request_item",
    LinkKind.APPROVER: "chain_approver",
}
"""Under which key of the fault catalog the faults of a link are."""


class LinkState(StrEnum):
    """What is known of a link. What could not be seen is unknown, never ok."""

    OK = "ok"
    BROKEN = "broken"
    UNKNOWN = "unknown"


class Source(StrEnum):
    """Where a fact was read."""

    API = "api"
    EXPORT = "export"
    CONSOLE = "console"
    SERVICENOW = "servicenow"


class RemedyAct(StrEnum):
    """What this console can do about a link, or where it is put right here."""

    NONE = "none"
    WRITE_CORRECTED_COPY = "write-corrected-copy"
    WRITE_COPY = "write-copy"
    CHOOSE_EXPORT = "choose-export"
    ADD_ACTION = "add-action"
    CREATE_POLICY = "create-policy"
    ENABLE_POLICY = "enable-policy"
    APPLY_PLAN = "apply-plan"
    OPEN_ITEM = "open-in-privilege-manager"
    CREATE_ACTION = "create-action"
    CREATE_PROCESS = "create-process"
    PROVISION = "review-request-items"
    CHECK_CONNECTION = "check-connection"
    OPEN_OBJECT = "open-object"


@dataclass(frozen=True, slots=True)
class LinkObject:
    """An object of this console."""

    kind: Kind
    id: uuid.UUID


@dataclass(frozen=True, slots=True)
class Reading:
    """Where and when a fact was read."""

    source: Source
    at: datetime

    @classmethod
    def now(cls, source: Source) -> Self:
        """Return a reading of this moment."""
        return cls(source, datetime.now(UTC))


@dataclass(frozen=True, slots=True)
class ChainLink:
    """One link: what it is, its state, what was seen, and what to do.

    `count` is the number behind the state: variables of the request item, people who can approve. `absent` says that the chain
    has no such object. `place` is the object to open to put it right, where that is another one than `object`. `candidates` are the
    possible causes, the likeliest first, where the other side does not say which one it is.
    """

    kind: LinkKind
    name: str = ""
    state: LinkState = LinkState.UNKNOWN
    evidence: str = ""
    fault: str | None = None
    cause: str = ""
    owner: str = ""
    remedy: str = ""
    candidates: tuple[Candidate, ...] = ()
    act: RemedyAct = RemedyAct.NONE
    object: LinkObject | None = None
    place: LinkObject | None = None
    readings: tuple[Reading, ...] = ()
    count: int | None = None
    absent: bool = False

    def ok(self, evidence: str, *readings: Reading, count: int | None = None) -> "ChainLink":
        """Return the link as one that holds."""
        return replace(self, state=LinkState.OK, evidence=evidence, readings=readings, count=count)

    def failed(self, problem: Problem, state: LinkState) -> "ChainLink":
        """Return the link with what a call ended with; nothing was read by a call that failed."""
        return replace(
            self,
            state=state,
            evidence=problem.evidence,
            fault=problem.fault.value,
            cause=problem.cause,
            owner=problem.owner.value,
            remedy=problem.remedy,
            candidates=problem.candidates,
            act=RemedyAct.CHECK_CONNECTION,
        )

    def judged(self, result: "StageResult", act: RemedyAct, *readings: Reading) -> "ChainLink":
        """Return the link as broken by what a stage of the server's check found."""
        return replace(
            self,
            state=LinkState.BROKEN,
            evidence=result.evidence,
            fault=str(result.fault) if result.fault else None,
            cause=result.cause,
            owner=result.owner,
            remedy=result.remedy,
            candidates=result.candidates,
            act=act,
            readings=readings,
        )

    def missing(self, evidence: str) -> "ChainLink":
        """Return the link as one that the chain does not have, because the one it hangs on is not there."""
        return replace(self, state=LinkState.UNKNOWN, evidence=evidence, absent=True)

    def as_dict(self) -> JsonObject:
        """Return the link for JSON; `candidates` only where there are some."""
        parts: JsonObject = {
            "kind": self.kind.value,
            "name": self.name,
            "state": self.state.value,
            "fault": self.fault,
            "remedy": self.remedy or None,
            "remedy_action": self.act.value,
            "evidence": self.evidence,
            "cause": self.cause or None,
            "owner": self.owner or None,
            "object_id": str(self.object.id) if self.object is not None else None,
            "read_from": [
                {"source": reading.source.value, "at": reading.at.isoformat()} for reading in self.readings
            ],
        }
        return parts | {"candidates": candidates_as_list(self.candidates)} if self.candidates else parts


class PolicyState(StrEnum):
    """How another policy of the chain stands."""

    OK = "ok"
    BROKEN = "broken"
    UNKNOWN = "unknown"
    INACTIVE = "inactive"


@dataclass(frozen=True, slots=True)
class OtherPolicy:
    """Another policy with the same action: what is put right once is right for all of them."""

    name: str
    state: PolicyState
    priority: int | None
    requests: int
    """Requests of the last 30 days."""
    object_id: uuid.UUID | None = None
    """The Policy here, if there is one."""

    def as_dict(self) -> JsonObject:
        """Return the policy for JSON."""
        return {
            "name": self.name,
            "state": self.state.value,
            "priority": self.priority,
            "requests": self.requests,
        }


@dataclass(frozen=True, slots=True)
class RequestsOfPolicy:
    """What the stored requests of a policy tell. They are those that reached ServiceNow or this console."""

    recent: int = 0
    """Of the last 30 days."""
    last_at: datetime | None = None
    failed: int = 0
    """Requests that ended without an answer since the last one that was answered, or since ever."""
    failed_since: datetime | None = None
    """When the first of them was raised."""

    def as_dict(self) -> JsonObject:
        """Return the figures for JSON."""
        return {
            "recent": self.recent,
            "last_at": self.last_at.isoformat() if self.last_at else None,
            "failed": self.failed,
            "failed_since": self.failed_since.isoformat() if self.failed_since else None,
        }


@dataclass(frozen=True, slots=True)
class ChainReport:
    """A chain as it is now, or as far as it was looked at. `ms` are milliseconds."""

    name: str
    """The name of its first link that has one."""
    links: tuple[ChainLink, ...]
    others: tuple[OtherPolicy, ...] = ()
    requests: RequestsOfPolicy | None = None
    checked_at: datetime = field(default_factory=partial(datetime.now, UTC))
    ms: float = 0.0
    calls: int = 0

    @property
    def verdict(self) -> LinkState:
        """The worst state of any link: broken, then unknown, then ok."""
        states = {link.state for link in self.links}
        worst = (LinkState.BROKEN, LinkState.UNKNOWN)
        return next((state for state in worst if state in states), LinkState.OK)

    @property
    def first_broken(self) -> ChainLink | None:
        """The first broken link, or None."""
        return next((link for link in self.links if link.state is LinkState.BROKEN), None)

    def link(self, kind: LinkKind) -> ChainLink:
        """Return the link of a kind."""
        return self.links[LINKS.index(kind)]

    def count(self, state: LinkState) -> int:
        """Return how many links have a state."""
        return sum(1 for link in self.links if link.state is state)

    def as_dict(self) -> JsonObject:
        """Return the report for JSON."""
        return {
            "chain": self.name,
            "verdict": self.verdict.value,
            "links": [link.as_dict() for link in self.links],
            "other_policies": [other.as_dict() for other in self.others],
            "requests": self.requests.as_dict() if self.requests is not None else None,
            "checked_at": self.checked_at.isoformat(),
            "ms": round(self.ms),
            "calls": self.calls,
        }
