"""The gate between two waves: the hosts of the first must be as healthy as they were before it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from time import monotonic

from opsdash.core.health import Health
from opsdash.core.text import clean_line, count

Look = Callable[[Sequence[str]], Awaitable[Mapping[str, "Sight"]]]
"""Asks these hosts anew and says how they are; a host that it leaves out is UNKNOWN."""

GATE_S = 60.0
"""For how long a host that is worse than before is given time to recover."""

PAUSE_S = 2.0


@dataclass(frozen=True, slots=True)
class Sight:
    """How a host is, and in a few words why."""

    health: Health
    why: str = ""


UNSEEN = Sight(Health.UNKNOWN, "nothing is known of it")


@dataclass(frozen=True, slots=True)
class HealthGate:
    """Looks before a wave and after it. `within_s` is how long hosts may take to be well again."""

    look: Look
    within_s: float = GATE_S
    pause_s: float = PAUSE_S

    async def before(self, hosts: Sequence[str]) -> Mapping[str, Sight]:
        """How the hosts of a wave are before it."""
        return await self.look(hosts)

    async def worse(self, hosts: Sequence[str], before: Mapping[str, Sight]) -> str:
        """Which of them are worse than before, as a sentence; empty: none, the next wave may go."""
        deadline = monotonic() + self.within_s
        while True:
            now = await self.look(hosts)
            text = _worse(hosts, before, now)
            if not text or monotonic() + self.pause_s > deadline:
                return text
            await asyncio.sleep(self.pause_s)


def _worse(hosts: Sequence[str], before: Mapping[str, Sight], now: Mapping[str, Sight]) -> str:
    found = [
        (name, before.get(name, UNSEEN), now.get(name, UNSEEN))
        for name in hosts
        if now.get(name, UNSEEN).health > before.get(name, UNSEEN).health
    ]
    if not found:
        return ""
    name, was, sight = max(found, key=lambda one: one[2].health)
    why = f": {clean_line(sight.why, 120)}" if sight.why else ""
    more = f", and {count(len(found) - 1, 'more host')}" if len(found) > 1 else ""
    return f"{name} is {sight.health.name} and was {was.health.name}{why}{more}"
