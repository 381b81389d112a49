"""A power supply has no mains: the host runs on the other one, or on a battery."""

from __future__ import annotations

from collections.abc import Iterator

from opsdash.activities.monitor.checks.limits import short
from opsdash.core.finding import Finding
from opsdash.core.health import Health
from opsdash.core.plugin import Check, Inquiry


def judge(inquiry: Inquiry) -> Iterator[Finding]:
    """CRIT where none of the supplies has mains."""
    state = inquiry.state
    supplies = state.labelled("hardware.supply_online")
    health = Health.WARN if any(supplies.values()) else Health.CRIT
    for supply, online in supplies.items():
        if not online:
            summary = f"power supply {short(supply)} has no mains"
            yield Finding("power-lost", state.name, health, summary, supply)


POWER_LOST = Check(
    id="power-lost",
    title="Mains lost",
    judge=judge,
    reads=("hardware",),
    hold_s=60.0,
    advice="check the cord, the outlet, the fuse and the UPS; on a battery there are minutes left",
)
