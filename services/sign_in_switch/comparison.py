"""Two rehearsals side by side: before with the present credential, after with the new one."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from models.translation_marks import tr_later
from services.common.json_types import JsonLike
from services.language import tr_message
from services.requests.rehearsal.baseline import SLOW_FACTOR, SLOW_MARGIN_MS
from services.sign_in_switch.rehearsal_records import SignInRehearsal

SECOND_MS = 1000
NONE = "-"
"""In place of a value that a rehearsal did not reach, or where there was none."""


class Verdict(StrEnum):
    """How the second rehearsal compares with the first."""

    SAME = "same"
    GOOD = "good"
    WORSE = "worse"
    FAILED = "failed"
    OPEN = "open"
    """There is no second rehearsal yet."""


VERDICT_WORDS: dict[Verdict, str] = {
    Verdict.SAME: tr_later("Same"),
    Verdict.GOOD: tr_later("Good"),
    Verdict.WORSE: tr_later("Worse"),
    Verdict.FAILED: tr_later("Failed"),
    Verdict.OPEN: tr_later("Not yet"),
}


@dataclass(frozen=True, slots=True)
class ComparisonRow:
    """One row. `before` and `after` are English texts that can be translated."""

    name: str
    before: str
    after: str
    verdict: Verdict

    def as_dict(self) -> dict[str, JsonLike]:
        """Return the row for JSON."""
        return {
            "name": self.name,
            "before": str(self.before),
            "after": str(self.after),
            "verdict": self.verdict.value,
        }


def compare_rehearsals(
    before: SignInRehearsal | None, after: SignInRehearsal | None
) -> tuple[ComparisonRow, ...]:
    """Return the five rows of the comparison; the first rehearsal may be missing, for it may be refused by now."""
    return (
        _row(tr_later("Sign-in"), before, after, _sign_in, _judge_sign_in),
        _row(tr_later("Request created"), before, after, _created, _judge_created),
        _row(tr_later("Approved and seen here"), before, after, _seen, _judge_seen),
        _row(tr_later("Calls used"), before, after, _calls, _judge_calls),
        _row(tr_later("Clean-up"), before, after, _clean_up, _judge_clean_up),
    )


def is_good(rows: tuple[ComparisonRow, ...]) -> bool:
    """Whether the second rehearsal did everything: nothing failed, and nothing is open."""
    return all(row.verdict not in (Verdict.FAILED, Verdict.OPEN) for row in rows)


_Text = Callable[[SignInRehearsal], str]
_Judge = Callable[[SignInRehearsal | None, SignInRehearsal], Verdict]


def _row(
    name: str, before: SignInRehearsal | None, after: SignInRehearsal | None, text: _Text, judge: _Judge
) -> ComparisonRow:
    return ComparisonRow(
        name,
        text(before) if before is not None else NONE,
        text(after) if after is not None else NONE,
        judge(before, after) if after is not None else Verdict.OPEN,
    )


def _sign_in(run: SignInRehearsal) -> str:
    if run.sign_in_ms is None:
        return tr_message("Refused")
    if run.user_shown is False:
        return tr_message("{time}, user not shown", time=_time(run.sign_in_ms))
    if run.repeat_ms is None:
        return _time(run.sign_in_ms)
    return tr_message("{first}, then {again}", first=_time(run.sign_in_ms), again=_time(run.repeat_ms))


def _judge_sign_in(before: SignInRehearsal | None, after: SignInRehearsal) -> Verdict:
    del before  # another method takes another time
    if after.sign_in_ms is None:
        return Verdict.FAILED
    # Everything worked, and perhaps as another user.
    return Verdict.WORSE if after.user_shown is False else Verdict.GOOD


def _created(run: SignInRehearsal) -> str:
    if run.created_ms is None:
        return tr_message("Not created")
    if not run.number:
        return _time(run.created_ms)
    return tr_message("{time}, {number}", time=_time(run.created_ms), number=run.number)


def _judge_created(before: SignInRehearsal | None, after: SignInRehearsal) -> Verdict:
    bad = bool({"create", "record", "status"} & set(after.failed))
    return _judge_time(before.created_ms if before is not None else None, after.created_ms, failed=bad)


def _seen(run: SignInRehearsal) -> str:
    if run.seen_ms is None or {"decision", "outcome"} & set(run.failed):
        return tr_message("Not seen")
    return _time(run.seen_ms)


def _judge_seen(before: SignInRehearsal | None, after: SignInRehearsal) -> Verdict:
    bad = bool({"decision", "outcome"} & set(after.failed))
    return _judge_time(before.seen_ms if before is not None else None, after.seen_ms, failed=bad)


def _calls(run: SignInRehearsal) -> str:
    if not run.token_calls:
        return str(run.calls)
    return tr_message("{count}, {token} for the token", count=run.calls, token=run.token_calls)


def _judge_calls(before: SignInRehearsal | None, after: SignInRehearsal) -> Verdict:
    if not after.ok:
        return Verdict.FAILED
    if before is None or not before.ok:
        return Verdict.GOOD
    if after.calls == before.calls:
        return Verdict.SAME
    # The token is fetched once for many calls.
    return Verdict.GOOD if after.calls - after.token_calls <= before.calls else Verdict.WORSE


def _clean_up(run: SignInRehearsal) -> str:
    if run.closed is None:
        return NONE
    return tr_message("Closed") if run.closed else tr_message("Still open")


def _judge_clean_up(before: SignInRehearsal | None, after: SignInRehearsal) -> Verdict:
    if not after.closed:
        return Verdict.FAILED
    return Verdict.SAME if before is not None and before.closed else Verdict.GOOD


def _judge_time(before: float | None, after: float | None, *, failed: bool) -> Verdict:
    if after is None or failed:
        return Verdict.FAILED
    if before is None:
        return Verdict.GOOD
    is_slower = after > SLOW_FACTOR * before and after > before + SLOW_MARGIN_MS
    return Verdict.WORSE if is_slower else Verdict.SAME


def _time(ms: float) -> str:
    if ms < SECOND_MS:
        return tr_message("{ms} ms", ms=round(ms))
    seconds = f"{ms / SECOND_MS:.1f}"
    return tr_message("{seconds} s", seconds=seconds)
