"""Whatever comes, goes, is killed, hangs and wakes: one polls, and never two."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from opsdash.core.holder import Holder, Role
from opsdash.engine.turns import BEAT_S, HUNG_S, Turns

ROLES = (Role.WATCH, Role.SCREEN, Role.SCREEN)
ACTIONS = ["look", "look", "look", "look", "start", "start", "kill", "stop"]
ACTIONS += ["hang", "wake", "wait", "wait"]
STEPS = st.lists(
    st.tuples(
        st.sampled_from(ACTIONS),
        st.integers(0, len(ROLES) - 1),
    ),
    min_size=20,
    max_size=60,
)


@dataclass
class Clock:
    at: float = 1000.0

    def __call__(self) -> float:
        return self.at


class Program:
    """One of those that share a store; killed, it is gone without a word."""

    def __init__(self, folder: Path, number: int, clock: Clock) -> None:
        self.turns = Turns(folder, Holder(number + 1, ROLES[number]), self, clock)
        self.polls = self.hangs = False
        self._clock = clock
        self._looked_at = clock()

    async def take_up(self) -> None:
        self.polls = True

    async def hand_over(self, to: Holder | None, *, lost: bool) -> None:
        self.polls = False
        if lost:
            assert self._clock() - self._looked_at >= HUNG_S - BEAT_S, "taken from one that lives"

    async def look(self) -> None:
        await self.turns._look()
        self._looked_at = self._clock()

    def stand_by(self, holder: Holder | None, silent_s: float) -> None:
        assert not self.polls


@dataclass
class World:
    """All of them over one folder."""

    folder: Path
    clock: Clock = field(default_factory=Clock)
    there: dict[int, Program] = field(default_factory=dict)

    async def step(self, what: str, number: int) -> None:
        one = self.there.get(number)
        if what == "wait":
            self.clock.at += HUNG_S / 3
        elif what == "start" and one is None:
            self.there[number] = Program(self.folder, number, self.clock)
        elif one is not None:
            await self._let(one, what, number)

    async def _let(self, one: Program, what: str, number: int) -> None:
        if what in ("hang", "wake"):
            one.hangs = what == "hang"
        elif what == "kill":
            for lease in (one.turns._poller.lease, one.turns._screen.lease):
                lease.release()  # as the kernel does
            del self.there[number]
        elif what == "stop" and not one.hangs:
            await one.turns.stop()
            del self.there[number]
        elif what == "look" and not one.hangs:
            await one.look()

    @property
    def polling(self) -> list[int]:
        """Who polls and may write: whoever lost it and has not seen it yet may not."""
        there = self.there.items()
        return [number for number, one in there if one.polls and not one.turns.lost]


async def _all_of(steps: list[tuple[str, int]], folder: Path) -> tuple[list[int], list[int]]:
    """Who polls in the end, and who lives and does not hang."""
    world = World(folder)
    for what, number in steps:
        await world.step(what, number)
        assert len(world.polling) <= 1
    # those that live go on for a while: in the end one of them polls
    for _ in range(20):
        world.clock.at += HUNG_S / 8
        for number in list(world.there):
            await world.step("look", number)
            assert len(world.polling) <= 1
    awake, polling = [n for n, one in world.there.items() if not one.hangs], world.polling
    for number in list(world.there):
        await world.step("kill", number)
    return polling, awake


@settings(max_examples=50)
@given(STEPS)
def test_one_polls_and_never_two(steps: list[tuple[str, int]]) -> None:
    with TemporaryDirectory() as folder:
        polling, awake = asyncio.run(_all_of(steps, Path(folder)))
    assert len(polling) == 1 or not awake
    screens = [number for number in awake if ROLES[number] is Role.SCREEN]
    assert not awake or {*polling} <= {*(screens or awake)}
