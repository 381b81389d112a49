"""Hosts held against their peers every few seconds: what of them is odd stands in their state."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from opsdash.core.outliers import outliers
from opsdash.engine.state import State

EVERY_S = 10.0


class Comparer:
    """Marks what is unlike its peers twice in a row: a spike of one sample is nothing."""

    def __init__(self, state: State, clock: Callable[[], float]) -> None:
        self._state = state
        self._clock = clock
        self._before: frozenset[tuple[str, str]] = frozenset()

    async def run(self) -> None:
        """Compare every few seconds, until cancelled."""
        while True:
            await asyncio.sleep(EVERY_S)
            self.look()

    def look(self) -> None:
        """Compare once."""
        found = outliers(self._state.hosts(), self._clock())
        now = frozenset((host, one.figure) for host, odd in found.items() for one in odd)
        for state in list(self._state.hosts()):
            odd = found.get(state.name, ())
            if odd or state.odd:
                lasting = tuple(one for one in odd if (state.name, one.figure) in self._before)
                self._state.set_odd(state.name, lasting)
        self._before = now
