"""How many lines a host's logs have in each minute, and how many of them tell of errors."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from statistics import median

from opsdash.core.log_filter import Line
from opsdash.core.priority import ERR

MINUTE_S = 60
MOST_MINUTES = 24 * 60
"""Minutes of each host that are kept, the latest."""

SPIKE = 3.0
SPIKE_LEAST = 5
"""A minute is a spike with so many times as many errors as are usual, and so many more at least."""


@dataclass(slots=True)
class _Minutes:
    """Of one host: lines and errors by the minute since 1970."""

    lines: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    errors: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    total: int = 0
    bad: int = 0
    told: int = 0


class LogCounts:
    """Counts lines by host and minute, of the host's own clock."""

    def __init__(self) -> None:
        self._hosts: dict[str, _Minutes] = defaultdict(_Minutes)

    def add(self, line: Line) -> None:
        """One more line; without a time it counts for the host alone."""
        minutes = self._hosts[line.host]
        bad = line.priority is not None and line.priority <= ERR
        minutes.total += 1
        minutes.bad += bad
        minutes.told += line.priority is not None
        if line.at_s is None:
            return
        minute = int(line.at_s // MINUTE_S)
        minutes.lines[minute] += 1
        if bad:
            minutes.errors[minute] += 1
        if len(minutes.lines) > MOST_MINUTES + 60:
            _forget(minutes)

    def totals(self) -> dict[str, tuple[int, int]]:
        """Lines and errors by host."""
        return {host: (minutes.total, minutes.bad) for host, minutes in self._hosts.items()}

    def noisiest(self) -> list[str]:
        """The hosts that have lines: those with most errors first, then with most lines."""
        hosts = self._hosts
        return sorted(hosts, key=lambda name: (-hosts[name].bad, -hosts[name].total, name))

    def tells(self, host: str) -> bool:
        """Whether any of its lines tells how bad it is: else nobody knows of its errors."""
        return host in self._hosts and self._hosts[host].told > 0

    def since(self, hosts: Iterable[str]) -> int | None:
        """The first minute that all of these hosts have a line in or before; None: there is none.
        What was earlier was not read of one of them, as far as can be told.
        """
        firsts = [min(self._hosts[one].lines, default=None) for one in hosts if one in self._hosts]
        known = [one for one in firsts if one is not None]
        return max(known, default=None)

    def errors(self, hosts: Iterable[str], last_minute: int, minutes: int) -> list[int]:
        """Errors of these hosts in each of so many minutes, the last one at the end."""
        return self._by_minute(hosts, last_minute, minutes, errors=True)

    def lines(self, hosts: Iterable[str], last_minute: int, minutes: int) -> list[int]:
        """Lines of these hosts in each of so many minutes, the last one at the end."""
        return self._by_minute(hosts, last_minute, minutes, errors=False)

    def _by_minute(
        self, hosts: Iterable[str], last_minute: int, minutes: int, *, errors: bool
    ) -> list[int]:
        found = [0] * minutes
        for name in hosts:
            if name not in self._hosts:
                continue
            counted = self._hosts[name].errors if errors else self._hosts[name].lines
            for place in range(minutes):
                found[place] += counted.get(last_minute - minutes + 1 + place, 0)
        return found


def spike(errors: Sequence[int]) -> int | None:
    """The place of the minute with the most errors, if that is far more than usual."""
    if not errors:
        return None
    most = max(errors)
    usual = median(errors)
    if most < SPIKE * usual or most - usual < SPIKE_LEAST:
        return None
    return list(errors).index(most)


def _forget(minutes: _Minutes) -> None:
    """Only the latest minutes are kept."""
    for counted in (minutes.lines, minutes.errors):
        for minute in sorted(counted)[:-MOST_MINUTES]:
            del counted[minute]
