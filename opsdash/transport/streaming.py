"""A stream over any shell on a host: heard as fast as it is taken, and ended with its listener.

The login shell runs a shell that stays beside the script. It passes on our beats to the script, and
when they end, or none comes for some time because the link was cut, it ends the script with all
that is in its session: what follows a log notices only at the next line that nobody reads it.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from functools import lru_cache
from secrets import token_hex

from opsdash.core.errors import HostError
from opsdash.core.problem import Problem, ProblemKind
from opsdash.transport.base import STREAMS_PER_HOST, Piece
from opsdash.transport.channel import Shell, Start, Talk
from opsdash.transport.frames import WAITS
from opsdash.transport.marked import MarkedOutput, no_shell
from opsdash.transport.pulse import FIRST_ANSWER_S, until_next_grant_s
from opsdash.transport.supervised import as_line, one_line

WINDOW_BYTES = 262_144
"""On the way from one stream while it is not heard: of 200 hosts, 50 MB."""

HIGH_BYTES, LOW_BYTES = 262_144, 65_536
"""What is kept here before the host has to wait, and when it may go on."""

ERROR_BYTES = 65_536
"""Of error output in one stream not more is told: nobody reads it."""

_EARLY_BYTES = 8_192

BESIDE = r"""
IFS= read -r script
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
tell() { printf "\036%s %s\n" "$mark" "$1"; printf "\036%s %s\n" "$mark" "$1" >&2; }
beats() {
  printf "%s\n" "$script"
  while rd "$lease"; do echo; done
  kill -USR1 $$
}
finish() {
  ended=1
  trap "" USR1 TERM HUP INT
  kill -TERM "$own$child"
  sleep 0.3 || sleep 1
  kill -KILL "$own$child"
}
own= ended=
trap ended=1 USR1 TERM HUP INT
exec 3<&0 </dev/null
tell begin
if command -v setsid >/dev/null 2>&1; then
  own=-
  { beats <&3 2>/dev/null & } | setsid /bin/sh -c "IFS= read -r s; eval \"\$s\"" 3<&- &
else
  { beats <&3 2>/dev/null & } | /bin/sh -c "IFS= read -r s; eval \"\$s\"" 3<&- &
fi
child=$!
trap "finish 2>/dev/null" USR1 TERM HUP INT
[ "$ended" ] && finish 2>/dev/null
wait "$child" 2>/dev/null
status=$?
trap "" USR1 TERM HUP INT
[ "$ended" ] && exit 143
tell "$status"
# what was said must have arrived before the channel closes
while rd "$lease" <&3; do :; done
"""


@lru_cache(maxsize=1)
def _beside() -> str:
    return one_line(BESIDE)


def lease_s(beat_s: float) -> int:
    """Seconds without a beat after which the host ends the stream by itself."""
    return max(4, round(beat_s * 3))


def stream_lines(script: bytes, mark: str, beat_s: float) -> bytes:
    """What the shell on the host reads before the beats; ValueError for a script that holds NUL."""
    given = f"mark={mark} lease={lease_s(beat_s)}; {_beside()}"
    return f"{WAITS}\n{given}\n".encode() + as_line(script) + b"\n"


class _Hearing:
    """What has come and was not taken yet; who is full makes the host wait."""

    def __init__(self, mark: str) -> None:
        self._marked = (MarkedOutput(mark), MarkedOutput(mark))
        self._kept: deque[Piece] = deque()
        self._bytes = 0
        self._errors_left = ERROR_BYTES
        self._news = asyncio.Event()
        self._paused = False
        self._deaf = False
        self.talk: Talk | None = None
        self.early = b""
        self.status = 0
        self.gone = False

    def feed(self, data: bytes) -> None:
        """Output."""
        if not self._marked[0].begun:
            self.early = (self.early + data)[-_EARLY_BYTES:]
        self._keep(Piece(self._marked[0].take(data)))

    def complain(self, data: bytes) -> None:
        """Error output."""
        if not self._marked[1].begun:
            self.early = (self.early + data)[-_EARLY_BYTES:]
        own = self._marked[1].take(data)[: self._errors_left]
        self._errors_left -= len(own)
        self._keep(Piece(own, is_error=True))

    def end(self) -> None:
        """The shell is gone."""
        self.gone = True
        self._news.set()

    def _keep(self, piece: Piece) -> None:
        self._news.set()
        if not piece.data or self._deaf:
            return
        self._kept.append(piece)
        self._bytes += len(piece.data)
        if self._bytes > HIGH_BYTES and not self._paused and self.talk is not None:
            self._paused = True
            self.talk.pause()

    @property
    def begun(self) -> bool:
        """Whether the script was started."""
        return self._marked[0].begun

    @property
    def ended(self) -> int | None:
        """The script's exit status, once both outputs have told it."""
        told = [marked.status for marked in self._marked]
        return None if None in told else told[0]

    async def next(self) -> Piece | None:
        """The next piece; None when there will be no more."""
        while not self._kept and not self.gone and self.ended is None:
            await self.anything()
        if not self._kept:
            return None
        piece = self._kept.popleft()
        self._bytes -= len(piece.data)
        if self._paused and self._bytes < LOW_BYTES and self.talk is not None:
            self._paused = False
            self.talk.resume()
        return piece

    async def anything(self) -> None:
        """Wait until something was said, or nothing will be."""
        self._news.clear()
        await self._news.wait()

    def stop(self) -> None:
        """Nobody takes anything any more."""
        self._deaf = True
        self._kept.clear()
        if self._paused and self.talk is not None:
            self.talk.resume()


async def _beat(talk: Talk, beat_s: float) -> None:
    """Say that somebody listens; many hosts at the same moments, as the pulse does."""
    loop = asyncio.get_running_loop()
    while True:
        await asyncio.sleep(until_next_grant_s(beat_s, loop.time()))
        talk.write(b"1\n")


class Streams:
    """The streams of one host: a few at a time."""

    def __init__(self) -> None:
        self._open = 0

    async def over(self, start: Start, script: bytes, beat_s: float) -> AsyncGenerator[Piece, None]:
        """A stream over a shell that `start` starts; see Connection.stream()."""
        if self._open >= STREAMS_PER_HOST:
            text = f"{STREAMS_PER_HOST} logs of this host are being read already"
            raise HostError(Problem(ProblemKind.SESSION, text, "close one of them"))
        self._open += 1
        try:
            async with aclosing(stream_over(start, script, beat_s)) as pieces:
                async for piece in pieces:
                    yield piece
        finally:
            self._open -= 1


async def stream_over(start: Start, script: bytes, beat_s: float) -> AsyncGenerator[Piece, None]:
    """A stream over the shell that `start` starts; see Connection.stream()."""
    mark = token_hex(8)
    hearing = _Hearing(mark)
    async with start(hearing, Shell(window_bytes=WINDOW_BYTES)) as talk:
        hearing.talk = talk
        talk.write(stream_lines(script, mark, beat_s))
        beating = asyncio.create_task(_beat(talk, beat_s), name="beats of a stream")
        try:
            first = await _first(hearing)
            while first is not None:
                yield first
                first = await hearing.next()
        finally:
            beating.cancel()
            hearing.stop()
            talk.write_eof()
            with suppress(asyncio.CancelledError):
                await beating
    if hearing.ended is None:
        raise HostError(_why(hearing))
    yield Piece(status=hearing.ended)


async def _first(hearing: _Hearing) -> Piece | None:
    """The first piece; HostError when the host does not even begin."""
    try:
        async with asyncio.timeout(FIRST_ANSWER_S):
            while not hearing.begun and not hearing.gone:
                await hearing.anything()
    except TimeoutError:
        text = f"connected, but no answer for {FIRST_ANSWER_S:.0f}s"
        raise HostError(Problem(ProblemKind.SILENT, text)) from None
    return await hearing.next()


def _why(hearing: _Hearing) -> Problem:
    if not hearing.begun:
        return no_shell(hearing.early, hearing.status)
    return Problem(ProblemKind.LOST, "the connection broke")
