"""A time service runs on the host, and does not get the time from anywhere."""

from __future__ import annotations

from collections.abc import Iterator

from opsdash.activities.monitor.checks.limits import short
from opsdash.core.finding import Finding
from opsdash.core.health import Health
from opsdash.core.plugin import Check, Inquiry


def judge(inquiry: Inquiry) -> Iterator[Finding]:
    """WARN: the clock drifts from now on. Where no service is known to keep it nothing is said."""
    for row in inquiry.state.rows("timesync"):
        if row.get("synchronised") is False:
            summary = f"clock not synchronised: {short(str(row.get('by')))} reaches no time source"
            yield Finding("time-sync-lost", inquiry.state.name, Health.WARN, summary)


TIME_SYNC_LOST = Check(
    id="time-sync-lost",
    title="Time sync lost",
    judge=judge,
    reads=("timesync",),
    hold_s=900.0,  # after a boot it takes a while; two answers at least
    advice="do its servers answer? chronyc sources; ntpq -p; timedatectl timesync-status",
)
