"""The host page at one glance: every area's health, and the figures in a line each."""

from __future__ import annotations

from dataclasses import replace

import pytest

from opsdash.activities.monitor.host_areas import AREAS, area_of, healths
from opsdash.activities.monitor.host_brief import brief_figures
from opsdash.activities.monitor.host_figures import file_systems_section
from opsdash.activities.monitor.host_sections import Page
from opsdash.core import discover
from opsdash.core.health import Health
from opsdash.core.problem import Problem, ProblemKind
from opsdash.core.reading import Reading
from opsdash.core.series import Trend
from opsdash.core.snapshot import HostState
from opsdash.widgets.palette import Palette
from tests.fleet_states import NOW, reading, ring, up, with_readings, wrong
from tests.looks import NIGHT


def page_of(state: HostState, width: int = 80) -> Page:
    return Page(state, NOW, Palette(NIGHT), width)


def texts(state: HostState, width: int = 80) -> list[str]:
    lines = brief_figures(page_of(state, width))
    return ["".join(part.text for part in parts).rstrip() for parts in lines]


def test_every_check_and_every_area_has_a_place() -> None:
    known = discover.collectors()
    assert {area_of(check) for check in discover.checks().values()} <= AREAS.keys()
    told = {name for names in AREAS.values() for name in names}
    assert told - {"probes", "storage"} <= known.keys()


@pytest.mark.parametrize(
    ("check", "area"),
    [
        ("pressure-memory", "memory"),
        ("disk-latency", "disks"),
        ("load-high", "cpu"),
        ("unit-failed", "services"),
        ("login-fails", "logins"),
        ("clock-off", "time"),
    ],
)
def test_a_finding_counts_for_its_area(check: str, area: str) -> None:
    state = replace(up("web"), findings=(wrong("web", Health.CRIT, "bad", check=check),))
    assert healths(page_of(state))[area] is Health.CRIT
    assert Health.CRIT not in {v for k, v in healths(page_of(state)).items() if k != area}


def test_what_fails_is_unknown_and_what_is_not_there_has_no_area() -> None:
    def told(kind: ProblemKind) -> dict[str, Health]:
        reading = Reading("web", "timesync", NOW, problem=Problem(kind, "no"))
        return healths(page_of(with_readings(up("web"), reading)))

    assert told(ProblemKind.BAD_OUTPUT)["time"] is Health.UNKNOWN
    assert "time" not in told(ProblemKind.UNSUPPORTED)
    assert "probes" not in told(ProblemKind.DENIED)


def test_a_hot_core_that_the_average_hides_is_told() -> None:
    cores = {("cpu.core_busy_ratio", str(n)): 1.0 if n == 3 else 0.1 for n in range(4)}
    state = with_readings(up("web"), reading("cpu", {("cpu.busy_ratio", ""): 0.325, **cores}))
    assert texts(state)[1].strip() == "core 3 100% busy, all 4 32%"


def test_mounts_that_do_not_fit_are_counted() -> None:
    ratios = {("filesystem.used_ratio", f"/srv/volume-{n}"): n / 20 for n in range(1, 15)}
    state = with_readings(up("web"), reading("filesystem", ratios))
    disks = next(one for one in texts(state) if one.startswith("DISKS"))
    assert disks.startswith("DISKS      /srv/volume-14 70%")
    assert len(disks) <= 80
    assert "+12" in disks


def test_traffic_is_drawn_against_its_own_peak() -> None:
    recent = ring((0.0, 5e6, 1e7))
    flows = {
        ("network.receive_bytes_per_s", ""): 1e7,
        ("network.receive_bytes_per_s", "eth0"): 1e7,
        ("network.transmit_bytes_per_s", "eth0"): 2e3,
        ("network.receive_bytes_per_s", "lo"): 9e9,
    }
    state = with_readings(up("web"), reading("network", flows))
    state = replace(state, series={"network.receive_bytes_per_s": recent})
    shown = next(one for one in texts(state) if one.startswith("NETWORK"))
    assert shown == "NETWORK    in   9.5M/s  out   2.0K/s  eth0  in lately ▁▅█"


def test_packets_that_are_lost_are_told_and_no_others() -> None:
    flows = {
        ("network.receive_bytes_per_s", "eth0"): 1e6,
        ("network.receive_drops_per_s", "eth0"): 2.5,
        ("network.transmit_drops_per_s", "eth0"): 1.0,
    }
    state = with_readings(up("web"), reading("network", flows))
    shown = next(one for one in texts(state) if one.startswith("NETWORK"))
    assert shown.endswith("eth0  3.5 drops/s")
    assert not any("/s  " in one and "errors" in one for one in texts(up("web")))


def test_a_file_system_that_fills_says_when_it_will_be_full() -> None:
    trend = Trend()
    for minute in range(30):
        trend.add(NOW - 1800 + 60 * minute, 100e9 - minute * 1e9)
    state = up("web")
    trends = {**state.trends, "filesystem.available_bytes": {"/": trend}}
    lines = file_systems_section(page_of(replace(state, trends=trends), 120))
    shown = ["".join(part.text for part in parts) for parts in lines]
    assert any("/ " in one and "full in 71m" in one for one in shown), shown
