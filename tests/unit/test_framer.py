"""Frames are taken when a host's health changes, with who did it, and never too many of them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from pathlib import Path
from types import MappingProxyType

import pytest

from opsdash.core.discover import collectors
from opsdash.core.finding import Finding
from opsdash.core.fleet import Fleet
from opsdash.core.health import Health
from opsdash.core.host import Host
from opsdash.core.reading import Reading, Row
from opsdash.engine.framer import APART_S, MOST_AT_ONCE, ROUTINE_S, SETTLED_S, SUSPECTS, Framer
from opsdash.engine.state import State
from opsdash.store.frames import Frames
from opsdash.store.store import Store

NOW = 1_795_759_200.0
BUSY = Finding("cpu-busy", "web1", Health.WARN, "CPU 99% busy", since=NOW)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    opened = Store(tmp_path / "history.db")
    await opened.open()
    yield opened
    await opened.close()


class Life:
    """A fleet whose clock and health the test sets."""

    def __init__(self, store: Store, *hosts: str) -> None:
        self.now = NOW
        self.frames = Frames(store)
        fleet = Fleet(MappingProxyType({name: Host(name) for name in hosts}))
        self.state = State(fleet, collectors(), lambda: self.now)
        self.framer = Framer(self.state, self.frames, lambda: self.now)
        self.wanted: list[str] = []
        self.framer.want = self._want
        self._store = store

    def _want(self, host: str, names: Iterable[str], for_s: float) -> None:
        assert tuple(names) == SUSPECTS
        assert for_s > 0
        self.wanted.append(host)

    def turn(self, host: str, health: Health) -> None:
        self.state.set_judgement(host, health, (BUSY,) if health else ())
        self.framer.judged(host, health)

    def told(self, host: str, *names: str) -> None:
        """The host lists its processes: `names`."""
        rows: tuple[Row, ...] = tuple({"pid": 1, "name": name, "cores": 1.0} for name in names)
        both = [Reading(host, one, self.now, {}, rows) for one in ("top", "ps")]
        self.state.take(host, both)

    async def passes(self, seconds: float) -> None:
        for _ in range(int(seconds)):
            self.now += 1
            await self.framer.look()

    async def times(self, host: str = "web1") -> list[float]:
        rows = await self._store.query("SELECT at FROM frame WHERE host = ? ORDER BY at", (host,))
        return [float(str(at)) - NOW for (at,) in rows]

    async def names(self, after: float, host: str = "web1") -> list[object]:
        """The processes that are known of a moment."""
        frame = (await self.frames.latest([host], NOW + after))[host]
        return [row["name"] for row in frame.readings["top"].rows] if frame.readings else []


async def begun(store: Store, *hosts: str) -> Life:
    """Healthy hosts that were there before and had a frame."""
    life = Life(store, *hosts)
    await life.framer.begin()
    for host in hosts:
        life.turn(host, Health.OK)
    return life


async def test_worse_is_a_frame_at_once_and_one_with_the_culprit(store: Store) -> None:
    life = await begun(store, "web1")
    await life.passes(100)
    assert await life.times() == [SETTLED_S]  # the first frame of a host that is new
    life.told("web1", "init")
    life.turn("web1", Health.WARN)
    assert life.wanted == ["web1"]
    await life.passes(4)
    life.told("web1", "stress-ng")
    await life.passes(10)
    assert await life.times() == [SETTLED_S, 100, 105]
    assert await life.names(103) == ["init"]
    assert await life.names(200) == ["stress-ng"]
    found = (await life.frames.latest(["web1"], NOW + 103))["web1"]
    assert [one.summary for one in found.findings] == ["CPU 99% busy"]


async def test_a_frame_of_routine_puts_no_other_one_off(store: Store) -> None:
    life = await begun(store, "web1")
    await life.passes(SETTLED_S + 5)
    life.told("web1", "init")
    life.turn("web1", Health.WARN)
    await life.passes(1)
    life.told("web1", "stress-ng")
    await life.passes(1)
    assert await life.times() == [SETTLED_S, SETTLED_S + 5, SETTLED_S + 7]
    assert await life.names(100) == ["stress-ng"]
    # nor does one that is still to be taken
    soon = await begun(store, "web2")
    await soon.passes(5)
    soon.turn("web2", Health.WARN)
    await soon.passes(1)
    assert await soon.times("web2") == [5]


async def test_suspects_that_never_come_are_not_waited_for(store: Store) -> None:
    life = await begun(store, "web1")
    await life.passes(100)
    life.turn("web1", Health.WARN)
    await life.passes(40)
    assert await life.times() == [SETTLED_S, 100, 130]


async def test_better_is_a_frame_too_and_asks_nothing(store: Store) -> None:
    life = await begun(store, "web1")
    await life.passes(100)
    life.turn("web1", Health.DOWN)
    await life.passes(100)
    life.turn("web1", Health.OK)
    await life.passes(100)
    assert await life.times() == [SETTLED_S, 100, 200]
    assert life.wanted == []


@pytest.mark.parametrize("ill", [Health.WARN, Health.DOWN])
async def test_a_host_that_flaps_has_two_frames_a_minute_at_most(store: Store, ill: Health) -> None:
    life = await begun(store, "web1")
    await life.passes(100)
    for turn in range(60):
        life.turn("web1", (ill, Health.OK)[turn % 2])
        await life.passes(10)
    times = await life.times()
    assert len(times) <= 2 + 2 * 600 / APART_S
    life.turn("web1", Health.CRIT)
    life.turn("web1", Health.OK)
    await life.passes(APART_S + 1)
    found = (await life.frames.latest(["web1"], life.now))["web1"]
    assert found.findings == ()  # how it ended is there


async def test_the_culprit_of_the_first_change_is_not_lost_to_the_second(store: Store) -> None:
    life = await begun(store, "web1")
    await life.passes(100)
    life.turn("web1", Health.WARN)
    await life.passes(2)
    life.turn("web1", Health.CRIT)
    life.told("web1", "stress-ng")
    await life.passes(3)
    assert await life.names(105) == ["stress-ng"]
    await life.passes(APART_S)
    assert len(await life.times()) == 4


async def test_a_fleet_that_changes_at_once_is_taken_bit_by_bit(store: Store) -> None:
    hosts = [f"web{number}" for number in range(3 * MOST_AT_ONCE)]
    life = await begun(store, *hosts)
    await life.passes(100)
    for host in hosts:
        life.turn(host, Health.DOWN)
    await life.passes(1)
    taken = [host for host in hosts if (await life.times(host))[-1] >= 100]
    assert len(taken) == MOST_AT_ONCE
    await life.passes(2)
    assert all([(await life.times(host))[-1] >= 100 for host in hosts])


async def test_a_calm_host_has_a_frame_now_and_then(store: Store) -> None:
    life = await begun(store, "web1")
    await life.passes(SETTLED_S)
    life.now += ROUTINE_S
    await life.passes(3)
    assert await life.times() == [SETTLED_S, SETTLED_S + ROUTINE_S + 1]
    again = Life(store, "web1")
    again.now = life.now
    await again.framer.begin()
    again.turn("web1", Health.OK)
    await again.passes(60)
    assert len(await life.times()) == 2  # another run has no need for one
    again.now -= 3 * 86400
    await again.passes(3)
    assert len(await life.times()) == 3  # a clock that was set back does not end it


async def test_a_single_look_and_a_host_that_left_take_none(store: Store) -> None:
    life = Life(store, "web1")
    life.turn("web1", Health.CRIT)
    await life.passes(60)
    assert await life.times() == []
    life = await begun(store, "web1", "web2")
    life.turn("web1", Health.CRIT)
    fleet = Fleet(MappingProxyType({"web2": Host("web2")}))
    life.state.change_fleet(fleet, fleet)
    await life.passes(60)
    assert await life.times() == []
    assert await life.times("web2") == [SETTLED_S]
