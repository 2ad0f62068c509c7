"""What a check finds: one result for each stage, and the report made of them."""

from dataclasses import dataclass, field
from typing import Any

from services.common.errors import Problem, new_correlation_id
from services.common.fault_ids import FaultId

SEVERITY = {"skipped": 0, "ok": 0, "warning": 1, "failed": 2}


@dataclass(frozen=True, slots=True)
class StageResult:
    """One stage: its state (ok, warning, failed, skipped), what was seen, and what to do. `ms` are milliseconds."""

    stage: str
    state: str
    evidence: str
    fault: str | None = None
    cause: str = ""
    owner: str = ""
    remedy: str = ""
    ms: float = 0.0
    call_limit: int | None = None
    """Calls per hour that the instance reported; only in the stage `limits`."""

    @classmethod
    def failed(cls, stage: str, problem: Problem, ms: float) -> "StageResult":
        """Return the result of a stage that ended with `problem`."""
        fault = problem.fault or f"{stage}-failed"
        return cls(
            stage, "failed", problem.evidence, fault, problem.cause, problem.owner.value, problem.remedy, ms
        )

    def as_dict(self) -> dict[str, Any]:
        """Return the stage for JSON."""
        return {
            "stage": self.stage,
            "state": self.state,
            "fault": self.fault,
            "evidence": self.evidence,
            "cause": self.cause,
            "owner": self.owner,
            "remedy": self.remedy,
            "ms": round(self.ms),
            **({"call_limit": self.call_limit} if self.call_limit is not None else {}),
        }


@dataclass(frozen=True, slots=True)
class CheckReport:
    """The outcome of a check. `verdict` is the worst state of any stage: ok, warning or failed."""

    server: str
    stages: list[StageResult]
    ms: float
    correlation_id: str = field(default_factory=new_correlation_id)

    @property
    def verdict(self) -> str:
        """The worst state of any stage."""
        worst = max((SEVERITY[s.state] for s in self.stages), default=0)
        return ("ok", "warning", "failed")[worst]

    @property
    def call_limit(self) -> int | None:
        """The calls per hour that the instance reported, if any."""
        return next((s.call_limit for s in self.stages if s.call_limit is not None), None)

    @property
    def signed_in(self) -> bool:
        """Whether the instance accepted the sign-in."""
        return any(s.stage == "authentication" and s.state in ("ok", "warning") for s in self.stages)

    @property
    def can_continue(self) -> bool:
        """Whether more can be asked after the check: the sign-in was accepted, and no stage ran out of time."""
        return self.signed_in and not any(s.fault == FaultId.TIMEOUT for s in self.stages)

    def as_dict(self) -> dict[str, Any]:
        """Return the report for JSON."""
        return {
            "server": self.server,
            "verdict": self.verdict,
            "correlation_id": self.correlation_id,
            "ms": round(self.ms),
            "stages": [s.as_dict() for s in self.stages],
        }
