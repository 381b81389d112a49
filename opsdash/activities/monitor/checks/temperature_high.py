"""Something is nearly as hot as it may be: it slows down, then it switches off."""

from __future__ import annotations

from collections.abc import Iterator

from opsdash.activities.monitor.checks.limits import crossed, short
from opsdash.core.finding import Finding
from opsdash.core.host import Limits
from opsdash.core.plugin import Check, Inquiry


def judge(inquiry: Inquiry) -> Iterator[Finding]:
    """Each sensor by the limit that its chip names; one without a limit can't be judged."""
    state = inquiry.state
    for sensor, ratio in state.labelled("hardware.temperature_ratio").items():
        verdict = crossed(inquiry, ratio, subject=sensor, margin=0.03)
        if verdict is None:
            continue
        health, limit = verdict
        degrees = state.value("hardware.temperature_celsius", sensor) or 0.0
        critical = state.value("hardware.temperature_limit_celsius", sensor) or 0.0
        summary = f"{short(sensor)} at {degrees:.0f} C of {critical:.0f} C ({limit})"
        yield Finding("temperature-high", state.name, health, summary, sensor)


TEMPERATURE_HIGH = Check(
    id="temperature-high",
    title="Temperature high",
    judge=judge,
    reads=("hardware",),
    hold_s=60.0,
    limits=Limits(0.93, 1.0),
    unit="ratio",
    metric="hardware.temperature_ratio",
    advice="look at fans, dust, the room's cooling, and at what keeps the host busy",
)
