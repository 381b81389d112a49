"""The made-up fleet: repeatable, plausible, and everything in it comes and goes."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import pairwise
from types import MappingProxyType

import pytest

from opsdash.core.discover import checks, collectors
from opsdash.core.errors import HostError
from opsdash.core.health import Health
from opsdash.core.plugin import Tier
from opsdash.core.problem import ProblemKind
from opsdash.core.reading import MetricKind, Reading
from opsdash.engine.rehearsal import Rehearsal, simulate
from opsdash.transport.demo.cast import Cast, MadeUpHost, make_cast
from opsdash.transport.demo.incidents import INCIDENTS, Incident
from opsdash.transport.demo.schedule import Occurrence
from opsdash.transport.frames import pulse_files, read_frame

EPOCH = 1_800_000_000.0
PULSE = [one for one in collectors().values() if one.tier is Tier.PULSE]
FILES = pulse_files(PULSE)
HOUR_S = 3600.0
LONGEST_FACT_S = 130.0
"""The rarest fact of those that incidents change is asked for about so often."""

FOUND_BY = {
    "disk-fills": "disk-full",
    "service-fails": "unit-failed",
    "host-down": "host-unreachable",
    "cpu-busy": "cpu-saturated",
    "memory-low": "memory-low",
    "inodes-used-up": "inodes-full",
    "read-only": "filesystem-read-only",
    "sshd-down": "host-unreachable",
    "memory-leaks": "oom-killed",
    "reboot": "host-unreachable",
    "bastion-down": "host-unreachable",
    "sshd-hangs": "login-fails",
    "logins-slow": "login-slow",
    "host-key-changes": "login-fails",
    "account-expires": "login-fails",
    "keys-refused": "login-fails",
    "disk-slow": "disk-latency",
    "cpu-stolen": "cpu-steal",
    "network-errors": "network-errors",
    "zombies": "zombies",
    "queue-overflows": "listen-overflow",
    "handles-leak": "file-handles",
    "threads-leak": "processes-many",
    "connections-flood": "conntrack-full",
    "storage-hangs": "processes-stuck",
    "service-flaps": "unit-flapping",
    "clock-off": "clock-off",
}
"""The check that finds each incident."""


def readings_at(host: MadeUpHost, at_s: float) -> dict[str, Reading]:
    """What the pulse collectors read of a host at a moment."""
    play = host.connect(at_s).pulses(FILES)
    assert play is not None
    return {one.collector: one for one in read_frame(PULSE, play(at_s), host.one.name, at_s)}


def alone(cast: Cast, name: str) -> Cast:
    """The same host in a fleet of its own, with whom it is reached through."""
    names = [n for n in (cast.hosts[name].one.host.jump, name) if n]
    hosts = {n: cast.hosts[n] for n in names}
    fleet = replace(
        cast.fleet, hosts=MappingProxyType({n: one.one.host for n, one in hosts.items()})
    )
    return replace(cast, fleet=fleet, hosts=hosts)


def first(cast: Cast, incident: Incident) -> tuple[str, Occurrence]:
    """Who is struck by an incident first, once the demo runs."""
    found = [
        (occurrence.began_s, name, occurrence)
        for name, host in cast.hosts.items()
        for occurrence in host.timeline.past
        if occurrence.incident is incident and occurrence.began_s > 0
    ]
    _, name, occurrence = min(found, key=lambda one: one[:2])
    return name, occurrence


@pytest.fixture(scope="module")
def cast() -> Cast:
    """Two hundred hosts, planned for some hours."""
    made = make_cast(200, EPOCH)
    next(iter(made.hosts.values())).timeline.latest(3 * HOUR_S)
    return made


def test_the_same_moment_always_gives_the_same_bytes_whatever_was_asked_before() -> None:
    one, other, strange = (make_cast(30, EPOCH, seed) for seed in (1, 1, 2))
    for name in one.hosts:
        play = one.hosts[name].connect(0.0).pulses(FILES) if not ill(one, name) else None
        if play is None:
            continue
        early = [play(float(at)) for at in (0, 2)]
        again = other.hosts[name].connect(0.0).pulses(FILES)
        assert again is not None
        other.hosts[name].timeline.latest(9000.0)
        assert [again(float(at)) for at in (2, 0)] == early[::-1]
        assert early[0] != early[1]
    assert told(one) == told(make_cast(30, EPOCH, 1))
    assert told(one) != told(strange)


def told(cast: Cast) -> list[object]:
    """All that a screen could show of every host at the beginning."""
    hosts = simulate(cast).hosts.values()
    return [(state.host, state.link, state.readings, state.findings) for state in hosts]


def ill(cast: Cast, name: str) -> bool:
    """Whether a host can't be reached at first."""
    return cast.hosts[name].problem(0.0) is not None


def test_no_two_hosts_look_alike() -> None:
    cast = make_cast(100, EPOCH)
    busy = [state.value("cpu.busy_ratio") for state in simulate(cast).hosts.values() if state.at]
    assert len(set(busy)) > 0.9 * len(busy)


def test_counters_only_grow_within_a_boot_and_rates_are_never_negative(cast: Cast) -> None:
    counters = [m.name for c in PULSE for m in c.metrics if m.kind is MetricKind.COUNTER]
    derives = {one.name: one.derive for one in PULSE if one.derive is not None}
    for host in list(cast.hosts.values())[::9]:
        before: dict[str, Reading] = {}
        for at_s in (*range(0, 20, 2), *range(60, 7200, 240)):
            try:
                now = readings_at(host, float(at_s))
            except HostError:
                continue
            assert [r.problem for r in now.values() if r.problem] == []
            if before and before["uptime"].rows == now["uptime"].rows:
                up_s = now["uptime"].get("uptime.up_s") or 0
                elapsed_s = up_s - (before["uptime"].get("uptime.up_s") or 0)
                assert elapsed_s > 0
                for metric in counters:
                    reading, old = now[metric.split(".")[0]], before[metric.split(".")[0]]
                    for label, value in reading.labelled(metric).items():
                        assert value >= (old.get(metric, label) or 0), (host.one.name, metric)
                for name, derive in derives.items():
                    rates = derive(before[name], now[name], elapsed_s)
                    assert rates
                    assert all(rate >= 0 for rate in rates.values())
            before = now


def test_processor_time_adds_up_to_the_time_that_passed(cast: Cast) -> None:
    for host in list(cast.hosts.values())[:40]:
        try:
            early, late = (readings_at(host, at_s)["cpu"] for at_s in (100.0, 700.0))
        except HostError:
            continue
        passed = (late.get("cpu.total_s") or 0) - (early.get("cpu.total_s") or 0)
        if host.meter.booted_s(100.0) == host.meter.booted_s(700.0):
            assert passed == pytest.approx(600.0 * host.one.cores, rel=0.01)


@pytest.mark.parametrize(("at_s", "hosts"), [(0.0, 200), (600.0, 60)])
def test_a_few_hosts_are_sick_at_any_time_each_in_its_own_way(at_s: float, hosts: int) -> None:
    snapshot = simulate(make_cast(hosts, EPOCH), at_s, fine_for_s=20.0)
    counts = snapshot.counts()
    assert 0.85 * hosts <= counts[Health.OK] <= 0.985 * hosts
    assert counts[Health.CRIT]
    assert counts[Health.WARN]
    assert snapshot.notices == ()
    kinds = {finding.check for state in snapshot.hosts.values() for finding in state.findings}
    assert len(kinds) >= 4
    meant = {ProblemKind.UNSUPPORTED}
    for state in snapshot.hosts.values():
        unrecorded = [one.collector for one in state.readings.values() if _unrecorded(one)]
        assert unrecorded == [], "run tests/record_demo.py: a command has changed since"
        problems = {one.problem.kind for one in state.readings.values() if one.problem}
        assert problems <= meant, state.name


def _unrecorded(reading: Reading) -> bool:
    return reading.problem is not None and reading.problem.text.endswith(": not recorded")


def test_what_is_wrong_at_first_has_been_so_for_seconds_hours_and_days() -> None:
    snapshot = simulate(make_cast(200, EPOCH))
    found = [finding for state in snapshot.hosts.values() for finding in state.findings]
    ages_s = sorted(snapshot.at - finding.since for finding in found)
    assert ages_s[0] < 120
    assert ages_s[-1] > 86_400
    assert {finding.new for finding in found} == {True, False}


def test_some_disks_have_run_full_for_hours_before_the_demo_began() -> None:
    cast = make_cast(200, EPOCH)
    filling = [one.one for one in cast.hosts.values() if one.one.fills_s]
    assert filling
    states = simulate(cast).hosts
    for one in filling:
        left = states[one.name].trend("filesystem.available_bytes", one.disks[-1].mount)
        assert left is not None
        points = left.since(0.0)
        assert len(points) > 30
        assert points[-1][0] - points[0][0] > HOUR_S
        shrank = [after < before for (_, before), (_, after) in pairwise(points)]
        assert shrank.count(False) <= 1  # cleaned once at most


@pytest.mark.parametrize("count", [1, 3, 10])
def test_small_fleets_are_as_lively(count: int) -> None:
    cast = make_cast(count, EPOCH)
    assert len(cast.fleet.hosts) == count
    rehearsal = Rehearsal(cast)
    seen: Counter[bool] = Counter()
    for _ in range(100):
        rehearsal.go_on(20.0)
        seen[any(state.findings for state in rehearsal.states.values())] += 1
    assert seen[True] > 3
    assert count > 3 or seen[False] > 3


def test_a_fleet_of_two_thousand_hosts_has_two_thousand_names() -> None:
    cast = make_cast(2000, EPOCH)
    assert len(cast.hosts) == 2000
    assert len({one.one.host.address for one in cast.hosts.values()}) == 2000


@pytest.mark.parametrize("incident", INCIDENTS, ids=lambda one: one.name)
def test_every_incident_comes_is_found_and_goes(cast: Cast, incident: Incident) -> None:
    name, occurrence = first(cast, incident)
    rehearsal = Rehearsal(alone(cast, name), occurrence.began_s - 40)
    expected = FOUND_BY[incident.name]
    seen = []
    while rehearsal.at_s < occurrence.ends_s + LONGEST_FACT_S:
        rehearsal.go_on(5.0)
        at_s = rehearsal.at_s
        found = [finding.check for finding in rehearsal.states[name].findings]
        if at_s < occurrence.began_s:
            assert found == []
        elif at_s < occurrence.ends_s:
            seen += found
    assert expected in seen
    # that it was rebooted is told for an hour, and nothing else of what is over
    left = {finding.check for finding in rehearsal.states[name].findings}
    assert left == ({"rebooted"} if incident.reboots else set())


def test_a_dead_bastion_is_one_failure_and_not_one_for_each_host_behind_it(cast: Cast) -> None:
    incident = next(one for one in INCIDENTS if one.name == "bastion-down")
    name, occurrence = first(cast, incident)
    behind = [n for n, one in cast.hosts.items() if one.one.host.jump == name]
    assert behind
    few = {n: cast.hosts[n] for n in (name, *behind)}
    hosts = MappingProxyType({n: one.one.host for n, one in few.items()})
    rehearsal = Rehearsal(
        replace(cast, fleet=replace(cast.fleet, hosts=hosts), hosts=few), occurrence.began_s + 10
    )
    rehearsal.go_on(5.0)
    assert rehearsal.states[name].health is Health.DOWN
    for other in behind:
        assert rehearsal.states[other].health is Health.UNKNOWN
        why = rehearsal.states[other].why
        assert why is not None
        assert why.summary.startswith(f"behind {name}: no answer from 10.")


def test_over_an_hour_at_least_ten_checks_speak(cast: Cast) -> None:
    struck = {
        occurrence.incident.name
        for host in cast.hosts.values()
        for occurrence in host.timeline.past
        if occurrence.began_s < HOUR_S
    }
    assert len({FOUND_BY[name] for name in struck} & checks().keys()) >= 10
