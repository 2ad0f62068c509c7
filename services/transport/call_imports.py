"""Imports what httpx leaves to its first call, which takes longer than the call itself: done in advance, in a thread."""

import anyio
import anyio._backends._asyncio
import httpcore

CONNECT = anyio.connect_tcp
"""anyio imports its sockets when a name of theirs is looked up."""
CLIENT = httpcore.AsyncConnectionPool
