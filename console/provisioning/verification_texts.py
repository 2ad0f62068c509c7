"""The verdict of a verification, as shape and text."""

from typing import TYPE_CHECKING

from services.language import plural, tr

if TYPE_CHECKING:
    from services.provisioning import Verification


def verdict(verification: "Verification") -> tuple[str, str]:
    """Return shape and text of the verdict."""
    wrong, drift = len(verification.wrong), len(verification.drift)
    if verification.ok:
        return "good", tr("Everything matches")
    if verification.verified:
        text = plural(
            drift, "It works; others changed {count} record", "It works; others changed {count} records"
        )
        return "notice", text
    if wrong:
        return "bad", plural(wrong, "{count} record does not match", "{count} records do not match")
    return "bad", tr("The Status service does not return the expected reply")
