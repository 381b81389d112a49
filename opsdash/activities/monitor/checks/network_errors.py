"""A network card loses packets to errors: a bad cable, port or driver."""

from __future__ import annotations

from collections.abc import Iterator

from opsdash.activities.monitor.checks.lost_packets import Loss, judge_loss
from opsdash.core.finding import Finding
from opsdash.core.host import Limits
from opsdash.core.plugin import Check, Inquiry

ERRORS = Loss("network-errors", "error", "have errors", fewest_per_s=1.0)


def judge(inquiry: Inquiry) -> Iterator[Finding]:
    """The share of packets with errors, by card and direction."""
    return judge_loss(inquiry, ERRORS)


NETWORK_ERRORS = Check(
    id="network-errors",
    title="Network errors",
    judge=judge,
    reads=("network",),
    hold_s=30.0,
    # A sound wire has none for days; from one in a thousand on TCP gets noticeably slower.
    limits=Limits(0.001, None),
    unit="ratio",
    advice="cable, port, duplex or driver: ethtool -S IFACE; ip -s -s link show IFACE",
)
