"""What outlives the program: findings, the last counters and the history go into the store."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

from opsdash.core.finding import Episode, FindingKey
from opsdash.core.history import Holdings, Stretch, step_for
from opsdash.core.plugin import Collector
from opsdash.core.reading import SampleKey
from opsdash.engine.chronicle import Chronicle
from opsdash.engine.framer import Framer
from opsdash.engine.historian import Historian
from opsdash.engine.judge import Judgement
from opsdash.engine.state import State
from opsdash.store.events import Events
from opsdash.store.frames import Frames
from opsdash.store.history import History
from opsdash.store.past import Past
from opsdash.store.store import Store

TURN_S = 1.0
"""What is news is saved so soon: whoever polls after a kill must not find it once more."""

SAVE_FINDINGS_EVERY = 10
"""Without news findings are saved after so many turns: that they are still there."""

LATE_S = 120.0
"""What ends now reaches a little further back than its length: steps are kept longer than that."""

SAVE_COUNTERS_EVERY = 300
"""Counters are saved after so many turns, and at the end."""


class Memory:
    """Saves what the state holds; `closed` gathers the findings that have ended meanwhile."""

    def __init__(
        self,
        state: State,
        collectors: Mapping[str, Collector],
        store: Store,
        clock: Callable[[], float],
    ) -> None:
        self._state = state
        self._collectors = collectors
        self._store = store
        self._clock = clock
        self.chronicle = Chronicle(Events(store), clock)
        self.historian = Historian(state, collectors, History(store), clock)
        self.framer = Framer(state, Frames(store), clock)
        self._past = Past(store)
        self.closed: set[FindingKey] = set()
        self._keys: dict[str, set[FindingKey]] = {}
        self._news = False

    async def past(self, host: str, key: SampleKey, since: float, until: float) -> Stretch:
        """What a metric of a host was, in the finest steps that are kept so long."""
        step = step_for(self._clock() - since - LATE_S)
        points = await self._past.points(host, key, since, until, step)
        return Stretch(step.seconds, points)

    async def holdings(self, host: str) -> Holdings:
        """What is remembered of a host's past."""
        keys, since = await self._past.keys(host), await self._past.begin(host)
        return Holdings(tuple(keys), since, self._store.notice)

    async def episodes(self, host: str) -> list[Episode]:
        """What was wrong with a host, the latest first."""
        return await self._store.episodes(host)

    def judged(self, host: str, judgement: Judgement) -> None:
        """Take note of what is over, and of all that is news."""
        self.closed.update(judgement.closed)
        keys = {finding.key for finding in judgement.findings}
        self._news |= bool(judgement.closed) or self._keys.get(host, set()) != keys
        self._keys[host] = keys
        self.chronicle.judged(host, judgement)
        self.framer.judged(host, judgement.health)

    async def save_findings(self) -> None:
        """Save again and again until cancelled."""
        turn = 0
        while True:
            await asyncio.sleep(TURN_S)
            turn += 1
            if self._news or turn % SAVE_FINDINGS_EVERY == 0:
                await self.save(counters=turn % SAVE_COUNTERS_EVERY == 0)

    async def save(self, *, counters: bool) -> None:
        """Save what is open and what has ended, and the counters if asked to."""
        states = self._state.snapshot().hosts.values()
        hosts = [state for state in states if state.at]
        closed, self.closed = self.closed, set()
        self._news = False
        seen = [finding for state in states for finding in state.findings]
        await self._store.save_findings(
            self._clock(), seen, closed, [state.name for state in hosts]
        )
        if counters:
            await self._store.save_counters(
                reading
                for state in hosts
                for name, reading in state.readings.items()
                if not reading.problem
                and (name == "uptime" or self._collectors[name].derive is not None)
            )
        if self._store.notice:
            self._state.notice(self._store.notice)
