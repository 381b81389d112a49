"""Running one command over SSH so that its end is known and nothing stays behind."""

from __future__ import annotations

import asyncio
import re
from contextlib import suppress

import asyncssh

from opsdash.core.errors import HostError
from opsdash.core.problem import Problem, ProblemKind
from opsdash.core.secret import Secret
from opsdash.transport.base import Completed
from opsdash.transport.ssh.problems import CAUGHT, explain

_CHUNK_BYTES = 65_536
_FAREWELL_S = 1.0
_QUESTION_BYTES = 4096


class Answer:
    """A password for whatever asks for one on a terminal: typed once, when the question is there.

    What is typed before that is lost: a program that asks drops what was typed ahead.
    """

    def __init__(self, secret: Secret) -> None:
        self._secret = secret

    async def give(self, process: asyncssh.SSHClientProcess[bytes]) -> None:
        """Wait for the question and answer it; what was put out before it is no output."""
        said = bytearray()
        while chunk := await process.stdout.read(_QUESTION_BYTES):
            said = (said + chunk)[-_QUESTION_BYTES:]
            if re.search(rb"assword[^\n]*: ?$", said):
                process.stdin.write(self._secret.reveal() + b"\n")
                return
        reason = bytes(said).decode("utf-8", "replace").strip().splitlines()
        text = f"needs root: {reason[-1] if reason else 'no password was asked for'}"
        raise HostError(Problem(ProblemKind.DENIED, text))


async def execute(
    connection: asyncssh.SSHClientConnection,
    command: str,
    stdin: bytes | Answer,
    timeout_s: float,
    max_bytes: int,
) -> Completed:
    """Run a command to its end, its input given, its output capped at `max_bytes`.

    With an Answer as its input it gets a terminal, and both outputs are one.

    asyncssh's own ``run()`` returns normally when the connection dies and leaves the remote
    process when it is cancelled; here the first is a HostError and the second ends the process.
    """
    process: asyncssh.SSHClientProcess[bytes] | None = None
    kept = bytearray()
    try:
        async with asyncio.timeout(timeout_s):
            on_tty = isinstance(stdin, Answer)
            process = await connection.create_process(
                command, encoding=None, request_pty=on_tty, term_type="dumb" if on_tty else None
            )
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
    process: asyncssh.SSHClientProcess[bytes], stdin: bytes | Answer, kept: bytearray, cap: int
) -> Completed:
    """Both outputs to their end: one that nobody reads would stop the other."""
    with suppress(BrokenPipeError, ConnectionError):
        if isinstance(stdin, Answer):
            await stdin.give(process)
        else:
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
