"""An own probe does not find what it should."""

from __future__ import annotations

from collections.abc import Iterator

from opsdash.activities.monitor.checks.probe_verdicts import ADVICE, Verdict, verdict
from opsdash.core.finding import SUMMARY_WIDTH, Finding
from opsdash.core.health import Health
from opsdash.core.masking import mask
from opsdash.core.plugin import Check, Inquiry
from opsdash.core.probe import READING, File, Origin, Probe
from opsdash.core.reading import Row
from opsdash.core.text import clean_line, duration, middle, shorten

NAME_WIDTH = 20
TARGET_WIDTH = 300
MISSED = 3
"""An answer that is older than so many periods says nothing of now."""


def judge(inquiry: Inquiry) -> Iterator[Finding]:
    """One finding for each probe that fails, or of which nothing is known now."""
    rows = {row.get("probe"): row for row in inquiry.state.rows(READING)}
    for probe in inquiry.state.host.probes:
        row = rows.get(probe.name)
        if row is None or row.get("kind") != probe.kind:
            continue  # it has not been tried yet, and until then the host is not called well
        found = _too_old(probe, row, inquiry.now)
        found = found or verdict(probe, row, inquiry.now, inquiry.before(probe.name))
        if found is not None:
            yield _finding(inquiry.state.name, probe, row, found)


def _too_old(probe: Probe, row: Row, now: float) -> Verdict | None:
    at = row.get("at")
    age_s = now - at if isinstance(at, int | float) else 0.0
    if age_s <= MISSED * probe.every_s + probe.timeout_s:
        return None
    return Verdict(Health.UNKNOWN, f"unknown: no answer for {duration(age_s)}", "an answer")


def _finding(host: str, probe: Probe, row: Row, found: Verdict) -> Finding:
    head = f"probe {middle(probe.name, NAME_WIDTH)}: "
    got = clean_line(mask(found.got))
    where = "from here" if probe.origin is Origin.HERE else "from the host"
    lines = [
        f"{probe.kind} {shorten(mask(probe.target), TARGET_WIDTH)} {where}",
        f"expected: {found.expected}; got: {got}",
    ]
    if performance := row.get("performance"):
        lines.append(f"measured: {shorten(mask(str(performance)), TARGET_WIDTH)}")
    path = row.get("path")
    if isinstance(probe.what, File) and path and path != probe.what.path:
        lines.append(f"newest: {shorten(str(path), TARGET_WIDTH)}")
    return Finding(
        "probe-failed",
        host,
        found.health,
        head + shorten(got, SUMMARY_WIDTH - len(head)),
        probe.name,
        "\n".join(lines),
        found.advice or ADVICE[probe.kind],
    )


PROBE_FAILED = Check(
    id="probe-failed",
    title="Own probe failed",
    judge=judge,
    reads=(READING,),
    advice="see the proof: what was asked, from where, what was expected and what came",
)
