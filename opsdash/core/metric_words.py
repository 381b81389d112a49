"""Metrics in words: how one is typed, and how its values are written."""

from __future__ import annotations

from collections.abc import Callable

from opsdash.core.figures import FIGURES
from opsdash.core.reading import SampleKey
from opsdash.core.text import duration, percent, size

_OF_METRIC = {one.metric: name for name, one in FIGURES.items() if one.metric}


def key_of(words: str) -> SampleKey:
    """The metric that a user means: ``cpu``, ``load.one``, ``filesystem.used_ratio[/var]``."""
    name, bracket, rest = words.partition("[")
    figure = FIGURES.get(name)
    metric = figure.metric if figure is not None and figure.metric else name
    return metric, rest.removesuffix("]") if bracket else ""


def name_of(key: SampleKey) -> str:
    """A metric with its label, as it is typed."""
    metric, label = key
    return f"{metric}[{label}]" if label else metric


def short_name(key: SampleKey) -> str:
    """The short name of a metric (``cpu``), where it has one; empty: it has none."""
    return "" if key[1] else _OF_METRIC.get(key[0], "")


def worded(unit: str) -> Callable[[float], str]:
    """What writes values of a unit as people read them, in a few characters."""
    if unit == "ratio":
        return _share
    if unit == "s":
        return _seconds
    if unit in ("bytes", "bytes/s"):
        return lambda value: size(value) + unit.removeprefix("bytes")
    return lambda value: f"{value:.2f}".rstrip("0").rstrip(".")


def _share(ratio: float) -> str:
    """Whole percent, but tenths of a small share."""
    return f"{ratio * 100:.1f}%" if 0.0005 <= abs(ratio) < 0.0995 else percent(ratio)


def _seconds(value: float) -> str:
    return f"{value * 1000:.0f}ms" if 0 < abs(value) < 0.9995 else duration(value)
