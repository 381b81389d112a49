"""The one runner of local processes: argument lists only, a deadline, a byte cap."""

from __future__ import annotations

import asyncio
import errno
import os
import signal
import socket
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from time import monotonic

from opsdash.core.errors import HostError
from opsdash.core.problem import Problem, ProblemKind
from opsdash.transport.base import Completed
from opsdash.transport.channel import Listener, Talk

_CHUNK_BYTES = 65_536
_FAREWELL_S = 1.0


async def run(
    argv: Sequence[str],
    *,
    stdin: bytes = b"",
    timeout_s: float,
    max_bytes: int = 1_048_576,
    mark: str = "",
) -> Completed:
    """Run a program of this machine to its end.

    It gets a session of its own, so that whatever it starts dies with it when the deadline
    (`timeout_s`) passes or the caller is cancelled. Output beyond `max_bytes` ends it and is marked
    as truncated. A `mark` is put into its environment. HostError when it can't be started or does
    not end in time; its `ended` is the exit status of one that did, while what it started kept its
    output open.
    """
    began = monotonic()
    process = await _started(argv, stdin=PIPE if stdin else DEVNULL, mark=mark)
    kept, errors = bytearray(), bytearray()
    try:
        async with asyncio.timeout(timeout_s):
            truncated = await _communicate(process, stdin, (kept, errors), max_bytes)
    except TimeoutError:
        text = f"{argv[0]} did not end within {timeout_s:.0f}s"
        ended = process.returncode
        raise HostError(Problem(ProblemKind.TIMEOUT, text), bytes(kept), ended=ended) from None
    finally:
        await _end(process)
    status = process.returncode if process.returncode is not None else -signal.SIGKILL
    return Completed(status, bytes(kept), bytes(errors), truncated, monotonic() - began)


async def _started(argv: Sequence[str], *, stdin: int, mark: str = "") -> Process:
    env = {**os.environ, mark: "1"} if mark else None
    try:
        return await asyncio.create_subprocess_exec(
            *argv, stdin=stdin, stdout=PIPE, stderr=PIPE, start_new_session=True, env=env
        )
    except OSError as error:
        raise HostError(not_started(argv[0], error)) from error


def not_started(program: str, error: OSError) -> Problem:
    """Why a program of this machine does not run."""
    text = f"{program} can't be started: {error.strerror}"
    if isinstance(error, FileNotFoundError):
        return Problem(ProblemKind.MISSING_COMMAND, text)
    if error.errno in (errno.EMFILE, errno.ENFILE):
        return Problem(ProblemKind.FILES, text)
    if error.errno in (errno.ENOMEM, errno.EAGAIN):
        hint = "this machine has no room for another process: free -m; ulimit -u"
        return Problem(ProblemKind.FILES, text, hint)
    hint = f"look at the program here: type -a {program}; file $(command -v {program})"
    return Problem(ProblemKind.MISSING_COMMAND, text, hint)


async def _communicate(
    process: Process, stdin: bytes, kept: tuple[bytearray, bytearray], cap: int
) -> bool:
    """Feed it and keep both of its outputs; whether the first was cut."""

    async def feed() -> None:
        if process.stdin is not None:
            with suppress(BrokenPipeError, ConnectionResetError):
                process.stdin.write(stdin)
                await process.stdin.drain()
            process.stdin.close()

    async with asyncio.TaskGroup() as group:
        group.create_task(feed())
        out = group.create_task(_read(process.stdout, kept[0], cap, process))
        err = group.create_task(_read(process.stderr, kept[1], cap, process))
    if not (out.result() or err.result()):
        await process.wait()
    return out.result()


async def _read(
    stream: asyncio.StreamReader | None, kept: bytearray, cap: int, process: Process
) -> bool:
    """Keep all of a stream, or its first `cap` bytes: then the process is killed."""
    while stream is not None and (chunk := await stream.read(_CHUNK_BYTES)):
        kept += chunk[: cap - len(kept) + 1]
        if len(kept) > cap:
            del kept[cap:]
            _kill(process)
            return True
    return False


def _kill(process: Process) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


async def _end(process: Process) -> None:
    """Leave nothing behind: kill the session, take the exit status, close the pipes."""
    _kill(process)
    with suppress(TimeoutError):
        async with asyncio.timeout(1.0):
            await process.wait()
    transport = getattr(process, "_transport", None)
    if transport is not None:
        transport.close()


class _PipeTalk:
    """The input of a process; to one that has ended nothing is said."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self.heard = asyncio.Event()
        self.heard.set()

    def write(self, data: bytes) -> None:
        if self._process.stdin is not None and self._process.returncode is None:
            self._process.stdin.write(data)

    async def drain(self) -> None:
        if self._process.stdin is not None:
            with suppress(ConnectionError):
                await self._process.stdin.drain()

    def write_eof(self) -> None:
        if self._process.stdin is not None:
            self._process.stdin.close()

    def terminate(self) -> None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGTERM)

    def pause(self) -> None:
        self.heard.clear()

    def resume(self) -> None:
        self.heard.set()


@asynccontextmanager
async def talk(argv: Sequence[str], listener: Listener) -> AsyncGenerator[Talk, None]:
    """Run a program for as long as the block lasts; gives its input.

    At the end its input is closed; if that does not end it, it is killed. HostError when it can't
    be started.
    """
    process = await _started(argv, stdin=PIPE)
    talking = _PipeTalk(process)

    async def hear() -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(_pass_on(process.stdout, listener.feed, talking.heard))
            group.create_task(_pass_on(process.stderr, listener.complain, talking.heard))
        listener.status = await process.wait()
        listener.end()

    hearing = asyncio.create_task(hear(), name=f"hear {argv[0]}")
    try:
        yield talking
    finally:
        talking.resume()
        if process.stdin is not None:
            process.stdin.close()
        await asyncio.wait([hearing], timeout=_FAREWELL_S)
        await _end(process)
        hearing.cancel()
        await asyncio.wait([hearing])


async def _pass_on(
    stream: asyncio.StreamReader | None, to: Callable[[bytes], None], heard: asyncio.Event
) -> None:
    while stream is not None and (data := await stream.read(_CHUNK_BYTES)):
        to(data)
        await heard.wait()


async def on_socket(argv: Sequence[str]) -> tuple[socket.socket, Process]:
    """Start a program that speaks on a socket: our end of it, not blocking, and the process.

    Its error output is a pipe to be read; it leads a session of its own. HostError when it can't be
    started.
    """
    ours, theirs = socket.socketpair()
    try:
        process = await asyncio.create_subprocess_exec(
            *argv,
            stdin=theirs.fileno(),
            stdout=theirs.fileno(),
            stderr=PIPE,
            start_new_session=True,
        )
    except OSError as error:
        ours.close()
        text = f"{argv[0]} can't be started: {error.strerror}"
        raise HostError(Problem(ProblemKind.PROXY, text)) from error
    finally:
        theirs.close()
    ours.setblocking(False)
    return ours, process
