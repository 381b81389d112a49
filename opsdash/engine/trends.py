"""Trends: the last hours of what metrics say, by label, for as many labels as can be kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from opsdash.core.reading import Metric, Reading
from opsdash.core.series import FINE_S, Trend

MOST_LABELS = 64
"""Labels of one metric and host that are followed; on a host with more, those that came first."""

Trends = Mapping[str, Mapping[str, Trend]]


def followed(trends: Trends, metrics: Iterable[Metric], reading: Reading) -> Trends:
    """The trends with what a reading adds to them; one that failed is a gap.

    What has not been listed for an hour gives its place away to what is new.
    """
    if reading.problem is not None:
        return trends
    for metric in metrics:
        values = _values(reading, metric)
        kept = trends.get(metric.name, {})
        if not values.keys() <= kept.keys():
            kept = _with_room(kept, values, reading.at)
            trends = {**trends, metric.name: kept}
        for label, value in values.items():
            if label in kept:
                kept[label].add(reading.at, value)
    return trends


def _values(reading: Reading, metric: Metric) -> dict[str, float]:
    if metric.label:
        return reading.labelled(metric.name)
    value = reading.get(metric.name)
    return {} if value is None else {"": value}


def _with_room(kept: Mapping[str, Trend], labels: Iterable[str], now: float) -> dict[str, Trend]:
    """What is followed and the new labels, as far as there is room for them."""
    wanted = {label: one for label, one in kept.items() if now - one.newest_at <= FINE_S}
    for label in labels:
        if label in wanted or len(wanted) < MOST_LABELS:
            wanted[label] = kept.get(label) or Trend()
    return wanted
