"""This machine's clock and sleep: ages hold, and what happened is said, for a while."""

from __future__ import annotations

from types import MappingProxyType

from opsdash.core.clock import SteadyClock
from opsdash.core.fleet import Fleet
from opsdash.core.host import Host
from opsdash.engine.own_machine import GRACE_S, NOTICE_S, OwnMachine
from opsdash.engine.state import State


class Times:
    """A wall clock and the time since the boot, moved by the test."""

    def __init__(self) -> None:
        self.wall, self.elapsed = 1_800_000_000.0, 500.0
        self.clock = SteadyClock(lambda: self.wall, lambda: self.elapsed)
        fleet = Fleet(MappingProxyType({"web1": Host("web1")}), "test")
        self.state = State(fleet, {}, self.clock)
        self.machine = OwnMachine(self.state, self.clock, self.clock.jump_s)

    def passes(self, seconds: float) -> bool:
        """So much time, and a look at the end of it."""
        self.wall += seconds
        self.elapsed += seconds
        return self.machine.look()


def test_the_clock_is_the_walls_until_somebody_sets_that() -> None:
    times = Times()
    times.passes(60)
    assert times.clock() == times.wall == 1_800_000_060.0
    times.wall -= 3600
    assert times.clock() == 1_800_000_060.0
    assert times.clock.jump_s() == -3600


def test_a_clock_that_was_set_is_told_once_and_for_a_while() -> None:
    times = Times()
    times.passes(1)
    times.wall -= 3600
    assert not times.passes(1)
    said = "the clock of this machine was set back by 60m: ages still hold"
    assert times.state.notices == (said,)
    for _ in range(int(NOTICE_S)):
        times.passes(1)
        assert len(times.state.notices) == 1
    times.passes(1)
    assert not times.state.notices
    times.wall += 7200
    times.passes(1)
    assert "set forward by 2h" in times.state.notices[0]


def test_a_clock_that_is_corrected_a_little_is_nobodys_business() -> None:
    times = Times()
    times.passes(1)
    times.wall += 3
    times.passes(1)
    assert not times.state.notices


def test_after_a_sleep_everything_is_asked_anew_and_nothing_is_judged_for_a_moment() -> None:
    times = Times()
    assert not times.passes(1)
    assert not times.machine.just_awake
    assert times.passes(480)
    assert times.machine.just_awake
    assert times.state.notices == ("this machine slept for 8m: every host is asked again",)
    assert not times.passes(1)
    for _ in range(int(GRACE_S)):
        times.passes(1)
    assert not times.machine.just_awake


def test_a_busy_second_is_no_sleep() -> None:
    times = Times()
    times.passes(1)
    assert not times.passes(4)
    assert not times.machine.just_awake
