"""A way to a server that cuts, delays, garbles, floods or falls silent after so many bytes."""

from __future__ import annotations

import asyncio
import random
import socket
import struct
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

CHUNK_BYTES = 4096
FLOODS = {"flood": b"", "endless-line": b"x" * 65_536, "endless-lines": b"x\r\n" * 20_000}
"""What is sent for ever; an empty one means bytes by chance."""


@dataclass
class HostilePath:
    """What is done to the bytes that the server sends, from byte `at` on; None: nothing.

    `port` is where clients connect to, `passed` how many bytes the server has sent through.
    """

    target: int
    mischief: str = ""
    at: int | None = None
    port: int = 0
    passed: int = 0
    _flows: set[asyncio.Task[None]] = field(default_factory=set)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, until either side ends it."""
        upstream = await asyncio.open_connection("127.0.0.1", self.target)
        flows = [
            asyncio.create_task(self._there(reader, upstream[1])),
            asyncio.create_task(self._back(upstream[0], writer)),
        ]
        self._flows.update(flows)
        await asyncio.wait(flows, return_when=asyncio.FIRST_COMPLETED)
        for flow in flows:
            flow.cancel()
        await asyncio.wait(flows)
        self._flows.difference_update(flows)
        for end in (writer, upstream[1]):
            end.close()
            with suppress(OSError):
                await end.wait_closed()

    async def _there(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await source.read(CHUNK_BYTES):
                sink.write(data)
                await sink.drain()

    async def _back(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await source.read(CHUNK_BYTES):
                if self.at is not None and self.passed + len(data) > self.at:
                    keep = max(0, self.at - self.passed)
                    sink.write(data[:keep])
                    data = data[keep:]
                    if not await self._do(data, sink):
                        return
                else:
                    sink.write(data)
                self.passed += len(data)
                await sink.drain()

    async def _do(self, data: bytes, sink: asyncio.StreamWriter) -> bool:
        """The mischief; whether the connection goes on after it."""
        rng = random.Random(self.at)
        if self.mischief == "reset":
            linger = struct.pack("ii", 1, 0)
            sink.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            sink.transport.abort()
        if self.mischief == "silence":
            await asyncio.Event().wait()
        while self.mischief in FLOODS:
            sink.write(FLOODS[self.mischief] or rng.randbytes(65_536))
            await sink.drain()
        if self.mischief not in ("garble", "delay"):
            return False
        if self.mischief == "garble":
            data = _spoilt(data, rng)
        await asyncio.sleep(0.01)
        sink.write(data)
        return True


def _spoilt(data: bytes, rng: random.Random) -> bytes:
    """About one bit in 64 bytes is wrong, one at least."""
    spoilt = bytearray(data)
    for _ in range(1 + len(spoilt) // 64):
        spoilt[rng.randrange(len(spoilt))] ^= 1 << rng.randrange(8)
    return bytes(spoilt)


@asynccontextmanager
async def hostile_path(
    target: int, mischief: str = "", at: int | None = None
) -> AsyncGenerator[HostilePath, None]:
    """A path to a port of this machine."""
    path = HostilePath(target, mischief, at)
    connections: set[asyncio.Task[None]] = set()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        connections.add(task)
        try:
            await path.serve(reader, writer)
        finally:
            connections.discard(task)

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    path.port = server.sockets[0].getsockname()[1]
    try:
        yield path
    finally:
        server.close()
        for flow in list(path._flows):
            flow.cancel()
        if connections:
            await asyncio.wait(set(connections))
        await server.wait_closed()
