"""Connections that the kernel could not take: full listen queues, a full table of connections."""

from __future__ import annotations

from opsdash.collectors.parsing import knows, section, sections
from opsdash.collectors.shell import HOST_TIME, host_time
from opsdash.core.plugin import Collector, Tier
from opsdash.core.reading import Metric, MetricKind, Output, Reading, Row, SampleKey
from opsdash.core.series import increase

# netstat has a line of names and a line of numbers for each protocol. Where a queue was ever full,
# the sockets that listen are looked at: they come first in the kernel's list (state 0A), so reading
# ends where the others begin; the second half of the fifth column is how many connections wait
# there to be accepted, in hexadecimal.
COMMAND = rf"""{HOST_TIME}
echo '== conntrack'
cat /proc/sys/net/netfilter/nf_conntrack_count /proc/sys/net/netfilter/nf_conntrack_max 2>/dev/null
echo '== netstat'
awk '$1 == "TcpExt:" {{
  if (!n) n = split($0, name)
  else for (i = 2; i <= n; i++) if (name[i] ~ /^Listen(Overflows|Drops)$/) {{
    print name[i], $i; full += $i
  }}
}}
END {{
  split("/proc/net/tcp /proc/net/tcp6", files, " ")
  for (i = 1; full && i <= 2; i++) {{
    getline line < files[i]
    while ((getline line < files[i]) > 0) {{
      split(line, f, " ")
      if (f[4] != "0A") break
      if (f[5] !~ /:00000000$/) print "waiting", f[2], f[5]
    }}
    close(files[i])
  }}
}}' /proc/net/netstat 2>/dev/null
echo '== end'
"""

_LISTEN = {"ListenOverflows": "sockets.listen_overflows", "ListenDrops": "sockets.listen_drops"}


@knows("/proc/net")
def parse(output: Output, host: str, at: float) -> Reading:
    """Counters since boot, the table's size, and the ports at which connections wait, most first.

    The first row tells the boot, each other one a port and how many wait there.
    """
    found = sections(output.data)
    section(found, "end")
    up_s, row = host_time(found)
    samples: dict[SampleKey, float] = {("sockets.up_s", ""): up_s}
    listed = [line.split() for line in section(found, "netstat")]
    for name, *numbers in listed:
        if name in _LISTEN:
            samples[_LISTEN[name], ""] = float(int(numbers[0]))
    conntrack = [int(line) for line in section(found, "conntrack")]
    if len(conntrack) == 2 and conntrack[1] > 0:
        tracked, most = conntrack
        samples["sockets.tracked", ""] = float(tracked)
        samples["sockets.most_tracked", ""] = float(most)
        samples["sockets.tracked_ratio", ""] = tracked / most
    rows = (row, *_waiting([words[1:] for words in listed if words[0] == "waiting"]))
    return Reading(host, "sockets", at, samples, rows, source="/proc/net")


def _waiting(listening: list[list[str]]) -> list[Row]:
    waiting: dict[int, int] = {}
    for local, queues in listening:
        port = int(local.rpartition(":")[2], 16)
        waiting[port] = waiting.get(port, 0) + int(queues.rpartition(":")[2], 16)
    worst = sorted(waiting.items(), key=lambda item: (-item[1], item[0]))[:10]
    return [{"port": port, "waiting": number} for port, number in worst]


def derive(before: Reading, now: Reading, elapsed_s: float) -> dict[SampleKey, float]:
    """Connections per second that found a listen queue full, or were dropped there."""
    rates: dict[SampleKey, float] = {}
    for name in _LISTEN.values():
        grown = increase(before.get(name), now.get(name))
        if grown is not None:
            rates[f"{name}_per_s", ""] = grown / elapsed_s
    return rates


SOCKETS = Collector(
    name="sockets",
    title="Connections",
    tier=Tier.FACTS,
    command=COMMAND,
    every_s=60.0,
    parse=parse,
    derive=derive,
    metrics=(
        Metric("sockets.up_s", "s", "Time since boot at which these were read"),
        Metric("sockets.listen_overflows", "times", "A listen queue was full", MetricKind.COUNTER),
        Metric("sockets.listen_drops", "times", "A new connection was dropped", MetricKind.COUNTER),
        Metric(
            "sockets.listen_overflows_per_s",
            "times/s",
            "A listen queue was full, per second",
            kept=True,
        ),
        Metric("sockets.listen_drops_per_s", "times/s", "New connections dropped per second"),
        Metric("sockets.tracked", "connections", "That the firewall tracks; absent without one"),
        Metric("sockets.most_tracked", "connections", "Most that it can track"),
        Metric("sockets.tracked_ratio", "ratio", "Share of its table in use", kept=True),
    ),
)
