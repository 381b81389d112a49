"""The end of a connection, in bounded time whatever the other side does."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import asyncssh

GOODBYE_S = 1.0


async def hang_up(connection: asyncssh.SSHClientConnection) -> None:
    """Close a connection; one that does not close in time is aborted."""
    connection.close()
    with suppress(TimeoutError, asyncssh.Error, OSError):
        async with asyncio.timeout(GOODBYE_S):
            await connection.wait_closed()
            return
    connection.abort()
