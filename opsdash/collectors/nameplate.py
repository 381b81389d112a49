"""What only root may read of the machine: serial numbers, and its memory modules."""

from __future__ import annotations

from opsdash.collectors.inventory import told
from opsdash.collectors.parsing import knows, section, sections
from opsdash.core.plugin import Collector, Tier
from opsdash.core.reading import Metric, Output, Reading, Row, SampleKey

COMMAND = r"""
echo '== serials'
grep -s '' /dev/null /sys/class/dmi/id/product_serial /sys/class/dmi/id/board_serial \
  /sys/class/dmi/id/chassis_serial /sys/class/dmi/id/chassis_asset_tag
[ -r /sys/firmware/devicetree/base/serial-number ] && {
  printf 'product_serial:'; tr -d '\000' </sys/firmware/devicetree/base/serial-number; echo
}
echo '== modules'
dmidecode -t 17 2>/dev/null | grep -E '^Memory Device|^[[:space:]]+(Size|Locator|Type|Speed'\
'|Configured (Memory|Clock) Speed|Manufacturer|Part Number|Serial Number):' | head -n 1500
echo '== end'
"""

_UNITS = {"kB": 1024.0, "MB": 1024.0**2, "GB": 1024.0**3, "TB": 1024.0**4}


@knows("dmidecode or /sys/class/dmi")
def parse(output: Output, host: str, at: float) -> Reading:
    """The first row (`kind` ``host``) has the serial numbers, then a row per memory module
    (``module``), its speed in MT/s as it is set. Slots without a module are only counted.
    """
    found = sections(output.data)
    section(found, "end")
    serials: dict[str, str] = {}
    for line in section(found, "serials"):
        name, _, value = line.rpartition("/")[2].partition(":")
        serials.setdefault(name, told(value))
    rows: list[Row] = [
        {
            "kind": "host",
            "serial": serials.get("product_serial", ""),
            "board_serial": serials.get("board_serial", ""),
            "chassis_serial": serials.get("chassis_serial", ""),
            "asset_tag": serials.get("chassis_asset_tag", ""),
        }
    ]
    slots = _slots(section(found, "modules"))
    modules = [row for slot in slots if (row := _module(slot)) is not None]
    samples: dict[SampleKey, float] = {}
    if slots:
        samples["nameplate.slots", ""] = float(len(slots))
        samples["nameplate.modules", ""] = float(len(modules))
    source = "dmidecode, /sys/class/dmi, as root"
    return Reading(host, "nameplate", at, samples, (*rows, *modules), source=source)


def _slots(lines: list[str]) -> list[dict[str, str]]:
    slots: list[dict[str, str]] = []
    for line in lines:
        if line.startswith("Memory Device"):
            slots.append({})
        elif slots:
            name, _, value = line.strip().partition(":")
            slots[-1].setdefault(name, value.strip())
    return slots


def _module(slot: dict[str, str]) -> Row | None:
    """What is in a slot, None where nothing is."""
    number, _, unit = slot.get("Size", "").partition(" ")
    if not number.isdigit() or unit not in _UNITS:
        return None
    speeds = (slot.get(name, "") for name in _SPEEDS)
    speed = next((one.split()[0] for one in speeds if one[:1].isdigit()), "")
    return {
        "kind": "module",
        "slot": slot.get("Locator", ""),
        "size_bytes": int(number) * _UNITS[unit],
        "type": told(slot.get("Type", "")),
        "mt_s": int(speed) if speed.isdigit() else None,
        "maker": told(slot.get("Manufacturer", "")),
        "part": told(slot.get("Part Number", "")),
        "serial": told(slot.get("Serial Number", "")),
    }


_SPEEDS = ("Configured Memory Speed", "Configured Clock Speed", "Speed")

NAMEPLATE = Collector(
    name="nameplate",
    title="Serial numbers and memory modules",
    tier=Tier.DEMAND,
    command=COMMAND,
    every_s=3600.0,
    timeout_s=10.0,
    parse=parse,
    machine_wide=True,
    metrics=(
        Metric("nameplate.slots", "slots", "Slots for memory modules"),
        Metric("nameplate.modules", "modules", "Memory modules that are plugged in"),
    ),
    needs_root=True,
)
