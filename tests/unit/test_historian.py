"""What the historian takes down of a host: what is new, what is its own, and how it spread."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from math import nan
from pathlib import Path
from types import MappingProxyType

import pytest

from opsdash.core.discover import collectors
from opsdash.core.fleet import Fleet
from opsdash.core.history import FINE, Holdings
from opsdash.core.host import Host
from opsdash.core.problem import Problem, ProblemKind
from opsdash.core.reading import Reading
from opsdash.core.series import Ring
from opsdash.core.snapshot import HostState
from opsdash.engine.historian import TURNS, Historian, kept_metrics, next_turn
from opsdash.engine.memory import Memory
from opsdash.engine.state import State
from opsdash.store.history import History
from opsdash.store.past import Past
from opsdash.store.store import Store

NOW = 1_795_759_207.0
BUSY = ("cpu.busy_ratio", "")


def reading(collector: str, *, at: float = NOW, **samples: float) -> Reading:
    """A reading of unlabelled metrics; ``name__label`` names a label, too."""
    found = {}
    for name, value in samples.items():
        metric, _, label = name.partition("__")
        found[f"{collector}.{metric}", label.replace("root", "/")] = value
    return Reading(collector=collector, host="web1", at=at, samples=found)


def state_of(*readings: Reading, **changes: object) -> HostState:
    """A host that delivered these readings just now."""
    by_name = {one.collector: one for one in readings}
    state = HostState(Host("web1"), at=NOW - 1, readings=by_name)
    return replace(state, **changes)  # type: ignore[arg-type]


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    opened = Store(tmp_path / "history.db")
    await opened.open()
    yield opened
    await opened.close()


def historian(store: Store, *hosts: str) -> tuple[Historian, State]:
    """A historian of hosts of which nothing is known yet, and their state."""
    fleet = Fleet(MappingProxyType({name: Host(name) for name in hosts}))
    state = State(fleet, collectors(), lambda: NOW)
    return Historian(state, collectors(), History(store), lambda: NOW), state


async def test_the_recent_values_are_summed_up_and_the_rest_is_as_it_is(store: Store) -> None:
    ring = Ring(10)
    for value in (0.9, nan, 0.25, 0.5, 0.75, 0.25, 0.75):
        ring.append(value)
    cpu = reading("cpu", busy_ratio=0.5, iowait_ratio=0.125, cores=4.0)
    disk = reading("filesystem", used_ratio__root=0.75, size_bytes__root=1e9)
    found = historian(store, "web1")[0].look(
        state_of(cpu, disk, series={"cpu.busy_ratio": ring}), NOW
    )
    assert found is not None
    assert found.at == 1_795_759_200
    assert found.keys == (BUSY, ("cpu.iowait_ratio", ""), ("filesystem.used_ratio", "/"))
    assert list(found.values) == [0.5, 0.125, 0.75]


async def test_nothing_new_is_a_gap(store: Store) -> None:
    taker, _ = historian(store, "web1")
    state = state_of(reading("cpu", busy_ratio=0.5))
    assert taker.look(state, NOW + 1) is not None
    assert taker.look(state, NOW + 10) is None
    assert taker.look(replace(state, at=NOW + 9), NOW + 10) is not None
    long_ago = replace(state, at=NOW - 3 * FINE.seconds)
    assert historian(store, "web1")[0].look(long_ago, NOW) is None
    assert taker.look(HostState(Host("db1")), NOW) is None


@pytest.mark.parametrize("later_s", range(0, 60, 10))
async def test_a_metric_that_comes_or_goes_is_noticed(store: Store, later_s: int) -> None:
    taker, _ = historian(store, "web1")
    cpu = {"busy_ratio": 0.5, "iowait_ratio": 0.25}
    kept: list[int] = []
    for turn, samples in enumerate((cpu, {"busy_ratio": 0.5}, {}, cpu)):
        now = NOW + later_s + 10 * turn
        found = taker.look(replace(state_of(reading("cpu", **samples)), at=now), now)
        kept.append(len(found.keys) if found else 0)
    assert kept == [2, 1, 0, 2]


async def test_what_arrives_after_the_first_look_is_in_the_next(store: Store) -> None:
    taker, _ = historian(store, "web1")
    load, disks = reading("load", one=1.0), reading("filesystem", used_ratio__root=0.5)
    first = taker.look(state_of(load), NOW)
    assert first is not None
    assert first.keys == (("load.one", ""),)
    moved = replace(reading("filesystem", used_ratio__b=0.5), at=NOW + 20)
    for turn, more, label in ((1, disks, "/"), (2, moved, "b")):
        now = NOW + 10 * turn
        found = taker.look(replace(state_of(load, more), at=now), now)
        assert found is not None
        assert found.keys == (("filesystem.used_ratio", label), ("load.one", ""))


async def test_what_is_not_the_hosts_own_or_failed_is_left_out(store: Store) -> None:
    taker, _ = historian(store, "web1")
    problem = Problem(ProblemKind.BAD_OUTPUT, "no")
    cpu = replace(reading("cpu"), problem=problem)
    disks = reading("diskio", read_bytes_per_s=5.0)
    load = reading("load", one=float("inf"))
    for unclear in ("lxc", None):
        assert taker.look(state_of(cpu, disks, load, container=unclear), NOW) is None
    found = historian(store, "web1")[0].look(state_of(cpu, disks, load, container=""), NOW)
    assert found is not None
    assert found.keys == (("diskio.read_bytes_per_s", ""),)


async def test_every_host_has_its_turn_once_in_ten_seconds(store: Store) -> None:
    names = [f"web{number}" for number in range(25)]
    taker, state = historian(store, *names)
    for name in names:
        state.take(name, [replace(reading("cpu", busy_ratio=0.5), host=name)])
    for turn in range(TURNS):
        await taker.take_down(1_795_759_200 + turn)
    assert await store.query("SELECT count(*), count(DISTINCT host) FROM history_fine") == [
        (25, 25)
    ]
    points = await Past(store).points("web7", BUSY, NOW - 10, NOW, FINE)
    assert [point.mean for point in points] == [0.5]


@pytest.mark.parametrize(
    ("second", "now", "expected"),
    [
        (100, 100.25, (101, 0.75)),
        (100, 101.5, (101, 0.0)),  # late: at once
        (100, 109.5, (101, 0.0)),
        (100, 99.5, (101, 1.5)),  # woken a little early
        (100, 110.5, (111, 0.5)),  # this machine slept, or the clock went ahead
        (100, 40.5, (41, 0.5)),  # the clock was set back
    ],
)
def test_turns_go_by_the_clock_and_none_is_left_out(
    second: int, now: float, expected: tuple[int, float]
) -> None:
    assert next_turn(second, now) == expected


def test_counters_have_no_history_but_their_rates_have() -> None:
    kept = kept_metrics(collectors()["network"])
    assert "network.receive_bytes_per_s" in kept
    assert "network.receive_bytes" not in kept
    assert not kept_metrics(collectors()["os"])


async def test_what_was_taken_down_is_read_as_finely_as_it_is_kept_so_long(store: Store) -> None:
    taker, state = historian(store, "web1")
    memory = Memory(state, collectors(), store, lambda: NOW)
    state.take("web1", [reading("cpu", busy_ratio=0.5)])
    await taker.take_down(1_795_759_200)
    for span_s, step in ((3600, 10), (3700, 10), (6 * 3600, 60), (7 * 86_400, 300)):
        found = await memory.past("web1", BUSY, NOW - span_s, NOW)
        assert found.step_s == step
        assert [point.mean for point in found.points] == [0.5]
    held = await memory.holdings("web1")
    assert (held.keys, held.since, held.notice) == ((BUSY,), 1_795_759_200, "")
    store.notice = "nothing is remembered"
    assert (await memory.holdings("nobody")) == Holdings((), None, "nothing is remembered")
