"""A host throws packets away: it can't take or send them fast enough."""

from __future__ import annotations

from collections.abc import Iterator

from opsdash.activities.monitor.checks.lost_packets import Loss, judge_loss
from opsdash.core.finding import Finding
from opsdash.core.host import Limits
from opsdash.core.plugin import Check, Inquiry

# The kernel counts every packet of a protocol that nobody listens to as dropped (LLDP, spanning
# tree, VLANs that end elsewhere). On a quiet host those few a second are a large share, so the
# share alone would cry wolf, and on a loaded one the rate alone would.
DROPS = Loss("network-drops", "drop", "are dropped", fewest_per_s=50.0)


def judge(inquiry: Inquiry) -> Iterator[Finding]:
    """The share of packets thrown away, by card and direction."""
    return judge_loss(inquiry, DROPS)


NETWORK_DROPS = Check(
    id="network-drops",
    title="Packets dropped",
    judge=judge,
    reads=("network",),
    hold_s=30.0,
    limits=Limits(0.01, None),
    unit="ratio",
    advice="ring buffer or CPU too small? ethtool -S IFACE | grep -i drop",
)
