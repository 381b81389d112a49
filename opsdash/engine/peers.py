"""What a figure usually is on hosts of the same kind, for checks that compare."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from statistics import median_low

from opsdash.core.snapshot import HostState

FEWEST = 3
"""Peers without which nothing is usual."""

AGAIN_S = 60.0


@dataclass
class Peers:
    """The median of a metric over all hosts with the same tags; looked at once a minute."""

    hosts: Callable[[], Iterable[HostState]]
    _known: dict[tuple[frozenset[str], str, str], tuple[float, float | None]] = field(
        default_factory=dict
    )

    def usual(self, state: HostState, metric: str, label: str, now: float) -> float | None:
        """What it is on at least half of them; None where there are too few."""
        key = (state.host.tags, metric, label)
        known = self._known.get(key)
        if known is None or now - known[0] >= AGAIN_S:
            values = [
                value
                for other in self.hosts()
                if other.host.tags == state.host.tags
                and (value := other.value(metric, label)) is not None
            ]
            known = (now, median_low(values) if len(values) > FEWEST else None)
            self._known[key] = known
        return known[1]
