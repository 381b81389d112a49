"""The pulse over SSH: one long-lived remote loop on one channel of one long-lived connection."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing, suppress
from secrets import token_hex
from time import time

import asyncssh

from opsdash.core.errors import HostError
from opsdash.core.plugin import Collector
from opsdash.core.problem import Problem, ProblemKind
from opsdash.core.reading import Reading
from opsdash.transport.frames import (
    BOOT,
    GRANT,
    end_mark,
    pulse_files,
    pulse_script,
    read_frame,
    split_frame,
)
from opsdash.transport.ssh.problems import CAUGHT, explain

MAX_FRAME_BYTES = 1_048_576
FIRST_ANSWER_S = 15.0
"""A login shell may take this long to start before its host counts as silent."""

LAPSED = "the host ended the pulse"
"""It heard no grant in time: the link or this machine was slow, and nothing is broken."""

SILENT_AFTER_S = 6.0
"""A host that is asked and says nothing for this long, or for three intervals, is silent."""


class PulseSession(asyncssh.SSHClientSession[bytes]):
    """Puts together the frames that arrive, and keeps the newest: nobody waits for an old one."""

    def __init__(self, nonce: str) -> None:
        self._end = end_mark(nonce)
        self._buffer = bytearray()
        self._frame: bytes | None = None
        self._stirred = asyncio.Event()
        self.errors = bytearray()
        self.received = 0
        self.flooded = False
        self.status = 0
        self.ended = False

    def data_received(self, data: bytes, datatype: int | None) -> None:
        """Collect output until the end mark; error output is kept for the error text."""
        if datatype is not None:
            self.errors = (self.errors + data)[-1000:]
            return
        # a mark may have come in two parts, so a little of what was searched is searched again
        start = max(0, len(self._buffer) - len(self._end))
        self._buffer += data
        while (at := self._buffer.find(self._end, start)) >= 0:
            self._frame = bytes(self._buffer[:at])
            del self._buffer[: at + len(self._end)]
            start = 0
            self.received += 1
            self._stirred.set()
        if len(self._buffer) > MAX_FRAME_BYTES:
            self.flooded = True
            self.ended = True
            self._stirred.set()

    def connection_lost(self, exc: Exception | None) -> None:
        """The channel is gone: whoever waits must know."""
        self.ended = True
        self._stirred.set()

    def eof_received(self) -> bool:
        """The loop has ended over there."""
        self.ended = True
        self._stirred.set()
        return False

    def exit_status_received(self, status: int) -> None:
        """The loop's exit status: anything but 0 was not our lease running out."""
        self.status = status

    async def frame(self) -> bytes | None:
        """The next frame, or None when there will be no more."""
        while self._frame is None and not self.ended:
            await self._stirred.wait()
            self._stirred.clear()
        frame, self._frame = self._frame, None
        return frame


async def pulse(
    connection: asyncssh.SSHClientConnection,
    host: str,
    collectors: Sequence[Collector],
    interval_s: float,
) -> AsyncGenerator[list[Reading], None]:
    """The readings of a host's pulse, every `interval_s` seconds; HostError when it breaks."""
    nonce = token_hex(4)
    files = pulse_files(collectors)
    paths = tuple(files)
    session = PulseSession(nonce)
    try:
        async with asyncio.timeout(FIRST_ANSWER_S):
            channel, _ = await connection.create_session(lambda: session, BOOT, encoding=None)
    except CAUGHT as error:
        raise HostError(explain(error, host)) from error
    try:
        with suppress(*CAUGHT):  # a session that is closed already says why below
            channel.write(pulse_script(files, nonce, interval_s))
        async with aclosing(_frames(channel, session, interval_s)) as frames:
            async for frame in frames:
                contents = split_frame(frame, paths, nonce)
                yield read_frame(collectors, contents, host, time())
    finally:
        with suppress(*CAUGHT):
            channel.write_eof()
        channel.close()


async def _frames(
    channel: asyncssh.SSHClientChannel[bytes],
    session: PulseSession,
    interval_s: float,
) -> AsyncGenerator[bytes, None]:
    """Frames as they come, each run of GRANT asked for one interval after the last one came."""
    patience_s = max(FIRST_ANSWER_S, 3 * interval_s)
    granted = 0
    while True:
        try:
            channel.write(f"{GRANT}\n".encode())
        except CAUGHT as error:
            raise HostError(_ended(session)) from error
        granted += GRANT
        while session.received < granted:
            yield await _next(session, patience_s)
            patience_s = max(SILENT_AFTER_S, 3 * interval_s)
        await asyncio.sleep(interval_s)


async def _next(session: PulseSession, patience_s: float) -> bytes:
    try:
        async with asyncio.timeout(patience_s):
            frame = await session.frame()
    except TimeoutError:
        text = f"connected, but no answer for {patience_s:.0f}s"
        raise HostError(Problem(ProblemKind.SILENT, text)) from None
    if frame is None:
        raise HostError(_ended(session))
    return frame


def _ended(session: PulseSession) -> Problem:
    """Why there will be no more frames: what the host said last, or that it said nothing."""
    said = session.errors.decode("utf-8", "replace").strip()
    if session.flooded:
        text = "cut off: more than 1M of output where a short answer was due"
        return Problem(ProblemKind.TRUNCATED, text)
    if "awk: not found" in said:
        return Problem(ProblemKind.MISSING_COMMAND, "no awk on the host", "install awk there")
    if said:
        return Problem(ProblemKind.SESSION, f"the session was closed: {said.splitlines()[-1]}")
    if session.status:
        return Problem(ProblemKind.SESSION, f"the session was closed with status {session.status}")
    if not session.received:
        return Problem(ProblemKind.LOST, "the host closed the session without an answer")
    return Problem(ProblemKind.LOST, LAPSED)
