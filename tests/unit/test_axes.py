"""Ticks at round values and at round local times, also where a clock is changed."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from opsdash.core.axes import Tick, moment, scale_of, time_ticks


@pytest.fixture
def zone(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[ZoneInfo]:
    monkeypatch.setenv("TZ", request.param)
    time.tzset()
    yield ZoneInfo(request.param)
    monkeypatch.undo()
    time.tzset()


def texts(least: float, most: float, unit: str, ticks: int = 6, *, whole: bool = True) -> list[str]:
    return [tick.text for tick in scale_of(least, most, unit, ticks, whole=whole).ticks]


@pytest.mark.parametrize(
    ("least", "most", "unit", "whole", "expected"),
    [
        (0.1, 0.4, "ratio", True, ["0%", "50%", "100%"]),
        (0.021, 0.029, "ratio", False, ["2.0%", "2.5%", "3.0%"]),
        (0.3, 3.2, "tasks", True, ["0", "1", "2", "3", "4"]),
        (0.001, 0.0042, "tasks", False, ["0.001", "0.002", "0.003", "0.004", "0.005"]),
        (0, 3e6, "bytes/s", True, ["0B", "1M", "2M", "3M"]),
        (0, 1.2 * 1024**3, "bytes", True, ["0B", "512M", "1G", "1.5G"]),
        (0, 5000, "s", True, ["0s", "30m", "1h", "90m"]),
        (0.002, 0.014, "s", True, ["0s", "5ms", "10ms", "15ms"]),
        (0, 45_000, "threads", True, ["0", "20k", "40k", "60k"]),
        (0, 0, "tasks", True, ["0", "0.5", "1.0"]),
        (7, 7, "tasks", False, ["6.6", "6.8", "7.0", "7.2", "7.4"]),
        (-3, 2, "C", True, ["-4", "-2", "0", "2"]),
    ],
)
def test_values_are_round_in_their_unit(
    least: float, most: float, unit: str, *, whole: bool, expected: list[str]
) -> None:
    assert texts(least, most, unit, 5, whole=whole) == expected


@pytest.mark.parametrize("zone", ["UTC"], indirect=True)
def test_a_day_has_round_hours_and_its_date_at_midnight(zone: ZoneInfo) -> None:
    end = datetime(2026, 11, 27, 8, 0, tzinfo=zone).timestamp()
    assert [tick.text for tick in time_ticks(end - 86_400, end, 8)] == [
        "09:00", "12:00", "15:00", "18:00", "21:00", "Nov 27", "03:00", "06:00",
    ]  # fmt: skip
    assert [tick.text for tick in time_ticks(end - 3600, end, 6)] == [
        "07:00", "07:10", "07:20", "07:30", "07:40", "07:50",
    ]  # fmt: skip
    month = time_ticks(end - 30 * 86_400, end, 7)
    assert [tick.text for tick in month][:2] == ["Oct 31", "Nov 05"]
    assert time_ticks(end, end, 5) == []


def hours(found: list[Tick], zone: ZoneInfo) -> list[tuple[int, int]]:
    local = [datetime.fromtimestamp(tick.at, tz=zone) for tick in found]
    return [(one.hour, one.minute) for one in local]


@pytest.mark.parametrize(
    ("zone", "day"),
    [
        ("Europe/Berlin", (2026, 3, 29)),
        ("Europe/Berlin", (2026, 10, 25)),
        ("Australia/Lord_Howe", (2026, 10, 4)),
        ("Africa/Cairo", (2026, 4, 24)),  # midnight itself is left out
        ("Asia/Kathmandu", (2026, 5, 5)),
    ],
    indirect=["zone"],
)
@pytest.mark.parametrize("most", [4, 6, 12, 30])
def test_hours_are_round_over_a_change_of_the_clock(
    zone: ZoneInfo, day: tuple[int, int, int], most: int
) -> None:
    begin = datetime(*day, 12, 0, tzinfo=zone).timestamp() - 86_400 - 1234
    found = time_ticks(begin, begin + 86_400 * 1.5, most)
    times = [tick.at for tick in found]
    assert times == sorted(set(times))
    assert 2 <= len(found) <= most + 2
    assert all(minute in (0, 30) for _, minute in hours(found, zone))
    if most <= 12:
        assert all(minute == 0 for _, minute in hours(found, zone))


@pytest.mark.parametrize("zone", ["Europe/Berlin"], indirect=True)
def test_days_begin_at_local_midnight_over_a_change_of_the_clock(zone: ZoneInfo) -> None:
    end = datetime(2026, 11, 2, 9, 0, tzinfo=zone).timestamp()
    found = time_ticks(end - 14 * 86_400, end, 14)
    assert len(found) == 14
    assert set(hours(found, zone)) == {(0, 0)}


@pytest.mark.parametrize("zone", ["UTC"], indirect=True)
def test_moments_say_the_day_only_where_it_is_another(zone: ZoneInfo) -> None:
    now = datetime(2026, 1, 2, 9, 0, tzinfo=zone).timestamp()
    assert moment(now - 3600, now) == "08:00"
    assert moment(now - 3600, now, finely=True) == "08:00:00"
    assert moment(now - 86_400, now) == "Jan 01 09:00"
    assert moment(now - 3 * 86_400, now) == "Dec 30 2025 09:00"
