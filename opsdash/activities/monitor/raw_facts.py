"""Everything that a host said, as it was understood: values, tables, and what is missing."""

from __future__ import annotations

from opsdash.core.reading import Reading
from opsdash.core.snapshot import HostState
from opsdash.core.text import duration
from opsdash.widgets.line import Line, Role, Span, line


def raw_facts(state: HostState, now: float) -> list[Line]:
    """A section per collector: its source and age, then values and rows."""
    if not state.readings:
        return [line(Span("this host has not said anything yet", Role.MUTED))]
    lines: list[Line] = []
    for name in sorted(state.readings):
        lines += [*_section(state.readings[name], now), ()]
    return lines[:-1]


def _section(reading: Reading, now: float) -> list[Line]:
    about = f"  {reading.source or '-'}, {duration(now - reading.at)} old"
    lines = [line(Span(reading.collector, Role.HEADING), Span(about, Role.MUTED))]
    if reading.problem:
        lines.append(
            line("  ", Span(f"{reading.problem.text}: {reading.problem.hint}", Role.UNKNOWN))
        )
    for (metric, label), value in reading.samples.items():
        name = f"{metric}{{{label}}}" if label else metric
        lines.append(line(f"  {name:<40} ", Span(f"{value:.10g}", Role.STRONG)))
    for row in reading.rows:
        shown = "  ".join(f"{key}={value}" for key, value in row.items() if value not in ("", None))
        lines.append(line("  ", shown or "-"))
    return lines
