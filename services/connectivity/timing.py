"""How long a stage may take, and how connections of its own are closed."""

import asyncio

STAGE_LIMIT_S = 4.0
"""For one stage below the sign-in; a dead host is reported within 5 s."""
SIGNED_IN_LIMIT_S = 30.0
"""For one stage after the sign-in, with every call it makes."""


def no_answer() -> str:
    """Say that the time of a stage is over."""
    return f"no answer within {STAGE_LIMIT_S:g} s"


async def closed(writer: asyncio.StreamWriter) -> None:
    """Wait until a connection is closed."""
    try:
        await writer.wait_closed()
    except OSError:
        # The other side may cut an unused connection; it was open, which is what was asked.
        return
