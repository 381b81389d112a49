"""Which file systems will be full, and when: the soonest first, and nothing is only guessed."""

from __future__ import annotations

import pytest

from opsdash.activities.monitor.capacity import capacities, filling, time_to_full_s
from opsdash.core.host import Host
from opsdash.core.reading import Reading
from opsdash.core.series import Trend
from opsdash.core.snapshot import HostState

BEGAN = 1_800_000_000.0
GB = 1e9


def falling(per_minute: float, minutes: int, first: float = 100 * GB) -> Trend:
    made = Trend()
    for minute in range(minutes + 1):
        made.add(BEGAN + 60 * minute, first - per_minute * minute)
    return made


def host(name: str, ratios: dict[str, float], trends: dict[str, Trend]) -> HostState:
    samples = {("filesystem.used_ratio", mount): ratio for mount, ratio in ratios.items()}
    reading = Reading(name, "filesystem", BEGAN, samples)
    return HostState(
        Host(name),
        readings={"filesystem": reading},
        trends={"filesystem.available_bytes": trends},
    )


def test_the_soonest_come_first_then_the_fullest() -> None:
    web = host("web", {"/": 0.2, "/var": 0.5}, {"/": falling(GB, 60), "/var": falling(0, 60)})
    db = host("db", {"/": 0.9, "/data": 0.1}, {"/data": falling(GB, 60, first=80 * GB)})
    found = [(one.host, one.mount) for one in capacities([web, db])]
    assert found == [("db", "/data"), ("web", "/"), ("db", "/"), ("web", "/var")]
    assert [one.full_in_s for one in capacities([web, db])][2:] == [None, None]


def test_the_pace_and_the_time_are_those_of_the_slope() -> None:
    state = host("web", {"/": 0.2}, {"/": falling(GB, 60)})
    found = filling(state, "/")
    assert found is not None
    assert found.bytes_per_s == pytest.approx(GB / 60, rel=1e-4)
    assert found.full_in_s == pytest.approx(40 * 60, rel=1e-4)
    assert time_to_full_s(state, "/") == found.full_in_s
    assert time_to_full_s(state, "/nowhere") is None


def test_one_odd_value_does_not_change_the_figure() -> None:
    made = Trend()
    for minute in range(61):
        odd = 20 * GB if minute == 40 else 0.0
        made.add(BEGAN + 60 * minute, 100 * GB - GB * minute - odd)
    state = host("web", {"/": 0.2}, {"/": made})
    # the way back from the dip looks like space that was freed: what follows it counts
    assert time_to_full_s(state, "/") == pytest.approx(40 * 60, rel=1e-3)


def test_what_is_freed_between_bursts_counts_only_if_it_is_much() -> None:
    def bursts(freed: float) -> HostState:
        made, left = Trend(), 100 * GB
        for minute in range(241):
            left -= GB if minute % 4 == 0 else 0.0
            left += freed if minute in (50, 150, 238) else 0.0
            made.add(BEGAN + 60 * minute, left)
        return host("web", {"/": 0.2}, {"/": made})

    untouched = time_to_full_s(bursts(0.0), "/")
    assert untouched is not None
    assert time_to_full_s(bursts(16_384.0), "/") == pytest.approx(untouched, rel=0.01)
    assert time_to_full_s(bursts(0.9 * GB), "/") is None


def test_every_new_point_is_heeded() -> None:
    trend = falling(GB, 60)
    state = host("web", {"/": 0.2}, {"/": trend})
    before = time_to_full_s(state, "/")
    for minute in range(61, 80):
        trend.add(BEGAN + 60 * minute, 40 * GB)
    assert (before is not None, time_to_full_s(state, "/")) == (True, None)


@pytest.mark.parametrize(("minutes", "known"), [(8, False), (9, False), (11, True), (300, True)])
def test_it_takes_ten_minutes_to_know(minutes: int, known: bool) -> None:
    state = host("web", {"/": 0.2}, {"/": falling(GB / 4, minutes)})
    # after ten minutes as far as thirty times what was seen, which is 400 minutes here
    found = time_to_full_s(state, "/")
    assert (found is not None) is (known and minutes != 11)
    state = host("web", {"/": 0.2}, {"/": falling(GB / 2, minutes)})
    assert (time_to_full_s(state, "/") is not None) is (known)
