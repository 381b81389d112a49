"""A port of this machine that leads somewhere else: each connection to it is led on by another."""

from __future__ import annotations

import asyncio
import errno
from collections.abc import Awaitable, Callable

from opsdash.core.errors import HostError
from opsdash.core.forward import HERE
from opsdash.core.problem import Problem, ProblemKind
from opsdash.transport.tcp import StreamTcp, Tcp

CHUNK_BYTES = 65_536


class LocalPort:
    """Listens on the loopback alone; `dial` makes the connection that each one is led on by, and
    HostError of it ends that one only.
    """

    def __init__(self, dial: Callable[[], Awaitable[Tcp]]) -> None:
        self._dial = dial
        self._server: asyncio.Server | None = None
        self._busy: set[asyncio.Task[None]] = set()
        self.made = 0
        self.sent_bytes = self.received_bytes = 0
        self.said = ""
        """Why the last connection that failed did; empty: the last one did not."""

    @property
    def open(self) -> int:
        """The connections that are open now."""
        return len(self._busy)

    async def listen(self, port: int) -> int:
        """Begin, on this port or (0) on any that is free; gives the port. HostError: it can't."""
        try:
            self._server = await asyncio.start_server(self._serve, HERE, port)
        except OSError as error:
            raise HostError(_not_ours(port, error)) from error
        found: int = self._server.sockets[0].getsockname()[1]
        return found

    async def close(self) -> None:
        """End it, with every connection."""
        if self._server is not None:
            self._server.close()
        for task in self._busy:
            task.cancel()
        if self._busy:
            await asyncio.wait(set(self._busy))
        if self._server is not None:
            await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None, "a server's handler runs in a task"  # noqa: S101
        self._busy.add(task)
        self.made += 1
        client = StreamTcp(reader, writer)
        try:
            await self._lead_on(client)
        except HostError as error:
            self.said = error.problem.text
            writer.transport.abort()  # a clean end would look like an answer
        except asyncio.CancelledError:
            writer.transport.abort()  # by close(): asyncio would log it as an error of ours
        finally:
            self._busy.discard(task)
            await client.close()

    async def _lead_on(self, client: Tcp) -> None:
        far = await self._dial()
        self.said = ""
        try:
            async with asyncio.TaskGroup() as both:
                both.create_task(self._copy(client, far, there=True))
                both.create_task(self._copy(far, client, there=False))
        except* ConnectionError:
            pass  # one of them was cut: so is the other
        finally:
            await far.close()

    async def _copy(self, source: Tcp, sink: Tcp, *, there: bool) -> None:
        while data := await source.read(CHUNK_BYTES):
            await sink.write(data)
            if there:
                self.sent_bytes += len(data)
            else:
                self.received_bytes += len(data)
        sink.write_eof()


def _not_ours(port: int, error: OSError) -> Problem:
    """Why a port of this machine can't be listened on."""
    other = port + 8000 if port < 1024 else port + 1
    if error.errno == errno.EADDRINUSE:
        text = f"port {port} of this machine is in use"
        hint = f"take another, as {other}:{port}; ss -ltnp 'sport = :{port}' says who has it"
    elif error.errno == errno.EACCES:
        text = f"only root may listen on port {port} of this machine"
        hint = f"take one from 1024 on: {other}:{port}"
    else:
        text, hint = f"port {port} of this machine: {error.strerror}", "take another one"
    return Problem(ProblemKind.CONFIG, text, hint)
