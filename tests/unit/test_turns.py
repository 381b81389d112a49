"""One program polls at a time: a screen before a watch, nobody twice, nobody who hangs."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event

import pytest

from opsdash.core.holder import Holder, Role
from opsdash.engine import turns
from opsdash.engine.turns import HUNG_S, Turns
from opsdash.store.lease import Lease
from tests.waiting import wait_for

POLLING: set[str] = set()
"""Who polls now; one at most, whatever happens."""


@dataclass
class Clock:
    at: float = 1000.0

    def __call__(self) -> float:
        return self.at


@dataclass
class Worker:
    """Notes what it is told; while it works it is the only one, unless it was lost."""

    name: str
    said: list[str] = field(default_factory=list)
    holder: Holder | None = None
    silent_s: float = 0.0

    async def take_up(self) -> None:
        assert set() == POLLING
        POLLING.add(self.name)
        self.said.append("up")

    async def hand_over(self, to: Holder | None, *, lost: bool) -> None:
        POLLING.discard(self.name)
        self.said.append("lost" if lost else f"over to {to.pid if to else 0}")

    def stand_by(self, holder: Holder | None, silent_s: float) -> None:
        self.holder, self.silent_s = holder, silent_s


@dataclass
class Program:
    """One program at a store; it does something only when it is let."""

    work: Worker
    turns: Turns

    async def look(self, times: int = 1) -> None:
        for _ in range(times):
            await self.turns._look()


@pytest.fixture(autouse=True)
def nobody_polls() -> None:
    POLLING.clear()


@pytest.fixture
def clock() -> Clock:
    return Clock()


Start = Callable[[str, Role, int], Program]


@pytest.fixture
def start(tmp_path: Path, clock: Clock) -> Start:
    def begin(name: str, role: Role, pid: int) -> Program:
        work = Worker(name)
        return Program(work, Turns(tmp_path, Holder(pid, role, "ops", "here"), work, clock))

    return begin


async def test_a_screen_alone_polls_at_its_first_look_and_a_watch_at_its_second(
    start: Start,
) -> None:
    screen = start("screen", Role.SCREEN, 1)
    await screen.look()
    assert {"screen"} == POLLING
    await screen.turns.stop()
    assert set() == POLLING
    watch = start("watch", Role.WATCH, 2)
    await watch.look()
    assert set() == POLLING
    await watch.look()
    assert {"watch"} == POLLING


async def test_a_watch_hands_over_to_a_screen_and_resumes_when_it_is_gone(start: Start) -> None:
    watch, screen = start("watch", Role.WATCH, 1), start("screen", Role.SCREEN, 2)
    await watch.look(2)
    await screen.look()
    assert {"watch"} == POLLING
    assert screen.work.holder is not None
    assert screen.work.holder.words("here") == "a watch of ops (pid 1)"
    await watch.look()
    assert set() == POLLING
    await screen.look()
    assert {"screen"} == POLLING
    await watch.look(5)
    assert watch.work.said == ["up", "over to 2"]
    await screen.turns.stop()
    await watch.look(2)
    assert watch.work.said == ["up", "over to 2", "up"]


async def test_a_second_screen_knows_who_polls_and_goes_before_the_watch(start: Start) -> None:
    first, watch = start("first", Role.SCREEN, 1), start("watch", Role.WATCH, 2)
    second = start("second", Role.SCREEN, 3)
    await first.look()
    await watch.look(3)
    await second.look()
    assert {"first"} == POLLING
    assert second.work.holder == Holder(1, Role.SCREEN, "ops", "here")
    await first.turns.stop()
    await watch.look()
    await second.look()
    await watch.look(3)
    assert {"second"} == POLLING
    assert watch.work.said == []


@pytest.mark.parametrize("other", [Role.WATCH, Role.SCREEN])
async def test_a_screen_takes_from_a_holder_that_hangs_who_sees_it_when_it_wakes(
    start: Start, clock: Clock, other: Role
) -> None:
    hung, screen = start("hung", other, 1), start("screen", Role.SCREEN, 2)
    await hung.look(2)
    await screen.look()
    clock.at += HUNG_S - 1
    await screen.look()
    assert {"hung"} == POLLING
    assert screen.work.silent_s == HUNG_S - 1
    POLLING.clear()  # it hangs: it does not poll
    clock.at += 1
    await screen.look()
    assert {"screen"} == POLLING
    assert hung.turns.lost
    await hung.look()
    assert hung.work.said == ["up", "lost"]
    await hung.look(5)
    assert {"screen"} == POLLING
    assert screen.work.said == ["up"]


async def test_a_watch_takes_from_a_screen_that_hangs_and_gives_it_back(
    start: Start, clock: Clock
) -> None:
    screen, watch = start("screen", Role.SCREEN, 1), start("watch", Role.WATCH, 2)
    await screen.look()
    await watch.look()
    POLLING.clear()
    clock.at += HUNG_S
    await watch.look(2)
    assert {"watch"} == POLLING
    clock.at += 100
    await screen.look()
    assert screen.work.said == ["up", "lost"]
    await screen.look()
    await watch.look()
    await screen.look()
    assert {"screen"} == POLLING
    assert watch.work.said == ["up", "over to 1"]


async def test_a_holder_that_lives_is_left_alone_for_hours(start: Start, clock: Clock) -> None:
    first, second = start("first", Role.SCREEN, 1), start("second", Role.SCREEN, 2)
    watch = start("watch", Role.WATCH, 3)
    for _ in range(1000):
        clock.at += 10
        for one in (first, second, watch):
            await one.look()
    assert (first.work.said, second.work.said, watch.work.said) == (["up"], [], [])
    assert second.work.silent_s < HUNG_S


async def test_it_goes_by_itself_and_ends_what_it_began(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "LOOK_S", 0.01)
    watch, screen = start("watch", Role.WATCH, 1), start("screen", Role.SCREEN, 2)
    bugs: list[asyncio.Task[None]] = []
    await watch.turns.start(bugs.append)
    await wait_for(lambda: {"watch"} == POLLING)
    await screen.turns.start(bugs.append)
    await wait_for(lambda: {"screen"} == POLLING)
    await screen.turns.stop()
    await wait_for(lambda: {"watch"} == POLLING)
    await watch.turns.stop()
    assert set() == POLLING
    assert all(task.cancelled() for task in bugs)


async def test_where_no_lock_can_be_had_each_polls(tmp_path: Path) -> None:
    work = Worker("screen")
    program = Program(work, Turns(tmp_path / "none", Holder(1, Role.SCREEN), work))
    await program.look(3)
    assert work.said == ["up"]
    assert not program.turns.lost
    await program.turns.stop()
    assert work.said == ["up", "over to 0"]


@pytest.mark.parametrize(
    "text", [b"", b"\xff\xfe", b"[]", b'{"pid": 1}', b'{"pid": "x", "role": "watch"}', b"1" * 9999]
)
def test_a_holder_that_wrote_nonsense_is_still_one(tmp_path: Path, text: bytes) -> None:
    path = tmp_path / "poller.lock"
    ours = Lease(path)
    assert ours.take(Holder(1, Role.WATCH))
    path.write_bytes(text)
    found = Lease(path).holder()
    assert found is not None
    assert found.words("here").startswith("a screen of somebody")


def test_a_holder_is_cleaned_and_its_file_is_nobody_elses(tmp_path: Path) -> None:
    path = tmp_path / "poller.lock"
    ours, theirs = Lease(path), Lease(path)
    assert ours.take(Holder(7, Role.WATCH, "o\x1b[2Jps", "far", 5.0, "/etc/hosts.yaml"))
    assert not theirs.take(Holder(8, Role.WATCH))
    found = theirs.holder()
    assert found is not None
    assert found.words("here") == "a watch of ops (pid 7 on far)"
    assert path.stat().st_mode & 0o777 == 0o600
    assert json.loads(path.read_text())["fleet"] == "/etc/hosts.yaml"
    ours.release()
    assert theirs.holder() is None
    assert theirs.take(Holder(8, Role.WATCH))


async def test_resolvers_that_hang_do_not_make_a_holder_seem_to_hang(
    start: Start, clock: Clock
) -> None:
    loop, hanging = asyncio.get_running_loop(), Event()
    first, second = start("first", Role.SCREEN, 1), start("second", Role.SCREEN, 2)
    await first.look()
    crowd = [loop.run_in_executor(None, hanging.wait) for _ in range(64)]
    try:
        for _ in range(5):
            clock.at += HUNG_S / 2
            async with asyncio.timeout(5):
                await first.look()
                await second.look()
        assert {"first"} == POLLING
    finally:
        hanging.set()
        await asyncio.gather(*crowd)
