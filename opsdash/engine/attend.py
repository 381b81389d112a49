"""Waiting for what a person may call off and what may take too long, and what came of it."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from time import monotonic
from typing import Any, TypeVar

from opsdash.transport.supervised import GRACE_S

T = TypeVar("T")

ENDING_S = 8.0
"""How long something that was called off is waited for: to end there, and to say so."""

SURELY_S = 2 * GRACE_S + 1.0
"""The transport waits a little longer than that for the host to tell of the end, and then no more:
what took so long has not been confirmed."""


class CalledOff(Exception):
    """A person called it off. `confirmed` says that what ran has ended."""

    def __init__(self, *, confirmed: bool) -> None:
        super().__init__("called off")
        self.confirmed = confirmed


class Overtime(Exception):
    """It took too long. `confirmed` says that what ran has ended."""

    def __init__(self, *, confirmed: bool) -> None:
        super().__init__("over its time")
        self.confirmed = confirmed


async def attend(work: Coroutine[Any, Any, T], off: asyncio.Event, longest_s: float) -> T:
    """What `work` gives or raises; CalledOff once `off` is set, Overtime after `longest_s` seconds.

    What ends by itself before it could be stopped has ended by itself: its own result is given.
    """
    doing = asyncio.ensure_future(work)
    calling = asyncio.ensure_future(off.wait())
    try:
        await asyncio.wait((doing, calling), timeout=longest_s, return_when=asyncio.FIRST_COMPLETED)
    finally:
        calling.cancel()
        told = monotonic()
        if not doing.done():
            doing.cancel()
            await asyncio.wait((doing,), timeout=ENDING_S)
    if doing.done() and not doing.cancelled():
        return doing.result()
    if not doing.done():
        doing.add_done_callback(_let_go)
    kind = CalledOff if off.is_set() else Overtime
    raise kind(confirmed=doing.done() and monotonic() - told < SURELY_S)


def _let_go(ended: asyncio.Future[Any]) -> None:
    """Nobody waits for it any more; take its error, or Python would complain."""
    if not ended.cancelled():
        ended.exception()
