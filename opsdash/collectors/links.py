"""Network links of real ports: what they agreed on, what both ends can do, and bonds of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from opsdash.collectors.parsing import knows, section, sections
from opsdash.core.plugin import Collector, Tier
from opsdash.core.reading import Metric, Output, Reading, Row, SampleKey

# ethtool tells the login what a port and its other end can do; without it there is the speed alone.
COMMAND = r"""
echo '== sys'
grep -s "" /dev/null /sys/class/net/*/bonding/slaves /sys/class/net/*/bonding/mode \
  /sys/class/net/*/bonding_slave/mii_status
for nic in /sys/class/net/*/device; do
  nic=${nic%/device}
  [ -e "$nic/speed" ] || continue
  grep -s "" /dev/null "$nic/operstate" "$nic/speed" "$nic/duplex"
  driver=$(readlink "$nic/device/driver") && echo "$nic/driver:${driver##*/}"
done
echo '== ethtool'
command -v ethtool >/dev/null 2>&1 && for nic in /sys/class/net/*/device; do
  nic=${nic%/device}
  [ -e "$nic/speed" ] || continue
  echo "@ ${nic##*/}"
  ethtool "${nic##*/}" 2>/dev/null | grep -E 'base|link modes|Speed|Duplex'
done
echo '== end'
"""

_FILE = re.compile(r"^/sys/class/net/([^/]+)/([a-z_/]+):(.*)$")
_MODES = re.compile(r"\b(\d{2,6})base")

Samples = dict[SampleKey, float]


@knows("/sys/class/net or ethtool")
def parse(output: Output, host: str, at: float) -> Reading:
    """A row per link that is up (`kind` ``link``: duplex, driver) and per bond (`kind` ``bond``:
    its mode, members, and those of them that are down).
    """
    found = sections(output.data)
    section(found, "end")
    files: dict[str, dict[str, str]] = {}
    for line in section(found, "sys"):
        if told := _FILE.match(line):
            files.setdefault(told[1], {})[told[2]] = told[3].strip()
    samples: Samples = {}
    rows = [*_links(files, samples), *_bonds(files)]
    up = {str(row["name"]) for row in rows if row["kind"] == "link"}
    for name, end, speed in _able(section(found, "ethtool")):
        if name in up:
            samples[f"links.{end}_bits_per_s", name] = speed * 1e6
    tool = ", ethtool" if found["ethtool"] else ""
    return Reading(host, "links", at, samples, tuple(rows), source=f"/sys/class/net{tool}")


def _links(files: dict[str, dict[str, str]], samples: Samples) -> Iterator[Row]:
    for name, said in files.items():
        speed = int(said.get("speed") or -1)
        if said.get("operstate") == "up" and speed > 0:
            samples["links.speed_bits_per_s", name] = speed * 1e6
            yield {
                "kind": "link",
                "name": name,
                "duplex": said.get("duplex", ""),
                "driver": said.get("driver", ""),
            }


def _bonds(files: dict[str, dict[str, str]]) -> Iterator[Row]:
    for name, said in files.items():
        if "bonding/slaves" in said:
            members = said["bonding/slaves"].split()
            state = {one: files.get(one, {}).get("bonding_slave/mii_status", "") for one in members}
            yield {
                "kind": "bond",
                "name": name,
                "mode": said.get("bonding/mode", "").split(" ")[0],
                "members": " ".join(members),
                "down": " ".join(one for one in members if state[one] not in ("", "up")),
            }


def _able(lines: Iterable[str]) -> Iterator[tuple[str, str, int]]:
    """The fastest mode, in Mbit/s, that each port supports (``own``) and its other end offers
    (``partner``); nothing where it is not told.
    """
    fastest: dict[tuple[str, str], int] = {}
    name = end = ""
    for line in lines:
        if line.startswith("@ "):
            name, end = line[2:], ""
            continue
        if ":" in line:
            label = line.strip()
            end = "own" if label.startswith("Supported link modes") else ""
            end = "partner" if label.startswith("Link partner advertised link modes") else end
        for mode in _MODES.findall(line) if end else ():
            fastest[name, end] = max(int(mode), fastest.get((name, end), 0))
    for (name, end), speed in fastest.items():
        yield name, end, speed


LINKS = Collector(
    name="links",
    title="Network links",
    tier=Tier.FACTS,
    command=COMMAND,
    every_s=120.0,
    timeout_s=10.0,
    parse=parse,
    machine_wide=True,
    metrics=(
        Metric(
            "links.speed_bits_per_s",
            "bits/s",
            "Speed that a link agreed on",
            label="link",
            kept=True,
        ),
        Metric("links.own_bits_per_s", "bits/s", "Fastest that the port can do", label="link"),
        Metric(
            "links.partner_bits_per_s", "bits/s", "Fastest that its other end offers", label="link"
        ),
    ),
)
