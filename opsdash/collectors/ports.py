"""Listening ports with those who listen there, and connections by state and peer."""

from __future__ import annotations

from opsdash.collectors.listening import COMMAND, ports
from opsdash.collectors.parsing import knows
from opsdash.core.plugin import Collector, Tier
from opsdash.core.reading import Metric, Output, Reading


@knows("/proc/net")
def parse(output: Output, host: str, at: float) -> Reading:
    """As the login sees it: processes of its own only."""
    return ports(output, host, at, "ports")


PORTS = Collector(
    name="ports",
    title="Ports",
    tier=Tier.DEMAND,
    command=COMMAND,
    every_s=15.0,
    timeout_s=15.0,
    parse=parse,
    metrics=(
        Metric("ports.listening", "ports", "Addresses and ports that are listened at"),
        Metric("ports.connections", "connections", "Of TCP, in one state", label="state"),
        Metric("ports.peer_connections", "connections", "With one address", label="peer"),
    ),
)
