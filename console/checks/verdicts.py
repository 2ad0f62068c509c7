"""The verdicts of a check as words and shapes."""

from models.translation_marks import tr_later
from services.language import tr

VERDICT_LABELS = {"ok": tr_later("good"), "warning": tr_later("with a warning"), "failed": tr_later("failed")}
VERDICT_PREDICATES = {
    "ok": tr_later("good"),
    "warning": tr_later("has a warning"),
    "failed": tr_later("failed"),
}
"""Verdicts as predicates of a server."""
VERDICT_SHAPES = {"ok": "good", "warning": "notice", "failed": "bad"}


def verdict_label(verdict: str) -> str:
    """Return the word for a verdict."""
    return tr(VERDICT_LABELS.get(verdict, verdict))


def verdict_predicate(verdict: str) -> str:
    """Return the predicate for a verdict, as in “has a warning now”."""
    return tr(VERDICT_PREDICATES.get(verdict, verdict))
