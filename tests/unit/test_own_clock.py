"""When nearly all clocks are off alike it is this machine's own, and that is said once."""

from __future__ import annotations

from types import MappingProxyType

import pytest

from opsdash.core.discover import checks
from opsdash.core.fleet import Fleet
from opsdash.core.health import Health
from opsdash.core.host import Host
from opsdash.core.plugin import Collector, Inquiry, Tier
from opsdash.core.reading import Reading
from opsdash.core.snapshot import Link, LinkState
from opsdash.engine.own_clock import EVERY_S, OwnClock
from opsdash.engine.state import State
from tests.fleet_states import Clock

NOW = 1_800_000_000.0


def unused(output: object, host: str, at: float) -> Reading:
    raise AssertionError("nothing is parsed")


class Clocks:
    """A fleet whose clocks are ahead of the time of this program by so many seconds."""

    def __init__(self, *ahead_s: float | None) -> None:
        self.clock = Clock(at=NOW)
        self.jump_s = 0.0
        names = [f"h{number}" for number in range(len(ahead_s))]
        known = {
            "uptime": Collector("uptime", "Uptime", Tier.PULSE, unused),
            "clock": Collector("clock", "Clock", Tier.FACTS, unused),
        }
        hosts = MappingProxyType({name: Host(name) for name in names})
        self.state = State(Fleet(hosts, "hosts.yaml"), known, self.clock)
        self.own = OwnClock(self.state, self.clock, lambda: self.jump_s)
        for name, ahead in zip(names, ahead_s, strict=True):
            self.state.set_link(name, Link(LinkState.UP))
            if ahead is not None:
                self.tell(name, ahead)

    def tell(self, name: str, ahead_s: float) -> None:
        booted = {("clock.booted_at", ""): NOW - 5000 + ahead_s, ("clock.up_s", ""): 4990.0}
        told = Reading(name, "clock", NOW - 10, booted)
        pulse = Reading(name, "uptime", NOW, {("uptime.up_s", ""): 5000.0})
        self.state.take(name, [told, pulse])

    def look(self) -> tuple[str, ...]:
        self.clock.at += EVERY_S + 1
        self.own.look()
        return self.state.notices

    def found(self) -> dict[str, str]:
        check = checks()["clock-off"]
        said: dict[str, str] = {}
        for name, host in self.state.snapshot().hosts.items():
            asked = Inquiry(host, NOW, check.limits, lambda _: Health.OK, self.state.clock_ahead_s)
            for finding in check.judge(asked):
                said[name] = finding.summary
        return said


def test_one_host_that_is_wrong_is_wrong_itself() -> None:
    fleet = Clocks(0.1, -0.2, 0.0, -7200, 0.0)
    assert fleet.look() == ()
    assert fleet.found() == {"h3": "clock 2h behind (limit 60s)"}


def test_when_nearly_all_say_the_same_it_is_ours_and_they_are_held_against_each_other() -> None:
    fleet = Clocks(180.1, 179.8, 180.0, 181.0, 0.0, None)
    text = (
        "is this machine's clock 3m behind? 4 of 5 hosts say so: theirs are held against each other"
    )
    assert fleet.look() == (text,)
    assert fleet.look() == (text,)
    assert fleet.found() == {"h4": "clock 3m behind (limit 60s)"}
    for number in range(4):
        fleet.tell(f"h{number}", 0.0)
    assert fleet.look() == ()
    assert fleet.found() == {}


def test_two_hosts_are_no_majority_and_disagreement_is_none_either() -> None:
    assert Clocks(180, 180).look() == ()
    scattered = Clocks(180, 60, -300, 20, 7)
    assert scattered.look() == ()
    assert len(scattered.found()) == 5


def test_the_wall_clock_counts_once_it_has_been_set() -> None:
    fleet = Clocks(30.0, 30.0)
    fleet.look()
    assert len(fleet.found()) == 2
    fleet.jump_s = 30.0  # ntpd here has mended it; the time of this run goes on as it was
    assert fleet.look() == ()
    assert fleet.found() == {}


def test_hosts_that_are_not_connected_have_no_say() -> None:
    fleet = Clocks(180, 180, 180)
    fleet.state.set_link("h0", Link(LinkState.DOWN))
    assert fleet.look() == ()


@pytest.mark.parametrize("ahead_s", [4.0, -4.0])
def test_a_few_seconds_in_common_are_nothing(ahead_s: float) -> None:
    assert Clocks(ahead_s, ahead_s, ahead_s).look() == ()
