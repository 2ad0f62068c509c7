"""What a check finds: one result for each stage, and the report made of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from services.common.errors import Candidate, Problem, candidates_as_list, new_correlation_id
from services.common.fault_ids import FaultId
from services.common.json_types import JsonObject


class StageState(StrEnum):
    """How a stage ended. The verdict of a check is one of the first three."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"
    SKIPPED = "skipped"


class SkipReason(StrEnum):
    """Why a stage was skipped, where another stage is the reason."""

    NEEDED_STAGE_FAILED = "needed-stage-failed"
    NEEDED_STAGE_UNCLEAR = "needed-stage-unclear"
    """The needed stage ended without a finding that this stage could use."""


SEVERITY = {StageState.SKIPPED: 0, StageState.OK: 0, StageState.WARNING: 1, StageState.FAILED: 2}


@dataclass(frozen=True, slots=True)
class StageResult:
    """One stage: its state, what was seen, and what to do. `ms` are milliseconds.

    The fields from `skip_reason` on say in data what the texts say in words.
    """

    stage: str
    state: StageState
    evidence: str
    fault: str | None = None
    """A `FaultId`; a stored report may carry the id of another version."""
    cause: str = ""
    owner: str = ""
    remedy: str = ""
    ms: float = 0.0
    skip_reason: SkipReason | None = None
    needed_stage: str = ""
    """The key of the stage that `skip_reason` is about."""
    suggested_name: str = ""
    """The name on the instance that the Approval Process should use."""
    suggested_item_id: str = ""
    """The sys_id of the request item that the Approval Process should use."""
    calls_per_hour: int | None = None
    """The rate limit that the instance reports."""
    operations: Mapping[str, str] = field(default_factory=dict)
    """The operations that the server describes, by name: a mark that changes with the way to call each."""
    candidates: tuple[Candidate, ...] = ()
    """The possible causes, the likeliest first, where the server does not say which one it is."""
    certificate_ends_at: str = ""
    """When the certificate of the server ends, in UTC as JSON writes it."""
    basic_auth_enforced_at: str = ""
    """When basic authentication begins to be refused, as above; `seen_dates.NO_DATE` where no date is set, empty if unknown."""

    @classmethod
    def failed(cls, stage: str, problem: Problem, ms: float) -> "StageResult":
        """Return the result of a stage that ended with `problem`."""
        return cls(
            stage,
            StageState.FAILED,
            problem.evidence,
            problem.fault,
            problem.cause,
            problem.owner.value,
            problem.remedy,
            ms,
            candidates=problem.candidates,
        )

    @classmethod
    def ok(cls, stage: str, evidence: str) -> "StageResult":
        """Return the result of a stage that found nothing wrong."""
        return cls(stage, StageState.OK, evidence)

    @classmethod
    def skipped(cls, stage: str, evidence: str) -> "StageResult":
        """Return the result of a stage that did not run, or could not be judged; `evidence` says why."""
        return cls(stage, StageState.SKIPPED, evidence)

    def as_dict(self) -> JsonObject:
        """Return the stage for JSON; `candidates` only where there are some."""
        parts: JsonObject = {
            "stage": self.stage,
            "state": self.state.value,
            "fault": self.fault,
            "evidence": self.evidence,
            "cause": self.cause,
            "owner": self.owner,
            "remedy": self.remedy,
            "ms": round(self.ms),
        }
        return parts | {"candidates": candidates_as_list(self.candidates)} if self.candidates else parts

    def as_stored_dict(self) -> JsonObject:
        """Return the stage as the store keeps it: with the data that the window decides on."""
        return {
            **self.as_dict(),
            "skip_reason": self.skip_reason,
            "needed_stage": self.needed_stage,
            "suggested_name": self.suggested_name,
            "suggested_item_id": self.suggested_item_id,
            "calls_per_hour": self.calls_per_hour,
            "operations": dict(self.operations),
            "certificate_ends_at": self.certificate_ends_at,
            "basic_auth_enforced_at": self.basic_auth_enforced_at,
        }


@dataclass(frozen=True, slots=True)
class CheckReport:
    """The outcome of a check."""

    server: str
    stages: list[StageResult]
    ms: float
    correlation_id: str = field(default_factory=new_correlation_id)

    @property
    def verdict(self) -> StageState:
        """The worst state of any stage: ok, warning or failed."""
        worst = max((SEVERITY[s.state] for s in self.stages), default=0)
        return (StageState.OK, StageState.WARNING, StageState.FAILED)[worst]

    @property
    def call_limit(self) -> int | None:
        """The calls per hour that the instance reported, if any."""
        return next((s.calls_per_hour for s in self.stages if s.calls_per_hour is not None), None)

    @property
    def signed_in(self) -> bool:
        """Whether the instance accepted the sign-in."""
        accepted = (StageState.OK, StageState.WARNING)
        return any(s.stage == "authentication" and s.state in accepted for s in self.stages)

    @property
    def can_continue(self) -> bool:
        """Whether more can be asked after the check: the sign-in was accepted, and no stage ran out of time."""
        return self.signed_in and not any(s.fault == FaultId.TIMEOUT for s in self.stages)

    def as_dict(self) -> JsonObject:
        """Return the report for JSON."""
        return {
            "server": self.server,
            "verdict": self.verdict.value,
            "correlation_id": self.correlation_id,
            "ms": round(self.ms),
            "stages": [s.as_dict() for s in self.stages],
        }
