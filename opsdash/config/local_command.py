"""A program of this machine run for its text, from code that has no event loop of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from opsdash.core.errors import HostError
from opsdash.core.problem import Problem, ProblemKind
from opsdash.core.text import clean_line, shorten
from opsdash.transport import process
from opsdash.transport.base import Completed

SAID_LIMIT = 200
"""Characters of a program's last words that are told."""


def run_for_text(argv: Sequence[str], *, timeout_s: float, max_bytes: int) -> str:
    """What a program prints, as text. Waits for it: never call this on an event loop.

    HostError when it can't be started, fails, takes longer than `timeout_s` seconds, prints more
    than `max_bytes` bytes, or no UTF-8; the problem's text holds its last words.
    """
    done = _waited_for(process.run(argv, timeout_s=timeout_s, max_bytes=max_bytes))
    name = argv[0]
    if done.truncated:
        text = f"{name} printed more than {max_bytes:,} bytes"
        raise HostError(Problem(ProblemKind.TRUNCATED, text))
    if done.status != 0:
        ended = (
            f"was ended by signal {-done.status}" if done.status < 0 else f"failed ({done.status})"
        )
        raise HostError(Problem(ProblemKind.CONFIG, f"{name} {ended}{_said(done.stderr)}"))
    try:
        return done.stdout.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise HostError(Problem(ProblemKind.BAD_OUTPUT, f"{name} printed no UTF-8")) from None


def _said(errors: bytes) -> str:
    lines = [clean_line(line) for line in errors.decode("utf-8", "replace").splitlines()]
    words = " ".join(line for line in lines[-3:] if line)
    return f": {shorten(words, SAID_LIMIT)}" if words else ""


def _waited_for(running: Coroutine[Any, Any, Completed]) -> Completed:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(running)
    with ThreadPoolExecutor(1) as beside:  # a loop that waits here has another that does not
        return beside.submit(asyncio.run, running).result()
