"""Virtual guests of libvirt: which there are, how they are, what they have."""

from __future__ import annotations

import re

from opsdash.collectors.parsing import knows, section, sections
from opsdash.core.plugin import Collector, Tier
from opsdash.core.reading import Metric, Output, Reading, Row, SampleKey

MOST = 300

# The read-only connection changes nothing, and libvirt gives it to anybody. Without its socket
# virsh would start a libvirt of the login's own. One call tells of all guests.
COMMAND = r"""
echo '== guests'
if command -v virsh >/dev/null 2>&1; then
  uri=
  for socket in libvirt-sock-ro virtqemud-sock-ro; do
    if [ -S "/run/libvirt/$socket" ]; then uri=qemu:///system; fi
  done
  if [ -n "$uri" ] && [ -e /proc/xen/capabilities ]; then uri=xen:///system; fi
  if [ -n "$uri" ]; then
    echo "asked: $uri"
    if told=$(virsh -r -q -c "$uri" domstats --state --balloon --vcpu 2>&1); then
      printf '%s\n' "$told" | grep -E \
        '^Domain: |^ +(state\.(state|reason)|balloon\.(current|maximum|rss)|vcpu\.current)=' \
        | head -n MOST
      echo '== autostart'
      virsh -r -q -c "$uri" list --all --autostart --name 2>/dev/null | head -n MOST
    else
      printf 'failed: %s\n' "$(printf '%s' "$told" | tr '\n' ' ')"
    fi
  fi
fi
echo '== end'
""".replace("MOST", str(7 * MOST))

_DOMAIN = re.compile(r"^Domain: '(.*)'$")
_VALUE = re.compile(r"^\s+([a-z.]+)=(-?\d+)$")

_STATES = {
    1: "running",
    2: "blocked",
    3: "paused",
    4: "shutting down",
    5: "shut off",
    6: "crashed",
    7: "suspended",
}
_PAUSED = {
    2: "migrating",
    3: "saving",
    4: "dumping",
    5: "disk error",
    6: "its watchdog",
    10: "crashed",
    11: "starting",
    12: "migrating",
    13: "migration failed",
}
_SHUT_OFF = {3: "crashed", 6: "failed to start", 8: "ended by libvirt"}


@knows("the list of guests")
def parse(output: Output, host: str, at: float) -> Reading:
    """A row per guest (`kind` ``guest``): its state, and why where that is trouble; or one with the
    words in which libvirt refused (``failed``). Memory in bytes and processors by its name.
    """
    found = sections(output.data)
    section(found, "end")
    domains: dict[str, dict[str, int]] = {}
    values: dict[str, int] = {}
    rows: list[Row] = []
    source = "no libvirt there"
    for line in section(found, "guests"):
        if domain := _DOMAIN.match(line):
            values = domains.setdefault(domain[1], {})
        elif value := _VALUE.match(line):
            values[value[1]] = int(value[2])
        elif line.startswith("asked: "):
            source = "virsh domstats, read-only"
        elif line.startswith("failed: "):
            rows.append({"kind": "failed", "said": line.removeprefix("failed: ").strip()})
        else:
            raise ValueError("a line about guests that nobody knows")
    by_itself = set(found.get("autostart", ()))
    samples: dict[SampleKey, float] = {("guests.seen", ""): float(len(domains))}
    for name, values in domains.items():
        state = values["state.state"]
        reasons = {3: _PAUSED, 5: _SHUT_OFF}.get(state, {})
        rows.append(
            {
                "kind": "guest",
                "name": name,
                "state": _STATES.get(state, "in no state"),
                "why": reasons.get(values.get("state.reason", 0), ""),
                "autostart": name in by_itself,
            }
        )
        _figures(name, values, samples)
    return Reading(host, "guests", at, samples, tuple(rows), source=source)


def _figures(name: str, values: dict[str, int], samples: dict[SampleKey, float]) -> None:
    memory = values.get("balloon.current", values.get("balloon.maximum"))
    if memory is not None:
        samples["guests.memory_bytes", name] = memory * 1024.0
    if "balloon.rss" in values and values["state.state"] == 1:
        samples["guests.resident_bytes", name] = values["balloon.rss"] * 1024.0
    if "vcpu.current" in values:
        samples["guests.cpus", name] = float(values["vcpu.current"])


GUESTS = Collector(
    name="guests",
    title="Virtual guests",
    tier=Tier.DEMAND,
    command=COMMAND,
    every_s=30.0,
    timeout_s=10.0,
    max_bytes=196_608,
    parse=parse,
    metrics=(
        Metric("guests.seen", "guests", "Guests that are defined, running or not"),
        Metric("guests.memory_bytes", "bytes", "Memory that one is given", label="guest"),
        Metric("guests.resident_bytes", "bytes", "Of the host's memory it takes", label="guest"),
        Metric("guests.cpus", "cpus", "Processors that one is given", label="guest"),
    ),
)
