"""A fan stands still or its chip complains of it: what it cools gets hot."""

from __future__ import annotations

from collections.abc import Iterator

from opsdash.activities.monitor.checks.limits import short
from opsdash.core.finding import Finding
from opsdash.core.health import Health
from opsdash.core.plugin import Check, Inquiry


def judge(inquiry: Inquiry) -> Iterator[Finding]:
    """By the alarm alone: most boards have connectors without a fan, which turn at 0 for ever."""
    state = inquiry.state
    for fan, alarm in state.labelled("hardware.fan_alarm").items():
        if alarm:
            turns = state.value("hardware.fan_rpm", fan) or 0.0
            text = "stands still" if not turns else f"turns at {turns:.0f} rpm"
            summary = f"fan {short(fan)} {text}, its chip gives the alarm"
            yield Finding("fan-stopped", state.name, Health.CRIT, summary, fan)


FAN_STOPPED = Check(
    id="fan-stopped",
    title="Fan stopped",
    judge=judge,
    reads=("hardware",),
    hold_s=60.0,
    advice="replace the fan; until then watch the temperatures",
)
