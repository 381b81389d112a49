"""Counters of a made-up host: they never stand still, grow only, and start anew at a boot.

They are computed from the time alone, so the same moment always gives the same bytes.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import NamedTuple

from opsdash.transport.demo.character import Character
from opsdash.transport.demo.schedule import Occurrence, Timeline

BOOT_BEFORE_END_S = 12.0
"""How long before it can be reached again a host has booted."""

PACKET_BYTES = 840.0
OPERATION_BYTES = 24_000.0


class Counters(NamedTuple):
    """Sums since boot: processor seconds by share (of one core), bytes, packets and operations;
    `disk_s` is the time in which the disk had work, `waited_s` what its operations took together,
    `own_user_s` the part of `user_s` that no incident made, `swapped` pages in each direction,
    `overflows` connections that found a listen queue full.
    """

    user_s: float
    system_s: float
    iowait_s: float
    steal_s: float
    received: float
    sent: float
    errors: float
    drops: float
    operations: float
    disk_s: float
    waited_s: float
    own_user_s: float
    swapped: float
    overflows: float


class Meter:
    """The counters of one host."""

    def __init__(self, one: Character, timeline: Timeline) -> None:
        self._one = one
        self._timeline = timeline
        self._closed: list[dict[int, float]] = [{}]
        self._boots_known = 0
        self._boots = [-one.up_s]
        self._at_boot = [self._sum(-one.up_s)]

    def booted_s(self, at_s: float) -> tuple[float, int]:
        """When the host booted last before a moment, and how often it did in the demo."""
        self._close(self._timeline.latest(at_s))
        number = bisect_right(self._boots, at_s) - 1
        return self._boots[max(0, number)], max(0, number)

    def since_boot(self, at_s: float) -> Counters:
        """The counters at a moment."""
        _, boot = self.booted_s(at_s)
        now, before = self._sum(at_s), self._at_boot[boot]
        return Counters(*[a - b for a, b in zip(now, before, strict=True)])

    def _sum(self, at_s: float) -> list[float]:
        """All that was ever counted, up to an unknown beginning."""
        total = self._own(at_s)
        index = self._timeline.latest(at_s)
        if index < 0:
            return total
        self._close(index)
        for place, extra in self._closed[index].items():
            total[place] += extra
        occurrence = self._timeline.past[index]
        for place, extra in self._extra(occurrence, min(at_s, occurrence.ends_s)).items():
            total[place] += extra
        return total

    def _own(self, at_s: float) -> list[float]:
        """What the host's own work would have made of all counters."""
        one = self._one
        work = one.busy_wave.area(at_s)
        busy_s = one.level * (at_s + one.swing * work)
        quiet_s = at_s + 0.9 * one.quiet_wave.area(at_s)
        traffic = one.traffic * (at_s + 0.8 * work)
        operations = one.disk_ops * quiet_s
        return [
            0.74 * busy_s,
            0.24 * busy_s,
            0.012 * quiet_s,
            0.004 * quiet_s,
            traffic,
            0.7 * traffic + 0.3 * one.traffic * quiet_s,
            0.0,
            0.0,
            operations,
            operations * 0.0008,
            operations * 0.0011,
            0.74 * busy_s,
            0.0,
            0.0,
        ]

    def _close(self, index: int) -> None:
        """Keep what all occurrences before this one added, and the boots among them."""
        past = self._timeline.past
        while len(self._closed) <= index:
            done = past[len(self._closed) - 1]
            sums = dict(self._closed[-1])
            for place, extra in self._extra(done, done.ends_s).items():
                sums[place] = sums.get(place, 0.0) + extra
            self._closed.append(sums)
        while self._boots_known <= index:
            occurrence = past[self._boots_known]
            self._boots_known += 1
            if occurrence.incident.reboots:
                booted_s = occurrence.ends_s - BOOT_BEFORE_END_S
                self._boots.append(booted_s)
                self._at_boot.append(self._sum(booted_s))

    def _extra(self, occurrence: Occurrence, until_s: float) -> dict[int, float]:
        """What an incident has added by a moment, instead of the host's own work."""
        incident, began_s = occurrence.incident, occurrence.began_s
        lasted_s = until_s - began_s
        rates: dict[int, float] = {}
        added: dict[int, float] = {}
        if incident.cpu is not None:
            shares = incident.cpu
            rates = dict(enumerate((shares.user, shares.system, shares.iowait, shares.steal)))
            rates[11] = 0.0
        if incident.disk_ops is not None:
            took_s = incident.disk_ops * incident.disk_ms / 1000
            rates |= {8: incident.disk_ops, 9: min(0.99, took_s), 10: took_s}
        if rates:
            now, before = self._own(until_s), self._own(began_s)
            for place, rate in rates.items():
                added[place] = rate * lasted_s - (now[place] - before[place])
        for place, rate in (
            (6, incident.errors_per_s),
            (7, incident.drops_per_s),
            (12, incident.swaps_per_s),
            (13, incident.overflows_per_s),
        ):
            if rate:
                added[place] = rate * lasted_s
        return added
