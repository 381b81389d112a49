"""What comes over a connection, line by line or in pieces."""

from __future__ import annotations

import asyncio

from opsdash.transport.tcp import Tcp

CHUNK_BYTES = 16_384
LONGEST_LINE = 65_536


class Inbox:
    """Reads one connection; its methods fail as those of asyncio.StreamReader do."""

    def __init__(self, tcp: Tcp) -> None:
        self._tcp = tcp
        self._held = bytearray()

    async def line(self) -> bytes:
        """Up to the next end of a line, and that too."""
        looked = 0
        while (end := self._held.find(b"\n", looked)) < 0:
            looked = len(self._held)
            if looked > LONGEST_LINE:
                raise asyncio.LimitOverrunError("a line without an end", looked)
            data = await self._tcp.read(CHUNK_BYTES)
            if not data:
                raise asyncio.IncompleteReadError(bytes(self._held), None)
            self._held += data
        if end > LONGEST_LINE:
            raise asyncio.LimitOverrunError("a line that is too long", end)
        return self._taken(end + 1)

    async def some(self, most: int) -> bytes:
        """Some bytes; none: nothing more comes."""
        return self._taken(most) if self._held else await self._tcp.read(most)

    def _taken(self, most: int) -> bytes:
        taken = bytes(self._held[:most])
        del self._held[:most]
        return taken
