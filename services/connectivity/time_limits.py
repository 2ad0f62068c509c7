"""How long a check and its stages may take, and how connections of its own are closed."""

import asyncio

STAGE_TIMEOUT_S = 4.0
"""For one stage below the sign-in; a dead host is reported within 5 s."""
SIGNED_IN_STAGE_TIMEOUT_S = 30.0
"""For one stage after the sign-in, with every call it makes."""
CHECK_TIMEOUT_S = 14.0
"""For all of a check: then it ends with what is known. Waiting for a person who opens the vault does not count."""


def stage_timeout_text() -> str:
    """Say that the time of a stage is over."""
    return f"no answer within {STAGE_TIMEOUT_S:g} s"


async def wait_closed(writer: asyncio.StreamWriter) -> None:
    """Wait until a connection is closed."""
    try:
        await writer.wait_closed()
    except OSError:
        # The other side may cut an unused connection; it was open, which is what was asked.
        return


def check_timeout_text() -> str:
    """Say why a stage was not looked at when the time of the check was over."""
    return f"not looked at: the check ends after {CHECK_TIMEOUT_S:g} s, and the stages before took all of it"


def no_call_slot_text(seconds: float) -> str:
    """Say that a stage ended before the first of its calls could be sent."""
    return f"not looked at: two calls go out at a time, and those of other stages took all of {seconds:.0f} s"
