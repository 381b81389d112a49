"""A frame: all that was known of one host at one moment, kept for whoever looks back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

from opsdash.core.finding import Finding
from opsdash.core.masking import mask
from opsdash.core.reading import Cell, Reading, Row
from opsdash.core.snapshot import HostState

KEPT_S = 30 * 86400.0
"""For how long frames are remembered."""

MOST_ROWS = 400
"""Of one table."""

MOST_PROCESSES = 100
"""Of a longer list of processes: by what they take of the cores, and as many by memory and by what
they read and write.
"""

MOST_FINDINGS = 50


@dataclass(frozen=True, slots=True)
class Frame:
    """One host at one moment (`at`, seconds since 1970): its readings with their own times, and
    what was wrong with it. `container` is the kind of container that it is, None: not known.
    """

    host: str
    at: float
    readings: Mapping[str, Reading] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    container: str | None = None


def frame_of(state: HostState, at: float) -> Frame:
    """A host as a frame: without passwords, each table with the rows that matter most."""
    readings = {
        name: replace(reading, rows=_masked(_rows(reading.rows)))
        for name, reading in state.readings.items()
        if reading.problem is None
    }
    findings = tuple(_plain(finding) for finding in state.findings[:MOST_FINDINGS])
    return Frame(state.name, at, readings, findings, state.container)


def _plain(finding: Finding) -> Finding:
    """A finding as it is remembered: who silenced it is remembered elsewhere."""
    evidence, summary = mask(finding.evidence), mask(finding.summary)
    return replace(finding, summary=summary, evidence=evidence, silence=None)


def _rows(rows: tuple[Row, ...]) -> tuple[Row, ...]:
    if len(rows) <= MOST_ROWS:
        return rows
    by = [_amount(name) for name in ("cores", "memory_bytes", "io_bytes_s") if name in rows[0]]
    if not by:
        return rows[:MOST_ROWS]
    worst = {id(row) for one in by for row in sorted(rows, key=one)[:MOST_PROCESSES]}
    return tuple(row for row in rows if id(row) in worst)


def _amount(name: str) -> Callable[[Row], float]:
    def most_first(row: Row) -> float:
        value = row.get(name)
        return -value if isinstance(value, int | float) else 0.0

    return most_first


def _masked(rows: Iterable[Row]) -> tuple[Row, ...]:
    return tuple({key: _masked_cell(value) for key, value in row.items()} for row in rows)


def _masked_cell(value: Cell) -> Cell:
    # what may hide something has a space, a sign or a word for it: short names need no look
    return mask(value) if isinstance(value, str) and len(value) > 8 else value
