"""How hosts are right now, as the health gate between two waves wants to know it: asked anew."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Protocol

from opsdash.core.clock import now
from opsdash.core.discover import collectors
from opsdash.core.health import Health
from opsdash.core.plugin import Tier
from opsdash.core.snapshot import HostState, LinkState, Snapshot
from opsdash.engine.health_gate import Sight

FRESH_S = 15.0
"""How long hosts may take to answer all that is asked of them anew."""


class Watched(Protocol):
    """A fleet that is being watched."""

    def snapshot(self) -> Snapshot:
        """The whole fleet as it is known now."""
        ...

    async def change(self) -> None:
        """Wait until any host has changed."""
        ...

    def refresh(self, names: tuple[str, ...] = ()) -> None:
        """Ask these hosts again at once."""
        ...


class SessionLook:
    """Asks a session's hosts anew and waits for what they say: an older word is none."""

    def __init__(self, watched: Watched) -> None:
        self._watched = watched
        self._facts = frozenset(
            one.name
            for one in collectors().values()
            if one.tier is Tier.FACTS and not one.needs_root
        )

    async def __call__(self, hosts: Sequence[str]) -> Mapping[str, Sight]:
        """How they are; one that does not answer in time is UNKNOWN."""
        since = now()
        self._watched.refresh(tuple(hosts))
        with suppress(TimeoutError):
            async with asyncio.timeout(FRESH_S):
                while not all(self._answered(state, since) for state in self._states(hosts)):
                    await self._watched.change()
        return {state.name: self._sight(state, since) for state in self._states(hosts)}

    def _states(self, hosts: Sequence[str]) -> list[HostState]:
        known = self._watched.snapshot().hosts
        return [known[name] for name in hosts if name in known]

    def _answered(self, state: HostState, since: float) -> bool:
        if state.link.state is LinkState.DOWN:
            return True
        if state.at <= since or state.value("cpu.busy_ratio") is None:
            return False
        asked = [state.readings.get(name) for name in self._facts]
        return all(reading is not None and reading.at > since for reading in asked)

    def _sight(self, state: HostState, since: float) -> Sight:
        if not self._answered(state, since):
            return Sight(Health.UNKNOWN, "it did not answer in time")
        problem = state.link.broken_by
        if state.link.state is LinkState.DOWN:
            return Sight(Health.DOWN, problem.text if problem else "")
        return Sight(state.health, state.why.summary if state.why else "")
