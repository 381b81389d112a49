"""Waiting for a state, with a deadline; never for a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


async def wait_for(
    happened: Callable[[], bool], *, within_s: float = 30.0, what: str = "it"
) -> None:
    """Return as soon as `happened()` is true; fail when that takes longer than `within_s`."""
    try:
        async with asyncio.timeout(within_s):
            while not happened():
                await asyncio.sleep(0.02)
    except TimeoutError:
        raise AssertionError(f"{what} did not happen within {within_s:.0f} s") from None
