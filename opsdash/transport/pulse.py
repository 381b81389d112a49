"""The pulse over any stream: the remote loop's frames, asked for in time and put together."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, aclosing
from secrets import token_hex

from opsdash.core.clock import now
from opsdash.core.errors import HostError
from opsdash.core.plugin import Collector
from opsdash.core.problem import Problem, ProblemKind
from opsdash.core.reading import Reading
from opsdash.transport.accounts import account_refused
from opsdash.transport.frames import (
    GRANT,
    end_mark,
    pulse_files,
    pulse_script,
    read_frame,
    split_frame,
)

MAX_FRAME_BYTES = 1_048_576
FIRST_ANSWER_S = 15.0
"""A login shell may take this long to start before its host counts as silent."""

LAPSED = "the host ended the pulse"
"""It heard no grant in time: the link or this machine was slow, and nothing is broken."""

SILENT_AFTER_S = 6.0
"""A host that is asked and says nothing for this long, or for three intervals, is silent."""


class Frames:
    """Puts together the frames that arrive, and keeps the newest: nobody waits for an old one."""

    def __init__(self, nonce: str) -> None:
        self._end = end_mark(nonce)
        self._buffer = bytearray()
        self._frame: bytes | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._deadline = 0.0
        self._alarm: asyncio.TimerHandle | None = None
        self._errors = bytearray()
        self._flooded = False
        self.received = 0
        self.status = 0
        self.ended = False

    def feed(self, data: bytes) -> None:
        """Output of the remote loop, in whatever parts it comes."""
        # a mark may have come in two parts, so a little of what was searched is searched again
        start = max(0, len(self._buffer) - len(self._end))
        self._buffer += data
        while (at := self._buffer.find(self._end, start)) >= 0:
            self._frame = bytes(self._buffer[:at])
            del self._buffer[: at + len(self._end)]
            start = 0
            self.received += 1
            self._wake()
        if len(self._buffer) > MAX_FRAME_BYTES:
            self._buffer.clear()
            self._flooded = True
            self.end()

    def complain(self, data: bytes) -> None:
        """Error output: its end is kept for the words of the problem."""
        self._errors = (self._errors + data)[-1000:]

    def end(self) -> None:
        """There will be no more: whoever waits must know."""
        self.ended = True
        self._wake()

    async def next(self, patience_s: float) -> bytes:
        """The next frame; HostError when it does not come in time, or never will."""
        if self._frame is None and not self.ended:
            await self._arrival(patience_s)
        frame, self._frame = self._frame, None
        if frame is not None:
            return frame
        if self.ended:
            raise HostError(self.why_ended())
        text = f"connected, but no answer for {patience_s:.0f}s"
        raise HostError(Problem(ProblemKind.SILENT, text))

    async def _arrival(self, patience_s: float) -> None:
        """Wait for a frame, for the end, or until patience is over.

        One timer serves many frames: it is set again when it rings too early. A timer for each
        frame of a thousand hosts costs more than taking the frames apart.
        """
        loop = asyncio.get_running_loop()
        self._deadline = loop.time() + patience_s
        if self._alarm is not None and self._alarm.when() > self._deadline:
            self._alarm.cancel()
            self._alarm = None
        if self._alarm is None:
            self._alarm = loop.call_at(self._deadline, self._ring)
        self._waiter = loop.create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    def _ring(self) -> None:
        loop = asyncio.get_running_loop()
        self._alarm = None
        if self._waiter is None:
            return
        if loop.time() < self._deadline:
            self._alarm = loop.call_at(self._deadline, self._ring)
        else:
            self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def why_ended(self) -> Problem:
        """Why there will be no more frames: what the host said last, or that it said nothing."""
        said = self._errors.decode("utf-8", "replace").strip()
        if self._flooded:
            text = "cut off: more than 1M of output where a short answer was due"
            return Problem(ProblemKind.TRUNCATED, text)
        # nologin says why on its standard output
        put_out = self._buffer[-1000:].decode("utf-8", "replace")
        refused = None if self.received else account_refused(f"{said}\n{put_out}")
        if refused is not None:
            return refused
        if "awk: not found" in said:
            return Problem(ProblemKind.MISSING_COMMAND, "no awk on the host", "install awk there")
        if said:
            text = f"the session was closed: {said.splitlines()[-1]}"
            return Problem(ProblemKind.SESSION, text)
        if self.status:
            text = f"the session was closed with status {self.status}"
            return Problem(ProblemKind.SESSION, text)
        if not self.received:
            return Problem(ProblemKind.LOST, "the host closed the session without an answer")
        return Problem(ProblemKind.LOST, LAPSED)


TOGETHER_S = 0.1
"""Grants are sent at multiples of this, so that the answers of many hosts come together: what is
done for one host after the other, with other programs in between, costs twice as much."""


def until_next_grant_s(interval_s: float, at_s: float) -> float:
    """Seconds from `at_s`, on the loop's clock, to the grant one interval later, or nearly."""
    slots = round((at_s + interval_s) / TOGETHER_S)
    return max(0.0, slots * TOGETHER_S - at_s)


Send = Callable[[bytes], None]
"""Writes to the remote loop's input; when that is gone, it is the frames that are told."""

Open = Callable[[Frames], AbstractAsyncContextManager[Send]]
"""Starts the shell that runs the loop, feeds the frames from then on, and ends it at the exit."""


async def renewed(
    begin: Callable[[], AsyncGenerator[list[Reading], None]],
    stands: Callable[[], bool],
    interval_s: float,
) -> AsyncGenerator[list[Reading], None]:
    """The pulse of one remote loop after the other: one that lapsed is begun anew for as long as
    the connection stands; HostError when that is what broke.
    """
    while True:
        try:
            async with aclosing(begin()) as beats:
                async for readings in beats:
                    yield readings
        except HostError as error:
            if error.problem.text != LAPSED or not stands():
                raise
        await asyncio.sleep(interval_s)


async def pulse_over(
    start: Open, host: str, collectors: Sequence[Collector], interval_s: float
) -> AsyncGenerator[list[Reading], None]:
    """The readings of a host's pulse, every `interval_s` seconds; HostError when it breaks."""
    nonce = token_hex(4)
    files = pulse_files(collectors)
    paths = tuple(files)
    frames = Frames(nonce)
    async with start(frames) as send:
        if not frames.ended:
            send(pulse_script(files, nonce, interval_s))
        async with aclosing(_asked_for(send, frames, interval_s)) as granted:
            async for frame in granted:
                contents = split_frame(frame, paths, nonce)
                yield read_frame(collectors, contents, host, now())


async def _asked_for(send: Send, frames: Frames, interval_s: float) -> AsyncGenerator[bytes, None]:
    """Frames as they come, each run of GRANT asked for one interval after the last one came."""
    patience_s = max(FIRST_ANSWER_S, 3 * interval_s)
    granted = 0
    while True:
        if not frames.ended:  # an end already says why below
            send(f"{GRANT}\n".encode())
        granted += GRANT
        while frames.received < granted:
            yield await frames.next(patience_s)
            patience_s = max(SILENT_AFTER_S, 3 * interval_s)
        at_s = asyncio.get_running_loop().time()
        await asyncio.sleep(until_next_grant_s(interval_s, at_s))
