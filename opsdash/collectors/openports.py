"""Which ports are listened at, and no more: cheap enough to be asked of every host all day."""

from __future__ import annotations

from opsdash.collectors.listening import address_of, scope_of
from opsdash.collectors.parsing import knows, section, sections
from opsdash.core.errors import BadOutput
from opsdash.core.plugin import Collector, Tier
from opsdash.core.reading import Metric, Output, Reading, Row

MOST_PORTS = 300
CLIENTS_FROM = 32768
"""From this port on a UDP socket is mostly somebody's who asked a question and waits."""

# The kernel lists the TCP sockets that listen (state 0A) before all others, so reading ends there:
# ten thousand connections cost nothing. UDP has no such order, but few sockets.
COMMAND = r"""
echo '== order'
printf '\001\002' | od -An -tx2 2>/dev/null
echo '== ports'
awk -v most=MOST_PORTS '
function look(proto, file,   line, f, got) {
  while ((getline line < file) > 0) {
    if (!got++) continue
    split(line, f, " ")
    if (proto == "tcp" && f[4] != "0A") break
    if (proto == "udp" && f[4] != "07") continue
    if (seen[proto, f[2]]++) continue
    if (told++ < most) print proto, f[2]
  }
  close(file); tables += got > 0
}
BEGIN {
  look("tcp", "/proc/net/tcp"); look("tcp", "/proc/net/tcp6")
  look("udp", "/proc/net/udp"); look("udp", "/proc/net/udp6")
  print "tables", tables + 0, told + 0
}' </dev/null
echo '== end'
""".replace("MOST_PORTS", str(MOST_PORTS))


@knows("/proc/net")
def parse(output: Output, host: str, at: float) -> Reading:
    """A row per protocol, address and port; `scope` as in the collector of ports."""
    found = sections(output.data)
    section(found, "end")
    lines = [line.split() for line in section(found, "ports")]
    if not lines or lines[-1][0] != "tables":
        raise BadOutput("the kernel's tables of sockets are not whole")
    if lines[-1][1] == "0":
        raise BadOutput("the kernel's tables of sockets are not to be read")
    little = "".join(section(found, "order")).strip() != "0102"
    rows: set[tuple[str, int, str]] = set()
    for proto, local in lines[:-1]:
        digits, _, port = local.partition(":")
        if proto == "tcp" or int(port, 16) < CLIENTS_FROM:
            rows.add((proto, int(port, 16), address_of(digits, little=little)))
    samples = {("openports.listening", ""): float(int(lines[-1][2]))}
    return Reading(
        host, "openports", at, samples, tuple(map(_row, sorted(rows))), source="/proc/net"
    )


def _row(one: tuple[str, int, str]) -> Row:
    proto, port, address = one
    return {"proto": proto, "port": port, "address": address, "scope": scope_of(address)}


OPENPORTS = Collector(
    name="openports",
    title="Open ports",
    tier=Tier.FACTS,
    command=COMMAND,
    every_s=120.0,
    timeout_s=10.0,
    parse=parse,
    metrics=(Metric("openports.listening", "ports", "Addresses and ports that are listened at"),),
)
