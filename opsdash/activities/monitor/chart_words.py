"""What the chart page says: of the metric, how far back it is known, why there is nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from opsdash.core.history import Holdings
from opsdash.core.metric_words import name_of, short_name
from opsdash.core.reading import SampleKey
from opsdash.core.text import did_you_mean
from opsdash.core.tracks import TimeGrid
from opsdash.widgets.line import Line, Role, Span
from opsdash.widgets.plot import Mark

NAMED = 8
"""Metrics that a sentence names."""


def about_line(about: str, marks: Sequence[Mark], held: Holdings | None, grid: TimeGrid) -> Line:
    """What the metric is, its limits, and since when it is known where that can be seen."""
    parts = [Span(f"┈ {mark.text}  ", mark.role) for mark in marks]
    if held is not None and held.since is None:
        parts.append(Span("no history yet: it grows while opsdash runs  ", Role.MUTED))
    elif held is not None and held.since is not None and grid.since < held.since < grid.until:
        parts.append(Span(f"the history begins {_day(held.since)}  ", Role.MUTED))
    if held is not None and held.notice:
        parts.append(Span(f"{held.notice}  ", Role.WARN))
    if about:
        parts.append(Span(f"{about}  ", Role.MUTED))
    return tuple(parts)


def why_nothing(
    host: str,
    key: SampleKey,
    held: Holdings,
    *,
    known: Sequence[SampleKey],
    grid: TimeGrid,
) -> str:
    """Why a chart is empty, and what would show more."""
    name = name_of(key)
    if key not in known and known:
        names = [name_of(one) for one in known]
        some = ", ".join(names[:NAMED]) + (", …" if len(names) > NAMED else "")
        near = did_you_mean(name, [*names, *filter(None, map(short_name, known))])
        return f"{host} has no {name}{near}; it has {some}"
    if held.since is None:
        return f"there is no history of {host} yet: it grows while opsdash runs"
    if grid.until <= held.since:
        return f"this is older than the history of {host}, which begins {_day(held.since)}"
    return (
        f"nothing was seen of {name} of {host} in this time: opsdash did not run, or could not"
        f" reach it; its history begins {_day(held.since)}"
    )


def _day(at: float) -> str:
    return datetime.fromtimestamp(at, tz=UTC).astimezone().strftime("%Y-%m-%d %H:%M")
