"""Who listens at the ports, as root sees it: the processes of all users."""

from __future__ import annotations

from opsdash.collectors.listening import COMMAND, ports
from opsdash.collectors.parsing import knows
from opsdash.core.plugin import Collector, Tier
from opsdash.core.reading import Metric, Output, Reading


@knows("/proc/net")
def parse(output: Output, host: str, at: float) -> Reading:
    """As root sees it: whatever is in this network namespace has its process."""
    return ports(output, host, at, "listeners")


LISTENERS = Collector(
    name="listeners",
    title="Who listens, as root",
    tier=Tier.DEMAND,
    command=COMMAND,
    every_s=60.0,
    timeout_s=15.0,
    parse=parse,
    metrics=(
        Metric("listeners.listening", "ports", "Addresses and ports that are listened at"),
        Metric("listeners.connections", "connections", "Of TCP, in one state", label="state"),
        Metric("listeners.peer_connections", "connections", "With one address", label="peer"),
    ),
    needs_root=True,
)
