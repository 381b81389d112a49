"""Which hosts are unlike their peers: no limit is crossed, and yet a figure is far from usual."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import inf
from statistics import median

from opsdash.core.figures import FIGURES, Unit
from opsdash.core.snapshot import HostState, LinkState, Outlier
from opsdash.core.text import count, percent, size

FEWEST = 5
"""Hosts of one tag with fresh values, without which none of them is odd."""

FAR = 6.0
"""How many usual distances from the median are far: with normal values one in a billion is."""

TO_SIGMA = 1.4826
"""A median distance times this is the standard deviation, where values are normal."""

TIMES = 2.0
"""What has no upper bound is far only if it is so many times what is usual, or the like part."""

FRESH_S = 60.0

LEAST_SPREAD: Mapping[str, float] = {
    "cpu": 3.0,
    "mem": 2.0,
    "swap": 2.0,
    "disk": 2.0,
    "load": 0.3,
    "iowait": 1.0,
    "steal": 1.0,
    "in": 100_000.0,
    "out": 100_000.0,
    "read": 250_000.0,
    "write": 250_000.0,
}
"""The figures that are compared, and the least distance that is taken for usual: among idle hosts
that are all alike nothing that small is odd."""


def outliers(states: Iterable[HostState], now: float) -> dict[str, tuple[Outlier, ...]]:
    """By host what of it is far from the median of a tag that it shares with four others.

    Hosts that have several tags are held against each: what is usual for one of them is not odd.
    """
    fresh = [
        state
        for state in states
        if state.link.state is LinkState.UP and state.at and now - state.at <= FRESH_S
    ]
    groups: dict[str, list[str]] = {}
    for state in fresh:
        for tag in state.host.tags:
            groups.setdefault(tag, []).append(state.name)
    odd: dict[str, list[Outlier]] = {}
    for name in LEAST_SPREAD:
        for host, found in _of_figure(name, fresh, groups, now).items():
            odd.setdefault(host, []).append(found)
    return {host: tuple(found) for host, found in odd.items()}


def _of_figure(
    name: str, fresh: Sequence[HostState], groups: Mapping[str, list[str]], now: float
) -> dict[str, Outlier]:
    """The hosts that are far from usual in all the groups that they are in."""
    value_of = FIGURES[name].value
    values = {state.name: value_of(state, now) for state in fresh}
    found: dict[str, Outlier] = {}
    usual: set[str] = set()
    for tag, hosts in sorted(groups.items()):
        known = {host: value for host in hosts if (value := values[host]) is not None}
        if len(known) < FEWEST:
            continue
        middle = median(known.values())
        spread = median([abs(value - middle) for value in known.values()]) * TO_SIGMA
        far = FAR * max(spread, LEAST_SPREAD[name])
        if max(known.values()) - middle <= far and middle - min(known.values()) <= far:
            usual |= known.keys()
            continue
        for host, value in known.items():
            if abs(value - middle) <= far or not _stands_out(name, value, middle):
                usual.add(host)
            else:
                one = Outlier(name, value, middle, tag, len(known) - 1)
                found[host] = _nearer(found.get(host), one)
    return {host: one for host, one in found.items() if host not in usual}


def _stands_out(name: str, value: float, middle: float) -> bool:
    """Rates and loads vary by themselves: 40 M/s beside 30 M/s is nothing."""
    if FIGURES[name].unit is Unit.PERCENT:
        return True
    low, high = sorted((value, middle))
    return high >= TIMES * low


def _nearer(before: Outlier | None, one: Outlier) -> Outlier:
    """The group to which it is more like tells more."""

    def distance(outlier: Outlier | None) -> float:
        return inf if outlier is None else abs(outlier.value - outlier.usual)

    return min(before or one, one, key=distance)


def words(odd: Outlier) -> str:
    """In words: ``CPU busy 92%: 12% is usual among its 11 peers of tag web``."""
    figure = FIGURES[odd.figure]
    own, usual = _shown(figure.unit, odd.value), _shown(figure.unit, odd.usual)
    peers = count(odd.peers, "peer")
    return f"{figure.about} {own}: {usual} is usual among its {peers} of tag {odd.tag}"


def _shown(unit: Unit, value: float) -> str:
    if unit is Unit.PERCENT:
        return percent(value / 100)
    return f"{size(value)}/s" if unit is Unit.BYTES_PER_S else f"{value:.1f}"
