"""The user's ProxyCommand: a process whose standard input and output are the way to the host."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from contextlib import AsyncExitStack, suppress

from opsdash.core.errors import HostError
from opsdash.core.problem import Problem, ProblemKind
from opsdash.transport.process import on_socket
from opsdash.transport.ssh.sockets import wait_for_banner
from opsdash.transport.ssh.trace import QUIET, Trace

FAREWELL_S = 1.0
LAST_WORDS_S = 2.0
"""How long one that has closed its output may take to end: a busy machine is no excuse."""

STDERR_BYTES = 4_000


class Proxy:
    """A running ProxyCommand. It ends when the connection through it does."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._said = bytearray()
        self._listening = asyncio.create_task(self._listen(), name="proxy command")

    async def _listen(self) -> None:
        """Keep the end of what it complains of, so that it never waits for a reader."""
        stderr = self._process.stderr
        while stderr is not None and (data := await stderr.read(4096)):
            self._said = (self._said + data)[-STDERR_BYTES:]

    async def why(self, problem: Problem) -> Problem:
        """The problem of a connection through it: its own last words, if it ended by itself."""
        with suppress(TimeoutError):
            async with asyncio.timeout(LAST_WORDS_S):
                await self._process.wait()
                await asyncio.shield(self._listening)
        status = self._process.returncode
        if status is None:
            return problem
        lines = self._said.decode("utf-8", "replace").strip().splitlines()
        said = f": {lines[-1]}" if lines else ""
        return Problem(ProblemKind.PROXY, f"ProxyCommand ended {_how(status)}{said}")

    async def end(self) -> None:
        """Let it end by the end of its input, and kill it if it does not."""
        with suppress(TimeoutError):
            async with asyncio.timeout(FAREWELL_S):
                await self._process.wait()
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        await self._process.wait()
        self._listening.cancel()
        await asyncio.wait([self._listening])


def _how(status: int) -> str:
    """An exit status in words; below zero it is a signal's."""
    return f"by signal {-status}" if status < 0 else f"with status {status}"


async def open_proxy(command: str, trace: Trace = QUIET) -> tuple[socket.socket, Proxy]:
    """Start a ProxyCommand and wait until the server behind it speaks; HostError says why not."""
    ours, process = await on_socket(["/bin/sh", "-c", f"exec {command}"])
    proxy = Proxy(process)
    async with AsyncExitStack() as on_failure:
        on_failure.push_async_callback(proxy.end)
        on_failure.callback(ours.close)
        try:
            await wait_for_banner(ours, "the ProxyCommand", trace)
        except HostError as error:
            raise HostError(await proxy.why(error.problem)) from error
        on_failure.pop_all()
    return ours, proxy
