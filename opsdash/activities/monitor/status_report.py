"""The answer of ``opsdash status``: as a table for eyes, as JSON for programs."""

from __future__ import annotations

from collections.abc import Iterable

from opsdash.activities.monitor.alerts_report import silence_document
from opsdash.core.finding import Finding
from opsdash.core.health import Health
from opsdash.core.outliers import outliers
from opsdash.core.snapshot import HostState, LinkState, Outlier, Snapshot, triage
from opsdash.core.text import clean_line, count, duration, percent, shorten
from opsdash.core.theme import ASCII_GLYPHS, GLYPHS
from opsdash.core.utc import utc

SCHEMA = "opsdash-status-1"
WHY_WIDTH = 72

Document = dict[str, object]


def document(snapshot: Snapshot, states: Iterable[HostState], longer: tuple[str, ...]) -> Document:
    """The report as JSON data: stable, versioned; see docs/status.schema.json."""
    chosen = sorted(states, key=triage)
    odd = outliers(snapshot.hosts.values(), snapshot.at)
    return {
        "schema": SCHEMA,
        "generated_at": utc(snapshot.at),
        "source": snapshot.source or "this machine",
        "notices": _notices(snapshot),
        "summary": _summary(chosen),
        "needs_longer": list(longer),
        "hosts": [_host(state, odd.get(state.name, ()), snapshot.at) for state in chosen],
    }


def _summary(states: list[HostState]) -> Document:
    counts = {health.name.lower(): 0 for health in sorted(Health, reverse=True)}
    for state in states:
        counts[state.health.name.lower()] += 1
    new = sum(finding.new for state in states for finding in state.findings)
    return {"hosts": len(states), **counts, "new": new}


def _host(state: HostState, odd: tuple[Outlier, ...], now: float) -> Document:
    age_s = state.age_s(now)
    return {
        "name": clean_line(state.name),
        "health": state.health.name.lower(),
        "why": why(state),
        "since": utc(state.why.since) if state.why and state.why.since else None,
        "age_s": None if age_s is None else round(age_s, 1),
        "tags": sorted(map(clean_line, state.host.tags)),
        "findings": [_finding(finding) for finding in state.findings],
        "odd": [
            {"figure": one.figure, "value": one.value, "usual": one.usual, "tag": one.tag}
            for one in odd
        ],
        "metrics": {
            f"{name}{{{label}}}" if label else name: round(value, 6)
            for reading in state.readings.values()
            for (name, label), value in reading.samples.items()
        },
        "problems": [
            {
                "collector": reading.collector,
                "kind": str(reading.problem.kind),
                "text": reading.problem.text,
                "hint": reading.problem.hint,
            }
            for reading in state.readings.values()
            if reading.problem
        ],
    }


def _finding(finding: Finding) -> Document:
    return {
        "check": finding.check,
        "health": finding.health.name.lower(),
        "subject": finding.subject,
        "summary": finding.summary,
        "evidence": finding.evidence,
        "advice": finding.advice,
        "controls": list(finding.controls),
        "since": utc(finding.since) if finding.since else None,
        "new": finding.new,
        "silence": None if finding.silence is None else silence_document(finding.silence),
    }


def why(state: HostState) -> str:
    """In words what is wrong with a host, or what is being waited for; empty when all is well."""
    if state.why is not None:
        return state.why.summary
    if state.health is Health.OK:
        return ""
    if state.link.state is LinkState.UP:
        return "waiting for the first facts"
    return "no answer yet" if state.link.problem is None else state.link.problem.text


def table(
    snapshot: Snapshot,
    states: Iterable[HostState],
    longer: tuple[str, ...] = (),
    *,
    ascii_only: bool,
) -> str:
    """The report for a person: a summary line, then a line per host, worst first.

    `longer` names the checks that could not speak: what they find must last a while. Here they are
    counted, the JSON form names them.
    """
    chosen = sorted(states, key=triage)
    glyphs = ASCII_GLYPHS if ascii_only else GLYPHS
    rows: list[tuple[str, ...]] = [
        ("", "HOST", "HEALTH", "SINCE", "CPU", "MEM", "DISK", "AGE", "WHY")
    ]
    rows += [(glyphs[state.health], *_cells(state, snapshot.at)) for state in chosen]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]) - 1)]
    lines = [summary_line(chosen, ascii_only=ascii_only)]
    lines += [
        " ".join(cell.ljust(width) for cell, width in zip(row, [*widths, 0], strict=True)).rstrip()
        for row in rows
    ]
    needs = f"{count(len(longer), 'check')} {'needs' if len(longer) == 1 else 'need'} longer"
    unsaid = [f"{needs}: opsdash status --watch"] if longer else []
    return "\n".join([*lines, *unsaid, *_notices(snapshot)]) + "\n"


def summary_line(states: list[HostState], *, ascii_only: bool) -> str:
    """How many hosts are in which health: ``10 hosts  ✖ 1 CRIT  ● 9 OK``."""
    glyphs = ASCII_GLYPHS if ascii_only else GLYPHS
    parts = [count(len(states), "host")]
    for health in sorted(Health, reverse=True):
        number = sum(state.health is health for state in states)
        if number:
            parts.append(f"{glyphs[health]} {number} {health.name}")
    return "  ".join(parts)


def _cells(state: HostState, now: float) -> tuple[str, ...]:
    disks = state.labelled("filesystem.used_ratio").values()
    age_s = state.age_s(now)
    since = state.why.since if state.why else 0.0
    more = len(state.findings) - 1
    silence = state.why.silence if state.why else None
    words = why(state) + (f"  ({silence.words})" if silence else "")
    words += f"  (+{more} more)" if more > 0 else ""
    return (
        clean_line(state.name),
        state.health.name,
        duration(now - since) if since else "",
        _ratio(state.value("cpu.busy_ratio")),
        _ratio(state.value("memory.used_ratio")),
        _ratio(max(disks, default=None)),
        "-" if age_s is None else duration(age_s),
        shorten(words, WHY_WIDTH + 12),
    )


def _ratio(value: float | None) -> str:
    return "-" if value is None else percent(value)


def _notices(snapshot: Snapshot) -> list[str]:
    return [clean_line(notice) for notice in snapshot.notices]
