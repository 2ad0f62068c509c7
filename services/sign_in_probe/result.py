"""What a probe finds: five rows that always exist, each with its state, what was seen and how long it took."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from models.sign_in import METHODS, SignInMethod
from models.translation_marks import tr_later
from services.common.errors import Problem, new_correlation_id
from services.common.json_types import JsonObject, UncheckedJson


class ProbeRow(StrEnum):
    """A row of the probe; the values are those of JSON."""

    TOKEN = "token"  # noqa: S105 -- the name of a row
    REST = "rest"
    WSDL = "wsdl"
    SOAP = "soap"
    NOT_GUEST = "not_guest"


PROBE_ROWS: dict[ProbeRow, str] = {
    ProbeRow.TOKEN: tr_later("Token"),
    ProbeRow.REST: tr_later("REST"),
    ProbeRow.WSDL: tr_later("WSDL"),
    ProbeRow.SOAP: tr_later("SOAP"),
    ProbeRow.NOT_GUEST: tr_later("Not guest"),
}
"""The rows in their order, with their labels."""


class RowState(StrEnum):
    """How a row ended."""

    OK = "ok"
    FAILED = "failed"
    CANNOT_BE_DISTINGUISHED = "cannot_be_distinguished"
    """The replies do not show it: `problem` lists what it can be."""
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class RowResult:
    """One row. `evidence` is a `Message`, or the words of another system; it never contains a token."""

    row: ProbeRow
    state: RowState
    evidence: str
    ms: float = 0.0
    calls: int = 0
    problem: Problem | None = None

    def as_dict(self) -> JsonObject:
        """Return the row for JSON."""
        return {
            "row": self.row.value,
            "state": self.state.value,
            "evidence": str(self.evidence),
            "ms": round(self.ms),
            "calls": self.calls,
            "problem": None if self.problem is None else {**self.problem.as_dict()},
        }

    @classmethod
    def parse(cls, stored: UncheckedJson) -> "RowResult":
        """Return a row of a stored report; its texts are English. Raises KeyError or ValueError for anything else."""
        problem = stored["problem"]
        return cls(
            ProbeRow(stored["row"]),
            RowState(stored["state"]),
            str(stored["evidence"]),
            float(stored["ms"]),
            int(stored["calls"]),
            None if problem is None else Problem.parse(problem),
        )


@dataclass(frozen=True, slots=True)
class SignInProbe:
    """The outcome of a probe. `at` is when it ended, `ms` how long all of it took."""

    server: str
    account: str
    method: SignInMethod
    rows: tuple[RowResult, ...]
    """One of each `ProbeRow`, in their order."""
    at: datetime
    ms: float
    correlation_id: str = field(default_factory=new_correlation_id)

    @property
    def calls(self) -> int:
        """How many calls were sent."""
        return sum(row.calls for row in self.rows)

    @property
    def is_good(self) -> bool:
        """Whether the sign-in works for everything: REST, WSDL and SOAP accept it, and no row is unclear."""
        needed = {ProbeRow.REST, ProbeRow.WSDL, ProbeRow.SOAP, ProbeRow.NOT_GUEST}
        good = {row.row for row in self.rows if row.state is RowState.OK}
        bad = any(row.state in (RowState.FAILED, RowState.CANNOT_BE_DISTINGUISHED) for row in self.rows)
        return needed <= good and not bad

    @property
    def is_failed(self) -> bool:
        """Whether any row failed."""
        return any(row.state is RowState.FAILED for row in self.rows)

    @property
    def findings(self) -> list[RowResult]:
        """The rows with a problem, failed ones first."""
        found = [row for row in self.rows if row.problem is not None]
        return sorted(found, key=lambda row: row.state is not RowState.FAILED)

    def row(self, row: ProbeRow) -> RowResult:
        """Return the result of one row."""
        return next(one for one in self.rows if one.row is row)

    def as_dict(self) -> JsonObject:
        """Return the report for JSON."""
        return {
            "server": self.server,
            "account": self.account,
            "sign_in": self.method.value,
            "good": self.is_good,
            "at": self.at.isoformat(),
            "ms": round(self.ms),
            "calls": self.calls,
            "correlation_id": self.correlation_id,
            "rows": [row.as_dict() for row in self.rows],
        }

    @classmethod
    def parse(cls, stored: UncheckedJson) -> "SignInProbe":
        """Return a stored report. Raises KeyError or ValueError for anything else."""
        return cls(
            str(stored["server"]),
            str(stored["account"]),
            SignInMethod(stored["sign_in"]),
            tuple(RowResult.parse(row) for row in stored["rows"]),
            datetime.fromisoformat(stored["at"]),
            float(stored["ms"]),
            str(stored["correlation_id"]),
        )

    def as_text(self) -> str:
        """Return the report as lines for the clipboard, in English."""
        head = (
            METHODS[self.method].label,
            self.account,
            f"on {self.server}",
            self.at.isoformat(timespec="seconds"),
        )
        lines = [f"{', '.join(head)}, {self.calls} calls, {self.ms:.0f} ms, {self.correlation_id}"]
        for row in self.rows:
            state = row.state.value.replace("_", " ")
            lines.append(f"{PROBE_ROWS[row.row]:10} {state:24} {row.evidence} ({row.ms:.0f} ms)")
            if row.problem is not None:
                lines.append(row.problem.as_text())
        return "\n".join(lines)
