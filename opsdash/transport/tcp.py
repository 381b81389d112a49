"""A TCP connection that a host makes for us: bytes both ways, each end of which may end first."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Protocol

from opsdash.core.errors import HostError
from opsdash.core.forward import place
from opsdash.core.problem import Problem, ProblemKind

OPEN_S = 10.0
"""How long a host may take to connect, or to say that it can't."""

CLOSE_S = 2.0
"""How long what is still on its way may take to get there when a connection ends."""


class Tcp(Protocol):
    """One such connection. ConnectionError when it breaks."""

    async def read(self, most: int) -> bytes:
        """Some bytes, as soon as there are any; none: nothing more comes."""
        ...

    async def write(self, data: bytes) -> None:
        """Send, and wait while too much of it is still on its way."""
        ...

    def write_eof(self) -> None:
        """Nothing more is sent."""
        ...

    async def close(self) -> None:
        """End it; never raises."""
        ...


class StreamTcp:
    """One over streams of asyncio."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    async def read(self, most: int) -> bytes:
        """Some bytes."""
        return await self._reader.read(most)

    async def write(self, data: bytes) -> None:
        """Send."""
        self._writer.write(data)
        await self._writer.drain()

    def write_eof(self) -> None:
        """Nothing more is sent."""
        with suppress(OSError):
            self._writer.write_eof()

    async def close(self) -> None:
        """End it; what is still on its way may get there."""
        self._writer.close()
        try:
            async with asyncio.timeout(CLOSE_S):
                await self._writer.wait_closed()
        except (OSError, TimeoutError):
            self._writer.transport.abort()

    async def cut(self) -> None:
        """End it at once."""
        self._writer.transport.abort()
        with suppress(OSError):
            await self._writer.wait_closed()


async def open_here(host: str, port: int) -> StreamTcp:
    """A connection from this machine; HostError says why there is none."""
    where = place(host, port)
    try:
        async with asyncio.timeout(OPEN_S):
            return StreamTcp(*await asyncio.open_connection(host, port))
    except TimeoutError:
        raise HostError(too_slow(where)) from None
    except OSError as error:
        raise HostError(not_there(where, error.strerror or str(error))) from error


def forbidden(name: str, where: str) -> Problem:
    """What sshd says when it connects to nothing on behalf of this user."""
    text = f"sshd on {name} forwards nothing to {where}"
    hint = "AllowTcpForwarding, PermitOpen or authorized_keys there forbid it"
    return Problem(ProblemKind.DENIED, text, hint)


def not_there(where: str, reason: str) -> Problem:
    """What comes of a port that nobody listens on, or of a name that nobody knows."""
    text = f"no connection to {where}: {reason}"
    return Problem(ProblemKind.REFUSED, text, "does anything listen there? on the host: ss -ltn")


def too_slow(where: str) -> Problem:
    """No answer at all."""
    text = f"no connection to {where} within {OPEN_S:.0f}s"
    return Problem(ProblemKind.TIMEOUT, text, "a firewall between the host and there?")
