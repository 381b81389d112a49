"""One look at a fleet, for the command line: two pulses, all facts, then the answer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from types import MappingProxyType

from opsdash.core.discover import checks, collectors
from opsdash.core.fleet import Fleet
from opsdash.core.plugin import Tier
from opsdash.core.snapshot import HostState, LinkState, Snapshot
from opsdash.engine.session import Session
from opsdash.engine.surroundings import Surroundings

DEADLINE_S = 10.0
SHORTEST_WAIT_S = 0.2


def brisk(fleet: Fleet) -> Fleet:
    """The same fleet with pulses one second apart: rates need two, and nobody wants to wait."""
    hosts = {name: replace(host, interval_s=1) for name, host in fleet.hosts.items()}
    return replace(fleet, hosts=MappingProxyType(hosts))


def needs_longer() -> tuple[str, ...]:
    """The checks that one look can't answer: what they find must last a while, or needs root."""
    as_root = {one.name for one in collectors().values() if one.needs_root}
    return tuple(
        check.id
        for check in checks().values()
        if check.hold_s > 0 or not as_root.isdisjoint(check.reads)
    )


def _answered() -> Callable[[HostState], bool]:
    facts = [c.name for c in collectors().values() if c.tier is Tier.FACTS and not c.needs_root]

    def answered(state: HostState) -> bool:
        if state.link.state is LinkState.DOWN:
            return True
        known = state.value("cpu.busy_ratio") is not None and state.probed
        return known and all(name in state.readings for name in facts)

    return answered


def _knows(names: Sequence[str]) -> Callable[[HostState], bool]:
    def answered(state: HostState) -> bool:
        down = state.link.state is LinkState.DOWN
        return down or all(name in state.readings for name in names)

    return answered


async def settle(session: Session, deadline_s: float, on_demand: Sequence[str] = ()) -> None:
    """Wait until every host has answered in full or is known to be down, or for the deadline.

    With `on_demand` what these collectors know is wanted, and no more than that is waited for. The
    time in which a person is asked something does not count.
    """
    answered = _knows(on_demand) if on_demand else _answered()
    now = asyncio.get_running_loop().time
    left_s = deadline_s
    while not all(map(answered, session.snapshot().hosts.values())):
        began = now()
        for name in session.snapshot().hosts if on_demand else ():
            session.want(name, *on_demand)
        with suppress(TimeoutError):
            async with asyncio.timeout(max(left_s, SHORTEST_WAIT_S)):
                await session.change()
        if not session.asking:
            left_s -= now() - began
            if left_s <= 0:
                return


def for_one_look(fleet: Fleet, surroundings: Surroundings) -> Session:
    """A session that asks each host once."""
    # a script may call it every minute, and each sudo is a line in the host's log
    return Session(brisk(fleet), replace(surroundings, root=False))


async def look(session: Session, deadline_s: float, on_demand: Sequence[str] = ()) -> Snapshot:
    """The fleet as it is now, each host asked once; a host that takes too long is UNKNOWN.

    The session is begun and ended here. `on_demand` as in settle().
    """
    async with session:
        await settle(session, deadline_s, on_demand)
        return session.snapshot()
