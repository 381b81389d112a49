"""Traffic, errors and drops of the network interfaces."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from math import inf

from opsdash.collectors.parsing import file, knows, text
from opsdash.core.plugin import Collector, ProcFile, Tier
from opsdash.core.reading import Metric, MetricKind, Output, Reading, SampleKey
from opsdash.core.series import increase, rate

NET_DEV = "/proc/net/dev"

_COLUMNS = (
    (0, "network.receive_bytes"),
    (1, "network.receive_packets"),
    (2, "network.receive_errors"),
    (3, "network.receive_drops"),
    (8, "network.transmit_bytes"),
    (9, "network.transmit_packets"),
    (10, "network.transmit_errors"),
    (11, "network.transmit_drops"),
)
_RATES = (
    ("network.receive_bytes", "network.receive_bytes_per_s"),
    ("network.transmit_bytes", "network.transmit_bytes_per_s"),
)
_LOSSES = {
    f"network.{way}_{loss}s": (f"network.{way}_packets", f"network.{way}_{loss}")
    for way in ("receive", "transmit")
    for loss in ("error", "drop")
}
# What passes through these passes through a card as well, or never leaves the host: counted, the
# total would be twice the truth. A name with a dot is a VLAN on top of another interface.
_VIRTUAL = re.compile(
    r"lo$|veth|docker|br\d|br-|virbr|vmbr|fwbr|fwpr|fwln|lxcbr|lxdbr|lxc|bond|team|vlan|dummy|ifb"
    r"|tap|tun|wg|vnet|macvtap|vxlan|geneve|gre|sit|ip6|erspan|nlmon|cali|cni|flannel|cilium|weave"
    r"|kube|podman|ovs|tailscale|zt|.*\."
)


@lru_cache(maxsize=4096)
def _keys(label: str) -> tuple[SampleKey, ...]:
    """The keys of one interface's counters: a thousand hosts share them."""
    return tuple((metric, label) for _, metric in _COLUMNS)


@lru_cache(maxsize=4096)
def _rated(label: str) -> tuple[tuple[SampleKey, SampleKey], ...]:
    """The keys of what one interface moved, and of how much that is per second."""
    return tuple(((counter, label), (per_s, label)) for counter, per_s in _RATES)


@knows(NET_DEV)
def parse(output: Output, host: str, at: float) -> Reading:
    """Counters since boot, by interface."""
    samples: dict[SampleKey, float] = {}
    for line in file(output, NET_DEV).splitlines():
        name, colon, counts = line.rpartition(b":")
        if not colon:
            continue
        fields = counts.split()
        for key, (column, _) in zip(_keys(text(name.strip())), _COLUMNS, strict=True):
            samples[key] = float(int(fields[column]))
    return Reading(host, "network", at, samples, source=NET_DEV)


def derive(before: Reading, now: Reading, elapsed_s: float) -> dict[SampleKey, float]:
    """Bytes per second by interface, and of the host as a whole under the empty label; packets
    that were lost at a card, per second and as a share of all that came to it.
    """
    rates: dict[SampleKey, float] = {}
    was, new = before.samples, now.samples
    names = [label for metric, label in new if metric == "network.receive_bytes"]
    cards = _cards(names)
    for name in names:
        for counter, per_s in _rated(name):
            speed = rate(was.get(counter), new[counter], elapsed_s)
            if speed is not None:
                rates[per_s] = speed
    for _, metric in _RATES:
        known = [name for name in names if (metric, name) in rates]
        if known:
            rates[metric, ""] = sum(rates[metric, name] for name in _cards(known))
    return rates | _lost(before, now, elapsed_s, cards)


@lru_cache(maxsize=4096)
def _is_virtual(name: str) -> bool:
    return _VIRTUAL.match(name) is not None


def _cards(names: Iterable[str]) -> list[str]:
    """The cards; where only virtual interfaces exist (a VPN's container), those."""
    outer = [name for name in names if name != "lo"]
    return [name for name in outer if not _is_virtual(name)] or outer


def _lost(
    before: Reading, now: Reading, elapsed_s: float, cards: Iterable[str]
) -> dict[SampleKey, float]:
    """Errors and drops since the reading before; nothing of what lost nothing, as nearly all do."""
    rates: dict[SampleKey, float] = {}
    was, new = before.samples, now.samples
    grown = [
        (counter, name)
        for counter in _LOSSES
        for name in cards
        if new[counter, name] > was.get((counter, name), inf)
    ]
    for counter, label in grown:
        packets, metric = _LOSSES[counter]
        lost = new[counter, label] - was[counter, label]
        passed = increase(was.get((packets, label)), new[packets, label])
        if passed is not None and elapsed_s > 0:
            rates[f"{metric}s_per_s", label] = lost / elapsed_s
            rates[f"{metric}_ratio", label] = lost / (lost + passed)
    return rates


def _counter(name: str, unit: str, help_text: str) -> Metric:
    return Metric(f"network.{name}", unit, help_text, MetricKind.COUNTER, "interface")


def _loss(name: str, help_text: str) -> tuple[Metric, Metric]:
    absent = "absent while there are none"
    return (
        Metric(f"network.{name}s_per_s", "packets/s", f"{help_text}; {absent}", label="interface"),
        Metric(f"network.{name}_ratio", "ratio", "Their share of all packets", label="interface"),
    )


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
        _counter("receive_packets", "packets", "Received since boot"),
        _counter("receive_errors", "packets", "Received broken"),
        _counter("receive_drops", "packets", "Received and thrown away"),
        _counter("transmit_bytes", "bytes", "Sent since boot"),
        _counter("transmit_packets", "packets", "Sent since boot"),
        _counter("transmit_errors", "packets", "Could not be sent"),
        _counter("transmit_drops", "packets", "Thrown away before sending"),
        _speed("receive_bytes_per_s", "Received per second; no label: all cards together"),
        _speed("transmit_bytes_per_s", "Sent per second; no label: all cards together"),
        *_loss("receive_error", "Received broken by a card"),
        *_loss("receive_drop", "Received by a card and thrown away"),
        *_loss("transmit_error", "Not sent by a card"),
        *_loss("transmit_drop", "Thrown away by a card before sending"),
    ),
)
