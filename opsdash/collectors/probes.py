"""Own probes: what the hosts file asks of a host beside all that every host is asked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import partial

from opsdash.collectors.parsing import knows, text
from opsdash.collectors.probe_answers import READERS, http_body
from opsdash.collectors.probe_scripts import script_of
from opsdash.core.errors import BadOutput
from opsdash.core.perfdata import perfdata
from opsdash.core.plugin import Collector, Tier
from opsdash.core.probe import BODY_BYTES, READING, Http, Outcome, Probe
from opsdash.core.reading import Cell, Metric, Output, Reading, Row, SampleKey
from opsdash.transport.probing.body import has

ANSWER_BYTES = 16_384
GRACE_S = 1
"""Seconds that a script has after the time limit of the program that it runs: that one can still
say what it waited for.
"""

_NUMBERS = {
    "time_s": "probes.time_s",
    "age_s": "probes.age_s",
    "size_bytes": "probes.size_bytes",
    "count": "probes.processes",
}


@knows("a probe's answer")
def parse(output: Output, host: str, at: float) -> Reading:
    """One answer as a row: its kind, its outcome, and what came of it (see probe_answers)."""
    first, _, rest = output.data.partition(b"\n")
    kind = text(first).removeprefix("== ")
    if not first.startswith(b"== ") or kind not in READERS:
        raise BadOutput("the answer of a probe is incomplete")
    row: dict[str, Cell] = {"kind": kind, "at": at}
    row |= READERS[kind](rest, output.status, at)
    return Reading(host, READING, at, {}, (row,))


def _parse_for(probe: Probe, output: Output, host: str, at: float) -> Reading:
    """parse(), with the pattern of the probe looked for in the body."""
    reading = parse(output, host, at)
    row = {**reading.rows[0], "probe": probe.name}
    if isinstance(probe.what, Http) and probe.what.body and row["outcome"] == Outcome.ANSWERED:
        row["matches"] = has(http_body(output.data), probe.what.body)
    return replace(reading, rows=(row,))


def asking(probe: Probe) -> Collector:
    """The collector of one probe from a host: its own script, its own deadline."""
    cap = BODY_BYTES + ANSWER_BYTES if isinstance(probe.what, Http) else ANSWER_BYTES
    return Collector(
        name=f"probe {probe.name}",
        title=f"Probe {probe.name}",
        tier=Tier.PROBE,
        parse=partial(_parse_for, probe),
        command=script_of(probe),
        every_s=probe.every_s,
        timeout_s=probe.timeout_s + GRACE_S,
        max_bytes=cap,
    )


def together(host: str, rows: Mapping[Probe, Row], at: float) -> Reading:
    """The latest answers of all probes of a host as one reading of the time `at`, with the figures
    among them.
    """
    samples: dict[SampleKey, float] = {}
    for probe, row in rows.items():
        samples |= dict(_figures(probe, row))
    return Reading(host, READING, at, samples, tuple(rows.values()), source="hosts.yaml")


def _figures(probe: Probe, row: Row) -> Iterable[tuple[SampleKey, float]]:
    if row["outcome"] != Outcome.UNKNOWN:
        yield ("probes.answered", probe.name), float(row["outcome"] == Outcome.ANSWERED)
    for cell, metric in _NUMBERS.items():
        value = row.get(cell)
        if isinstance(value, int | float):
            yield (metric, probe.name), float(value)
    expires_at, at = row.get("expires_at"), row["at"]
    if isinstance(expires_at, int | float) and isinstance(at, int | float):
        yield ("probes.left_s", probe.name), expires_at - at
    for label, value in perfdata(str(row.get("performance") or "")).items():
        yield ("probes.performance", f"{probe.name} {label}"), value


PROBES = Collector(
    name="probes",
    title="Own probes",
    tier=Tier.PROBE,
    every_s=60.0,
    timeout_s=10.0,
    max_bytes=ANSWER_BYTES,
    parse=parse,
    metrics=(
        Metric("probes.answered", "flag", "Whether it answered", label="probe", kept=True),
        Metric("probes.time_s", "s", "Time that an answer took", label="probe", kept=True),
        Metric("probes.left_s", "s", "Until a certificate ends", label="probe", kept=True),
        Metric("probes.age_s", "s", "Age of a file", label="probe", kept=True),
        Metric("probes.size_bytes", "bytes", "Size of a file", label="probe", kept=True),
        Metric("probes.processes", "processes", "Processes of a name", label="probe", kept=True),
        Metric(
            "probes.performance",
            "any",
            "What a command measures: in seconds, bytes, shares of 0 to 1, or as it says",
            label="probe and what it measures",
            kept=True,
        ),
    ),
)
