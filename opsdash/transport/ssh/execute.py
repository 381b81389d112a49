"""Running one command over SSH so that its end is known and nothing stays behind."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import asyncssh

from opsdash.core.errors import HostError
from opsdash.core.problem import Problem, ProblemKind
from opsdash.transport.base import Completed
from opsdash.transport.ssh.problems import CAUGHT, explain

_CHUNK_BYTES = 65_536
_FAREWELL_S = 1.0


async def execute(
    connection: asyncssh.SSHClientConnection,
    command: str,
    stdin: bytes,
    timeout_s: float,
    max_bytes: int,
) -> Completed:
    """Run a command to its end, its input given, its output capped at `max_bytes`.

    asyncssh's own ``run()`` returns normally when the connection dies and leaves the remote
    process when it is cancelled; here the first is a HostError and the second ends the process.
    """
    process: asyncssh.SSHClientProcess[bytes] | None = None
    kept = bytearray()
    try:
        async with asyncio.timeout(timeout_s):
            process = await connection.create_process(command, encoding=None)
            return await _finish(process, stdin, kept, max_bytes)
    except TimeoutError:
        text = f"no answer within {timeout_s:.0f}s"
        raise HostError(Problem(ProblemKind.TIMEOUT, text), bytes(kept)) from None
    except asyncssh.ChannelOpenError as error:
        refused = "sshd allows no further session (MaxSessions)"
        lost = connection.is_closed()
        kind, text = (
            (ProblemKind.LOST, "connection lost") if lost else (ProblemKind.SESSION, refused)
        )
        raise HostError(Problem(kind, text)) from error
    except CAUGHT as error:
        raise HostError(explain(error, command.split()[0])) from error
    finally:
        if process is not None:
            await _end(process)


async def _finish(
    process: asyncssh.SSHClientProcess[bytes], stdin: bytes, kept: bytearray, cap: int
) -> Completed:
    """Both outputs to their end: one that nobody reads would stop the other."""
    with suppress(BrokenPipeError, ConnectionError):
        process.stdin.write(stdin)
        process.stdin.write_eof()
    errors = bytearray()
    reading = [
        asyncio.create_task(_read(process.stdout, kept, cap)),
        asyncio.create_task(_read(process.stderr, errors, max(cap, _CHUNK_BYTES))),
    ]
    try:
        for ended in asyncio.as_completed(reading):
            if await ended:
                return Completed(-15, bytes(kept), bytes(errors), truncated=True)
    finally:
        for task in reading:
            task.cancel()
    await process.wait_closed()
    if process.exit_status is None and process.exit_signal is None:
        raise HostError(Problem(ProblemKind.LOST, "the connection broke in mid-command"))
    return Completed(process.returncode or 0, bytes(kept), bytes(errors))


async def _read(stream: asyncssh.SSHReader[bytes], kept: bytearray, cap: int) -> bool:
    """Keep all of a stream, or its first `cap` bytes; whether it was cut there."""
    while chunk := await stream.read(_CHUNK_BYTES):
        kept += chunk[: cap - len(kept) + 1]
        if len(kept) > cap:
            del kept[cap:]
            return True
    return False


async def _end(process: asyncssh.SSHClientProcess[bytes]) -> None:
    """End the remote process if it is still there; sshd would keep it, and its channel."""
    with suppress(*CAUGHT):
        if process.exit_status is None and process.exit_signal is None:
            process.terminate()
        process.close()
        async with asyncio.timeout(_FAREWELL_S):
            await process.wait_closed()
