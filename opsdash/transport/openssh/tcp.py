"""TCP connections over a running master: an ssh -W each, which only asks it for a channel."""

from __future__ import annotations

import asyncio
import re
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable, Sequence
from contextlib import suppress

from opsdash.core.errors import HostError
from opsdash.core.forward import place
from opsdash.core.problem import Problem
from opsdash.transport.process import not_started
from opsdash.transport.tcp import CLOSE_S, OPEN_S, forbidden, not_there, too_slow

_STANDS = b"master session id"
"""What ssh -v says when the master has the channel; before that nothing is known."""

_FAILED = re.compile(r"open failed: ([^:\r\n]*)(?:: ([^\r\n]*))?")


class ProcessTcp:
    """One by the input and output of such an ssh."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._talking = asyncio.create_task(self._hear_out(), name="ssh -W")

    async def _hear_out(self) -> None:
        while self._process.stderr is not None and await self._process.stderr.read(4096):
            pass

    async def read(self, most: int) -> bytes:
        """Some bytes."""
        stdout = self._process.stdout
        return b"" if stdout is None else await stdout.read(most)

    async def write(self, data: bytes) -> None:
        """Send."""
        if self._process.stdin is not None:
            self._process.stdin.write(data)
            await self._process.stdin.drain()

    def write_eof(self) -> None:
        """Nothing more is sent."""
        if self._process.stdin is not None:
            self._process.stdin.close()

    async def close(self) -> None:
        """End it; what is still on its way may get there."""
        self.write_eof()
        await end(self._process)
        self._talking.cancel()
        await asyncio.wait([self._talking])


async def end(process: Process) -> None:
    """Let it end, or else kill it."""
    with suppress(TimeoutError):
        async with asyncio.timeout(CLOSE_S):
            await process.wait()
    if process.returncode is None:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
    transport = getattr(process, "_transport", None)
    if transport is not None:
        transport.close()


async def open_tcp(
    ssh: Sequence[str], host: str, port: int, *, name: str, master_said: Callable[[], str]
) -> ProcessTcp:
    """A connection from the host `name` to a port, by an `ssh` that goes over its master;
    HostError says why there is none, in the words of the master: its clients are told nothing.
    """
    where = place(host, port)
    argv = [*ssh[:-2], "-v", "-W", f"[{host}]:{port}", *ssh[-2:]]
    try:
        process = await asyncio.create_subprocess_exec(
            *argv, stdin=PIPE, stdout=PIPE, stderr=PIPE, start_new_session=True
        )
    except OSError as error:
        raise HostError(not_started(argv[0], error)) from error
    said = b""
    try:
        async with asyncio.timeout(OPEN_S):
            assert process.stderr is not None, "it was asked for"  # noqa: S101
            while _STANDS not in said and (data := await process.stderr.read(4096)):
                said += data
    except TimeoutError:
        await end(process)
        raise HostError(too_slow(where)) from None
    if _STANDS in said:
        return ProcessTcp(process)
    await end(process)
    raise HostError(refusal(master_said(), name, where))


def refusal(said: str, name: str, where: str) -> Problem:
    """Why a master got no connection, from the last thing that it complained of."""
    found = _FAILED.findall(said)
    if not found:
        return not_there(where, "refused by the host")
    kind, reason = found[-1]
    if "prohibited" in kind:
        return forbidden(name, where)
    return not_there(where, reason or kind)
