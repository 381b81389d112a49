"""Carrying out an order by any way to a host: its input given, its outputs heard and capped, its
end known, and nothing of it left behind.
"""

from __future__ import annotations

import asyncio
import re
from contextlib import aclosing, suppress
from secrets import token_hex
from time import monotonic

from opsdash.core.errors import HostError
from opsdash.core.problem import Problem, ProblemKind
from opsdash.transport.base import Completed, Connection, Elevation, Heard, Order
from opsdash.transport.channel import Shell, Start, Talk
from opsdash.transport.elevate import elevation, find_root, refused
from opsdash.transport.frames import BOOT
from opsdash.transport.marked import MarkedOutput, no_shell
from opsdash.transport.order_input import input_bytes, input_pieces
from opsdash.transport.supervised import GRACE_S, boot, command_lines, end_of_input, risen, stays

STOPPED = 143
"""The exit status of a command that was ended: killed by TERM, as a shell says it."""

_AS_INPUT = "give binary data to the command on its standard input"

_EARLY_BYTES = 8_192
_ASKED = re.compile(rb"assword[^\n]*: ?$")


class _Hearing:
    """Both outputs of an order, up to its cap. `over` is set when nothing more is to be waited
    for: the command has ended, or too much came, or the shell that ran it is gone.
    """

    def __init__(self, order: Order, heard: Heard | None, mark: str, *, on_tty: bool) -> None:
        self._room = order.max_bytes
        self._keeps = order.keeps_output
        self._heard = heard
        self._marked = (MarkedOutput(mark), MarkedOutput(mark))
        self._waited_for = self._marked[:1] if on_tty else self._marked
        self.kept = (bytearray(), bytearray())
        self.early = bytearray()
        self.status = 0
        self.truncated = False
        self.gone = False
        self.over = asyncio.Event()
        self._news = asyncio.Event()

    def feed(self, data: bytes) -> None:
        """Output."""
        self._take(data, is_error=False)

    def complain(self, data: bytes) -> None:
        """Error output."""
        self._take(data, is_error=True)

    def end(self) -> None:
        """The shell is gone."""
        self.gone = True
        self.over.set()
        self._news.set()

    def _take(self, data: bytes, *, is_error: bool) -> None:
        marked = self._marked[is_error]
        was_early = not marked.begun
        own = marked.take(data)
        if was_early:  # of a piece in which the command begins, what comes before that
            said = data[: len(data) - marked.behind_bytes]
            self.early = (self.early + said)[-_EARLY_BYTES:]
            self._news.set()
        if self.ended is not None:
            self.over.set()
        if not own or self.truncated:
            return
        kept, self._room = own[: self._room], self._room - len(own)
        if self._keeps or is_error:
            self.kept[is_error].extend(kept)
        if self._room < 0:
            self.truncated = True
            self.over.set()
        if self._heard is not None and kept:
            self._heard(kept, is_error)

    def fed(self, feeding: asyncio.Task[None]) -> None:
        """All of its input was sent, or there was none to send."""
        if not feeding.cancelled() and feeding.exception() is not None:
            self.over.set()

    @property
    def begun(self) -> bool:
        """Whether the command was started."""
        return self._marked[0].begun

    @property
    def ended(self) -> int | None:
        """The command's exit status, once both outputs have told it."""
        told = [marked.status for marked in self._waited_for]
        return None if None in told else told[0]

    async def news(self) -> None:
        """Wait for something that is said before the command begins."""
        self._news.clear()
        if not self.gone:
            await self._news.wait()


def no_terminal(host: str) -> Problem:
    """What a way says that has no terminal for what asks for a password on one."""
    text = f"needs root: {host} asks for the password on a terminal, and this way has none"
    return Problem(ProblemKind.DENIED, text, "reach it by opsdash's own ssh: transport: ssh")


async def elevated(connection: Connection, order: Order, by: Elevation | None) -> Elevation:
    """How an order becomes root: as was said, or by what takes no password; DENIED if neither."""
    if not order.root:
        return Elevation()
    return by or elevation(await find_root(connection.execute))


async def run_over(start: Start, order: Order, heard: Heard | None, by: Elevation) -> Completed:
    """Run an order by the shell that `start` starts, as root if `by` says how.

    However this ends, the command is ended too if it has not ended by itself: a cancelled task
    waits for that, a few seconds at most. HostError TIMEOUT when the order's time is over, LOST
    when the shell is gone without having told of an end, DENIED when root is refused.
    """
    began = monotonic()
    if b"\0" in order.script:
        raise HostError(Problem(ProblemKind.UNSUPPORTED, "a script can't hold NUL", _AS_INPUT))
    mark = token_hex(8)
    hearing = _Hearing(order, heard, mark, on_tty=by.on_tty)
    shell = Shell(BOOT if by.words else boot(), on_tty=by.on_tty)
    async with start(hearing, shell) as talk:
        feeding: asyncio.Task[None] | None = None
        try:
            async with asyncio.timeout(order.timeout_s):
                await _rise(talk, hearing, by)
                feeding = asyncio.create_task(_feed(talk, order, mark, on_tty=by.on_tty))
                feeding.add_done_callback(hearing.fed)
                await hearing.over.wait()
                if feeding.done():
                    feeding.result()
        except TimeoutError:
            text = f"did not end within {order.timeout_s:g}s, and was ended"
            problem = Problem(ProblemKind.TIMEOUT, text, "give it more time, or look why it hangs")
            raise HostError(problem, bytes(hearing.kept[0])) from None
        finally:
            if feeding is not None:
                feeding.cancel()
            if hearing.ended is None and not hearing.gone:
                await _stop(talk, hearing)
    return _completed(hearing, by, monotonic() - began)


async def _feed(talk: Talk, order: Order, mark: str, *, on_tty: bool) -> None:
    """All that the shell over there is to read: itself, the command, and the command's input."""
    stdin_bytes = input_bytes(order)
    talk.write(command_lines(order, mark, stdin_bytes=stdin_bytes, tty=on_tty))
    sent = 0
    async with aclosing(input_pieces(order)) as pieces:
        async for piece in pieces:
            await talk.drain()
            talk.write(piece)
            sent += len(piece)
    if sent != stdin_bytes:
        text = "the file that was sent changed meanwhile: the command was ended"
        raise HostError(Problem(ProblemKind.UNSUPPORTED, text, "send it again when it is at rest"))
    if stdin_bytes:
        talk.write(end_of_input(mark))


async def _rise(talk: Talk, hearing: _Hearing, by: Elevation) -> None:
    """Become who is wanted. A password is given when it is asked for, and only once; a host that
    does not ask never sees it.
    """
    if not by.words:
        return
    beside = stays().encode() + b"\n"
    if by.password is None:
        talk.write(risen(by.words) + beside)
        return
    asks, ready = token_hex(8), (token_hex(4), token_hex(4))
    talk.write(risen(by.asking(asks), ready=ready, tty=by.on_tty))
    given = False
    while "".join(ready).encode() not in hearing.early:
        if hearing.gone:
            raise HostError(refused(bytes(hearing.early), by))
        if asks.encode() in hearing.early or _ASKED.search(hearing.early):
            if given:
                raise HostError(refused(b"incorrect password", by))
            given = True
            hearing.early.clear()
            talk.write(by.password.reveal() + b"\n")
        await hearing.news()
    talk.write(beside)


async def _stop(talk: Talk, hearing: _Hearing) -> None:
    """End the command, and wait until it has: the shell beside it tells.

    The end of input ends it on every kind of host, whoever it became. The signal is for a shell
    that is still busy with an input which the command does not take.
    """
    hearing.truncated = True  # whatever still comes is nobody's
    for step in (talk.write_eof, talk.terminate):
        step()
        with suppress(TimeoutError):
            async with asyncio.timeout(GRACE_S + 1):
                while hearing.ended is None and not hearing.gone:
                    hearing.over.clear()
                    await hearing.over.wait()
                return


def _completed(hearing: _Hearing, by: Elevation, took_s: float) -> Completed:
    stdout, stderr = bytes(hearing.kept[0]), bytes(hearing.kept[1])
    if hearing.truncated:
        return Completed(STOPPED, stdout, stderr, truncated=True, took_s=took_s)
    if hearing.ended is not None:
        around = bytes(hearing.early)
        return Completed(hearing.ended, stdout, stderr, took_s=took_s, around=around)
    if not hearing.begun:
        if by.words and hearing.status:
            raise HostError(refused(bytes(hearing.early), by, hearing.status))
        raise HostError(no_shell(bytes(hearing.early), hearing.status))
    text = "the connection broke in mid-command: how it ended is not known"
    raise HostError(Problem(ProblemKind.LOST, text), stdout)
