"""The past of made-up hosts: what their meters would have shown before the demo began."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from math import isfinite

from opsdash.core.discover import collectors
from opsdash.core.errors import HostError
from opsdash.core.history import Point
from opsdash.core.plugin import Collector, Tier, attempt
from opsdash.core.reading import Reading, SampleKey
from opsdash.transport.demo.cast import MadeUpHost, make_cast
from opsdash.transport.frames import pulse_files, read_frame
from opsdash.transport.replay import Moment, Play, Playing, answered

MOST_POINTS = 400
"""Points of one curve: each is a whole reading, and a chart has no more columns to speak of."""


class MadeUpPast:
    """Plays hosts whose story begins at `epoch` at any moments; slow: it belongs in a thread.

    It has a cast of its own: hosts remember what they were asked, and the other one is being asked
    by the demo meanwhile.
    """

    def __init__(self, count: int, epoch: float, seed: int) -> None:
        self._made = (count, epoch, seed)
        self._hosts: dict[str, MadeUpHost] = {}
        self._lock = threading.Lock()

    def points(
        self, host: str, key: SampleKey, span: tuple[float, float], step_s: int
    ) -> list[Point]:
        """What a metric would have been in a span (seconds since 1970), a point each step."""
        collector = collectors().get(key[0].partition(".")[0])
        if collector is None:
            return []
        with self._lock:
            if not self._hosts:
                self._hosts = dict(make_cast(*self._made).hosts)
            if host not in self._hosts:
                return []
            times = range(int(span[0]) // step_s * step_s, int(span[1]), step_s)
            return list(_points(self._hosts[host], collector, key, times))


def step_of(since: float, until: float, step_s: float) -> int:
    """A step of whole tens of seconds with which a span has no more points than it may."""
    return int(max(step_s, -(-(until - since) // MOST_POINTS // 10) * 10))


def _points(
    host: MadeUpHost, collector: Collector, key: SampleKey, times: range
) -> Iterator[Point]:
    """A point for each time at which the host could be reached, and had been up a step before."""
    playing: Playing | None = None
    play: Play | None = None
    before: tuple[float, Reading] | None = None
    files = pulse_files([collector]) if collector.tier is Tier.PULSE else {}
    for at in range(times.start - times.step, times.stop, times.step):
        at_s = at - host.epoch
        try:
            if playing is None:
                playing, before = host.connect(at_s), None
                play = playing.pulses(files) if files else None
            reading = _reading(collector, host, (playing, play), at_s)
        except HostError:
            playing = None
            continue
        value = _value(collector, key, before, (at, reading))
        before = (at, reading)
        if value is not None and at >= times.start and host.one.up_s + at_s > times.step:
            yield Point(at, value, value, value)


def _reading(
    collector: Collector, host: MadeUpHost, plays: tuple[Playing, Play | None], at_s: float
) -> Reading:
    playing, play = plays
    at = Moment(host.epoch + at_s, at_s)
    if play is not None:
        return read_frame([collector], play(at_s), host.one.name, at.clock_s)[0]
    return answered(playing, collector, host.one.name, at)


def _value(
    collector: Collector,
    key: SampleKey,
    before: tuple[float, Reading] | None,
    now: tuple[float, Reading],
) -> float | None:
    """The metric at a moment: read, or worked out since the reading before."""
    at, reading = now
    derive = collector.derive
    value = reading.get(*key)
    if value is None and derive is not None and before is not None and not reading.problem:
        was_at, was = before
        rates = attempt(lambda: derive(was, reading, at - was_at))
        value = None if isinstance(rates, str) else rates.get(key)
    return value if value is not None and isfinite(value) and value >= 0 else None
