"""Axes of charts: ticks at round values with their unit, and at round times of the local zone."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from math import ceil, floor, isfinite, log10

MINUTE_S, HOUR_S, DAY_S = 60, 3600, 86_400

_TIME_STEPS_S = (
    *(MINUTE_S * number for number in (1, 2, 5, 10, 15, 30)),
    *(HOUR_S * number for number in (1, 2, 3, 6, 12)),
    *(DAY_S * number for number in (1, 2, 3, 5, 7, 10, 15, 30)),
)
_SPANS_S = (
    *(number for number in (1, 2, 5, 10, 15, 30)),
    *_TIME_STEPS_S,
    *(DAY_S * number for number in (60, 90, 180, 365, 730, 1825, 3650)),
)
FEWEST_TICKS = 3
"""From below nothing to above it, with nothing between: fewer could not hold all values."""

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_SIZES = ("B", "K", "M", "G", "T", "P", "E")


@dataclass(frozen=True, slots=True)
class Tick:
    """A place on an axis, a value or a time (seconds since 1970), and what stands there."""

    at: float
    text: str


@dataclass(frozen=True, slots=True)
class Scale:
    """The values from the bottom to the top of a chart, and the round ones among them."""

    low: float
    high: float
    ticks: tuple[Tick, ...]

    def share(self, value: float) -> float:
        """How far up a value is: 0 at the bottom, 1 at the top; beyond them, no further."""
        return min(max((value - self.low) / (self.high - self.low), 0.0), 1.0)


def scale_of(least: float, most: float, unit: str, ticks: int, *, whole: bool) -> Scale:
    """A scale that holds the values from `least` to `most`, with so many ticks at most.

    A `whole` one begins at nothing and ends, for shares, at all; else it is as narrow as it can be.
    """
    low, high = (least, most) if isfinite(least) and isfinite(most) else (0.0, 0.0)
    if whole:
        low, high = min(low, 0.0), max(high, 1.0 if unit == "ratio" else 0.0)
    if high - low <= 1e-6 * max(abs(high), abs(low)):
        high, low = (high + 0.05 * abs(high), low - 0.05 * abs(low)) if high or low else (1.0, 0.0)
    step = _value_step((low, high), unit, max(FEWEST_TICKS, ticks))
    first, last = _ends(low, high, step)
    values = [place * step for place in range(first, last + 1)]
    texts = tuple(Tick(value, _value(value, step, unit)) for value in values)
    return Scale(values[0], values[-1], texts)


def _ends(low: float, high: float, step: float) -> tuple[int, int]:
    """Between which multiples of a step these are; what is a hair beyond one counts as on it."""
    first = floor(low / step + 1e-6)
    return first, max(first + 1, ceil(high / step - 1e-6))


def _value_step(ends: tuple[float, float], unit: str, ticks: int) -> float:
    """The smallest round step that gives no more ticks than that, both ends among them."""
    low, high = ends
    span = high - low
    if unit == "s" and span >= 1:
        steps: Iterator[float] = iter(_SPANS_S)
    elif unit in ("bytes", "bytes/s"):
        steps = (2.0**power for power in range(200))
    else:
        tenth = floor(log10(span / ticks))
        steps = (n * 10.0**power for power in range(tenth, tenth + 5) for n in (1, 2, 5))
    for step in steps:
        first, last = _ends(low, high, step)
        if last - first < ticks:
            return step
    return span


def _value(value: float, step: float, unit: str) -> str:
    """A round value, with as many digits as its step needs."""
    if unit == "ratio":
        return f"{_digits(value * 100, step * 100)}%"
    if unit == "s":
        return _seconds(value, step)
    if unit in ("bytes", "bytes/s"):
        return _size(value)
    for name, factor in (("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if abs(value) >= 10 * factor and step >= factor:
            return f"{value / factor:.0f}{name}"
    return _digits(value, step)


def _digits(value: float, step: float) -> str:
    after = max(0, -floor(log10(step) + 1e-9))
    return f"{value + 0.0:.{after}f}" if round(value, after) else "0"


def _size(value: float) -> str:
    power = 0
    while abs(value) >= 1024 and power < len(_SIZES) - 1:
        value, power = value / 1024, power + 1
    return f"{value:.2f}".rstrip("0").rstrip(".") + _SIZES[power]


def _seconds(value: float, step: float) -> str:
    if not value:
        return "0s"
    if step < 1:
        return f"{_digits(value * 1000, step * 1000)}ms"
    for name, factor in (("d", DAY_S), ("h", HOUR_S), ("m", MINUTE_S)):
        if value % factor == 0 or value >= 10 * factor:
            return f"{value / factor:g}{name}"
    return f"{value:.0f}s"


def time_ticks(since: float, until: float, most: int) -> list[Tick]:
    """Round local times between two moments, so many at most; a new day has its date."""
    span_s = until - since
    if span_s <= 0 or most < 1:
        return []
    step_s = next((step for step in _TIME_STEPS_S if span_s / step <= most), _TIME_STEPS_S[-1])
    if step_s < HOUR_S:
        found = _minutes(since, until, step_s)
    elif step_s < DAY_S:
        found = _hours(since, until, step_s // HOUR_S)
    else:
        found = _days(since, until, step_s // DAY_S)
    return [Tick(at, _time(at, days=step_s >= DAY_S)) for at in found]


def _minutes(since: float, until: float, step_s: int) -> Sequence[float]:
    """Zones are whole quarters of an hour apart, and so are clocks before and after a change."""
    offset_s = time.localtime(since).tm_gmtoff
    first = ceil((since + offset_s) / step_s) * step_s - offset_s
    return range(first, ceil(until), step_s)


def _hours(since: float, until: float, hours: int) -> list[float]:
    """By the local clock: an hour that is left out in spring has no tick."""
    found: list[float] = []
    for day in _dates(since, until):
        for hour in range(0, 24, hours):
            at = _moment(day, hour)
            if since <= at < until and time.localtime(at).tm_hour == hour:
                found.append(at)
    return found


def _days(since: float, until: float, days: int) -> list[float]:
    moments = (_moment(day) for day in _dates(since, until) if day.toordinal() % days == 0)
    return [at for at in moments if since <= at < until]


def _dates(since: float, until: float) -> Iterator[date]:
    """Every local day that has a part of the span."""
    day, last = (date(*time.localtime(at)[:3]).toordinal() for at in (since, until))
    return (date.fromordinal(number) for number in range(day, last + 1))


def _moment(day: date, hour: int = 0) -> float:
    return time.mktime((day.year, day.month, day.day, hour, 0, 0, 0, 0, -1))


def _time(at: float, *, days: bool) -> str:
    local = time.localtime(at)
    if days or (local.tm_hour, local.tm_min) == (0, 0):
        return f"{_MONTHS[local.tm_mon - 1]} {local.tm_mday:02d}"
    return time.strftime("%H:%M", local)


def moment(at: float, now: float, *, finely: bool = False) -> str:
    """A time for a sentence: of today without its date; `finely` with its seconds."""
    local, today = time.localtime(at), time.localtime(now)
    clock = time.strftime("%H:%M:%S" if finely else "%H:%M", local)
    if local[:3] == today[:3]:
        return clock
    year = f" {local.tm_year}" if local.tm_year != today.tm_year else ""
    return f"{_MONTHS[local.tm_mon - 1]} {local.tm_mday:02d}{year} {clock}"
