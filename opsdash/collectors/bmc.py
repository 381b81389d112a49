"""What a server's own management controller complains of: power supplies, fans, heat, drives."""

from __future__ import annotations

import re
from collections.abc import Iterator

from opsdash.collectors.parsing import knows, section, sections
from opsdash.core.plugin import Collector, Tier
from opsdash.core.reading import Metric, Output, Reading, Row

# It answers slowly, a sensor at a time: everything is read in one go, and by the device that the
# kernel has anyway: nothing is loaded, and nothing goes over a network.
COMMAND = r"""
echo '== sensors'
if command -v ipmitool >/dev/null 2>&1; then
  for device in /dev/ipmi0 /dev/ipmi/0 /dev/ipmidev/0; do
    [ -e "$device" ] || continue
    ipmitool sdr elist 2>/dev/null </dev/null
    break
  done
fi
echo '== end'
"""

_SUPPLY = "10"
"""The entity that IPMI numbers power supplies under."""

_STATUSES = {
    **dict.fromkeys(("nc", "lnc", "unc"), "warning"),
    **dict.fromkeys(("cr", "lcr", "ucr", "nr", "lnr", "unr"), "critical"),
}
_COMPLAINTS = {
    "failure detected": "critical",
    "drive fault": "critical",
    "ac lost": "warning",
    "out-of-range": "warning",
    "predictive failure": "warning",
    "config error": "warning",
    "redundancy lost": "warning",
    "redundancy degraded": "warning",
    "non-redundant": "warning",
}
"""What sensors that only have states say, with ``ok`` before it all the same."""


@knows("ipmitool sdr elist")
def parse(output: Output, host: str, at: float) -> Reading:
    """A row per power supply and per sensor that is not as it should be: `kind` (``supply`` or
    ``sensor``), what it `said`, and how `bad` that is (``critical``, ``warning`` or empty).
    """
    found = sections(output.data)
    section(found, "end")
    told = [line.split("|", 4) for line in section(found, "sensors") if line.count("|") >= 4]
    rows = tuple(_rows(told))
    samples = {("bmc.sensors", ""): float(len(told))}
    return Reading(host, "bmc", at, samples, rows, source="ipmitool sdr elist, as root")


def _rows(told: list[list[str]]) -> Iterator[Row]:
    for fields in told:
        name, number, status, entity, said = (field.strip() for field in fields)
        if status == "ns":  # not there, or not looked at
            continue
        kind, _, instance = entity.partition(".")
        bad = _STATUSES.get(status, "") or _complaint(said)
        if kind == _SUPPLY and ("detected" in said or _complaint(said)):
            yield {"kind": "supply", "name": f"power supply {instance}", "said": said, "bad": bad}
        elif bad:
            yield {"kind": "sensor", "name": f"{name} ({number})", "said": said, "bad": bad}


def _complaint(said: str) -> str:
    """How bad the worst is that it says."""
    lowered = re.sub(r"[a-z -]+ deasserted", "", said.lower())  # so a sensor says that all is well
    found = [bad for words, bad in _COMPLAINTS.items() if words in lowered]
    return "critical" if "critical" in found else found[0] if found else ""


BMC = Collector(
    name="bmc",
    title="Management controller",
    tier=Tier.FACTS,
    command=COMMAND,
    every_s=1800.0,
    timeout_s=20.0,
    parse=parse,
    machine_wide=True,
    needs_root=True,
    metrics=(Metric("bmc.sensors", "sensors", "Sensors that the controller has"),),
)
