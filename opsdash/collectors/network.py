"""Traffic, errors and drops of the network interfaces."""

from __future__ import annotations

import re

from opsdash.collectors.parsing import file, knows, text
from opsdash.core.plugin import Collector, ProcFile, Tier
from opsdash.core.reading import Metric, MetricKind, Output, Reading, SampleKey
from opsdash.core.series import rate

NET_DEV = "/proc/net/dev"

_COLUMNS = (
    (0, "network.receive_bytes"),
    (2, "network.receive_errors"),
    (3, "network.receive_drops"),
    (8, "network.transmit_bytes"),
    (10, "network.transmit_errors"),
    (11, "network.transmit_drops"),
)
_RATES = (
    ("network.receive_bytes", "network.receive_bytes_per_s"),
    ("network.transmit_bytes", "network.transmit_bytes_per_s"),
)
# What passes through these passes through a card as well, or never leaves the host: counted, the
# total would be twice the truth. A name with a dot is a VLAN on top of another interface.
_VIRTUAL = re.compile(
    r"lo$|veth|docker|br\d|br-|virbr|vmbr|fwbr|fwpr|fwln|lxcbr|lxdbr|lxc|bond|team|vlan|dummy|ifb"
    r"|tap|tun|wg|vnet|macvtap|vxlan|geneve|gre|sit|ip6|erspan|nlmon|cali|cni|flannel|cilium|weave"
    r"|kube|podman|ovs|tailscale|zt|.*\."
)


@knows(NET_DEV)
def parse(output: Output, host: str, at: float) -> Reading:
    """Counters since boot, by interface."""
    samples: dict[SampleKey, float] = {}
    for line in file(output, NET_DEV).splitlines():
        name, colon, counts = line.rpartition(b":")
        if not colon:
            continue
        fields = counts.split()
        label = text(name.strip())
        for column, metric in _COLUMNS:
            samples[metric, label] = float(int(fields[column]))
    return Reading(host, "network", at, samples, source=NET_DEV)


def derive(before: Reading, now: Reading, elapsed_s: float) -> dict[SampleKey, float]:
    """Bytes per second by interface, and of the host as a whole under the empty label."""
    rates: dict[SampleKey, float] = {}
    for counter, per_s in _RATES:
        speeds: dict[str, float] = {}
        for label, value in now.labelled(counter).items():
            speed = rate(before.get(counter, label), value, elapsed_s)
            if speed is not None:
                speeds[label] = rates[per_s, label] = speed
        if speeds:
            rates[per_s, ""] = _total(speeds)
    return rates


def _total(speeds: dict[str, float]) -> float:
    """Through the cards; where only virtual interfaces exist (a VPN's container), through those."""
    cards = [speed for name, speed in speeds.items() if not _VIRTUAL.match(name)]
    return sum(cards) if cards else sum(v for name, v in speeds.items() if name != "lo")


def _counter(name: str, unit: str, help_text: str) -> Metric:
    return Metric(f"network.{name}", unit, help_text, MetricKind.COUNTER, "interface")


def _speed(name: str, help_text: str) -> Metric:
    return Metric(f"network.{name}", "bytes/s", help_text, label="interface", recent=True)


NETWORK = Collector(
    name="network",
    title="Network",
    tier=Tier.PULSE,
    reads=(ProcFile(NET_DEV, ":"),),
    parse=parse,
    derive=derive,
    metrics=(
        _counter("receive_bytes", "bytes", "Received since boot"),
        _counter("receive_errors", "packets", "Received broken"),
        _counter("receive_drops", "packets", "Received and thrown away"),
        _counter("transmit_bytes", "bytes", "Sent since boot"),
        _counter("transmit_errors", "packets", "Could not be sent"),
        _counter("transmit_drops", "packets", "Thrown away before sending"),
        _speed("receive_bytes_per_s", "Received per second; no label: all cards together"),
        _speed("transmit_bytes_per_s", "Sent per second; no label: all cards together"),
    ),
)
