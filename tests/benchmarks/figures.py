"""One line of the benchmark: what was measured, how far it scatters, and the promise it is held against."""

import math
import statistics
from dataclasses import dataclass

WIDE_SPREAD = 0.5
"""From this distance of the quartiles, in parts of the median, the runs say little; a part with such a figure is repeated."""
SPREAD_MIN_RUNS = 5


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured figure; `promise` is the most it may be, or None where nothing is promised.

    `part` is the part of the runs that the figure covers: half of them, unless something else is promised.
    """

    what: str
    values: list[float]
    unit: str
    promise: float | None = None
    part: float = 0.5

    @property
    def value(self) -> float:
        """Return the median, or the least figure that `part` of the runs keep."""
        if self.part == 0.5:
            return statistics.median(self.values)
        return sorted(self.values)[math.ceil(self.part * len(self.values)) - 1]

    @property
    def kept(self) -> bool:
        """Whether the figure keeps the promise."""
        return self.promise is None or self.value <= self.promise

    @property
    def is_scattered(self) -> bool:
        """Whether the promise is missed by runs that scatter so much that they do not prove it."""
        if self.kept or len(self.values) < SPREAD_MIN_RUNS:
            return False
        low, middle, high = statistics.quantiles(self.values, n=4)
        return high - low > WIDE_SPREAD * middle

    def __str__(self) -> str:
        spread = f"[{min(self.values):.2f}..{max(self.values):.2f}, {len(self.values)} runs]"
        promise = "" if self.promise is None else f"promise <= {self.promise:g} {self.unit}".rstrip()
        verdict = "" if self.promise is None else ("kept" if self.kept else "MISSED")
        return f"{self.what:68} {self.value:8.2f} {self.unit:3} {spread:32} {promise:18} {verdict}"


def ratios(mine: list[float], others: list[float]) -> list[float]:
    """Return what one side took over the other, round by round."""
    return [one / other for one, other in zip(mine, others, strict=True)]
