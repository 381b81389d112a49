"""What is usual among hosts with the same tags, and that a check gets to know it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from types import MappingProxyType

from opsdash.core.finding import Finding
from opsdash.core.fleet import Fleet
from opsdash.core.health import Health
from opsdash.core.host import Host
from opsdash.core.plugin import Check, Collector, Inquiry, Tier
from opsdash.core.reading import Output, Reading
from opsdash.core.snapshot import HostState, Link, LinkState
from opsdash.engine.judge import Judge
from opsdash.engine.peers import AGAIN_S, Peers
from opsdash.engine.state import State

T0 = 10_000.0
WEB = frozenset({"web"})


def host(name: str, speed: float | None, tags: frozenset[str] = WEB) -> HostState:
    samples = {} if speed is None else {("links.speed", "eno1"): speed}
    readings = {"links": Reading(name, "links", T0, samples)}
    return HostState(Host(name, tags=tags), readings=MappingProxyType(readings))


def test_the_median_of_hosts_with_the_same_tags() -> None:
    fleet = [host("a", 1.0), host("b", 10.0), host("c", 10.0), host("d", 10.0), host("e", None)]
    fleet += [host(f"x{number}", 40.0, frozenset({"db"})) for number in range(9)]
    peers = Peers(lambda: fleet)
    assert peers.usual(fleet[0], "links.speed", "eno1", T0) == 10.0
    assert peers.usual(fleet[0], "links.speed", "eno2", T0) is None
    assert peers.usual(fleet[-1], "links.speed", "eno1", T0) == 40.0


def test_a_few_hosts_make_nothing_usual() -> None:
    fleet = [host("a", 1.0), host("b", 10.0), host("c", 10.0)]
    assert Peers(lambda: fleet).usual(fleet[0], "links.speed", "eno1", T0) is None


def test_the_fleet_is_looked_at_once_a_minute() -> None:
    looks: list[int] = []

    def hosts() -> Iterator[HostState]:
        looks.append(1)
        return iter([host(name, float(len(looks))) for name in "abcd"])

    peers = Peers(hosts)
    for later in (0.0, 1.0, AGAIN_S - 1):
        assert peers.usual(host("a", 1.0), "links.speed", "eno1", T0 + later) == 1.0
    assert peers.usual(host("a", 1.0), "links.speed", "eno1", T0 + AGAIN_S) == 2.0


def parse(output: Output, name: str, at: float) -> Reading:
    del output
    return Reading(name, "links", at)


def test_a_check_of_one_host_hears_of_the_others() -> None:
    def judge_speed(inquiry: Inquiry) -> Iterator[Finding]:
        usual = inquiry.peers("links.speed", "eno1")
        yield Finding("slow", inquiry.state.name, Health.WARN, f"usual: {usual}")

    collector = Collector("links", "Links", Tier.FACTS, parse, command="true")
    names = ("a", "b", "c", "d")
    fleet = Fleet(MappingProxyType({name: Host(name, tags=WEB) for name in names}))
    state = State(fleet, {"links": collector}, lambda: T0)
    judge = Judge.over(
        {"slow": Check("slow", "Slow", judge_speed, ("links",))}, {"links": collector}
    )
    for name in names:
        state.set_link(name, Link(LinkState.UP, since=T0))
        state.take(name, [replace(host(name, 10.0).readings["links"], at=T0)])
    (finding,) = judge.judge_into(state, "a", T0).findings
    assert finding.summary == "usual: 10.0"
