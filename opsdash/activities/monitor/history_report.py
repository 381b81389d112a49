"""The history of a metric as a table, as JSON, and as CSV."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from opsdash.core.history import Point, Step
from opsdash.core.metric_words import worded
from opsdash.core.reading import SampleKey
from opsdash.core.table import table

SCHEMA = "opsdash-history-1"


@dataclass(frozen=True, slots=True)
class Excerpt:
    """The points of one metric of a host in steps, and the metric's unit."""

    host: str
    key: SampleKey
    unit: str
    step: Step
    points: Sequence[Point]


def as_table(excerpt: Excerpt) -> list[str]:
    """A line for each point, in local time, figures as people read them."""
    shown = worded(excerpt.unit)
    rows = [
        (
            datetime.fromtimestamp(point.at, tz=UTC).astimezone().strftime("%Y-%m-%d %H:%M:%S"),
            shown(point.mean),
            shown(point.least),
            shown(point.most),
        )
        for point in excerpt.points
    ]
    return table(("TIME", "MEAN", "MIN", "MAX"), rows)


def as_json(excerpt: Excerpt) -> str:
    """One document; times are UTC, values in the metric's own unit."""
    points = [
        {
            "at": _utc(one.at),
            "mean": _exact(one.mean),
            "min": _exact(one.least),
            "max": _exact(one.most),
        }
        for one in excerpt.points
    ]
    metric, label = excerpt.key
    return json.dumps(
        {
            "schema": SCHEMA,
            "host": excerpt.host,
            "metric": metric,
            "label": label,
            "unit": excerpt.unit,
            "step_s": excerpt.step.seconds,
            "points": points,
        }
    )


def as_csv(excerpt: Excerpt) -> str:
    """A header and a line for each point: times are UTC, values in the metric's own unit."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("time", "mean", "min", "max"))
    for one in excerpt.points:
        writer.writerow((_utc(one.at), *map(_exact, (one.mean, one.least, one.most))))
    return text.getvalue()


def _exact(value: float) -> float:
    """A value with the seven digits that 32 bits remember, not with what they add."""
    return float(f"{value:.7g}")


def _utc(at: float) -> str:
    return datetime.fromtimestamp(at, tz=UTC).isoformat()
