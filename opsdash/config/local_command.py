"""A program of this machine run for its text, from code that has no event loop of its own."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from opsdash.core.errors import HostError
from opsdash.core.problem import Problem, ProblemKind
from opsdash.core.text import clean_line, shorten
from opsdash.transport import process
from opsdash.transport.base import Completed
from opsdash.transport.marks import end_marked, new_mark

SAID_LIMIT = 200
"""Characters of a program's words that are told."""
_LOOKED_AT = 4_096
"""Bytes of its error output that they are looked for in, at either end."""


def run_for_text(argv: Sequence[str], *, timeout_s: float, max_bytes: int) -> str:
    """What a program prints, as text. Waits for it: never call this on an event loop.

    HostError when it can't be started, fails, takes longer than `timeout_s` seconds, prints more
    than `max_bytes` bytes, or no UTF-8; the problem's text holds its last words. One that is ended
    leaves nothing running that it started.
    """
    mark = new_mark()
    whole = False
    try:
        done = _waited_for(lambda: _done(argv, mark, timeout_s=timeout_s, max_bytes=max_bytes))
        _refuse_floods(argv[0], done, max_bytes)
        whole = True
    finally:
        if not whole:
            end_marked(mark)
    if done.status != 0:
        text = f"{argv[0]} {_ended(done.status)}{_said(done.stderr[-_LOOKED_AT:], slice(-3, None))}"
        raise HostError(Problem(ProblemKind.CONFIG, text))
    try:
        return done.stdout.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise HostError(Problem(ProblemKind.BAD_OUTPUT, f"{argv[0]} printed no UTF-8")) from None


def _done(argv: Sequence[str], mark: str, *, timeout_s: float, max_bytes: int) -> Completed:
    try:
        return asyncio.run(process.run(argv, timeout_s=timeout_s, max_bytes=max_bytes, mark=mark))
    except HostError as error:
        if error.problem.kind is not ProblemKind.TIMEOUT:
            raise
        status = error.ended
        if len(error.partial) >= max_bytes:  # what it started outlived its end
            raise _flood(argv[0], max_bytes, "") from None
        if status is None or status == -signal.SIGKILL:
            raise
        text = f"{argv[0]} {_ended(status)}, but what it started kept its output open"
        text += f" for {timeout_s:.0f}s: let that close stdout and stderr"
        raise HostError(Problem(ProblemKind.TIMEOUT, text)) from None


def _refuse_floods(name: str, done: Completed, max_bytes: int) -> None:
    if done.truncated:
        raise _flood(name, max_bytes, "")
    if len(done.stderr) >= max_bytes and done.status == -signal.SIGKILL:
        said = _said(done.stderr[:_LOOKED_AT], slice(0, 1))
        raise _flood(name, max_bytes, f" of errors{said}")


def _flood(name: str, max_bytes: int, of_what: str) -> HostError:
    text = f"{name} printed more than {max_bytes:,} bytes{of_what}"
    return HostError(Problem(ProblemKind.TRUNCATED, text))


def _ended(status: int) -> str:
    if status < 0:
        return f"was ended by signal {-status}"
    return f"failed ({status})" if status else "has ended"


def _said(errors: bytes, which: slice) -> str:
    lines = [clean_line(line) for line in errors.decode("utf-8", "replace").splitlines()]
    words = " ".join([line for line in lines if line][which])
    return f": {shorten(words, SAID_LIMIT)}" if words else ""


def _waited_for(running: Callable[[], Completed]) -> Completed:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return running()
    with ThreadPoolExecutor(1) as beside:  # a loop that waits here has another that does not
        return beside.submit(running).result()
