"""Hardware that says how it is: arrays of disks, heat, fans, memory errors, power."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from opsdash.collectors.parsing import knows, number, section, sections
from opsdash.core.plugin import Collector, Tier
from opsdash.core.reading import Metric, Output, Reading, Row, SampleKey

# One grep reads all the small files and says which is which; a sensor that is asleep gives an error
# in place of a figure, which -s leaves out.
COMMAND = r"""
echo '== arrays'
cat /proc/mdstat 2>/dev/null
echo '== sys'
grep -s "" /dev/null \
  /sys/class/hwmon/hwmon*/name \
  /sys/class/hwmon/hwmon*/temp*_input /sys/class/hwmon/hwmon*/temp*_label \
  /sys/class/hwmon/hwmon*/temp*_crit /sys/class/hwmon/hwmon*/temp*_max \
  /sys/class/hwmon/hwmon*/fan*_input /sys/class/hwmon/hwmon*/fan*_label \
  /sys/class/hwmon/hwmon*/fan*_alarm \
  /sys/devices/system/edac/mc/mc*/ce_count /sys/devices/system/edac/mc/mc*/ue_count \
  /sys/class/power_supply/*/type /sys/class/power_supply/*/online \
  /sys/block/*/device/model /sys/block/*/device/state
echo '== end'
"""

_ARRAY = re.compile(r"^(md\S*) : (\w+)(?: \([^)]*\))*(?: (\w+)(?!\S))?((?: \S+\[\d+\]\S*)*)")
_PARTS = re.compile(r"\[(\d+)/(\d+)\] \[[U_]+\]")
_SYNC = re.compile(r"(recovery|resync|reshape|check) *= *([0-9.]+)%")
_SENSOR = re.compile(r"^/sys/class/hwmon/(hwmon\d+)/(name|(?:temp|fan)\d+)(?:_(\w+))?$")
_MEMORY = re.compile(r"^/sys/devices/system/edac/mc/(mc\d+)/([cu])e_count$")
_SUPPLY = re.compile(r"^/sys/class/power_supply/([^/]+)/(type|online)$")
_DISK = re.compile(r"^/sys/block/([^/]+)/device/(model|state)$")

_SANE_C = range(1, 151)
"""A limit outside is a register that nobody has set."""

Samples = dict[SampleKey, float]


@knows("/sys and /proc/mdstat")
def parse(output: Output, host: str, at: float) -> Reading:
    """What there is of all this, by its name; what a host does not have is absent.

    A row per array (`kind` ``array``: level, state, failed devices) and per disk (`kind` ``disk``:
    model, state).
    """
    found = sections(output.data)
    section(found, "end")
    samples: Samples = {("hardware.sensors", ""): 0.0}
    rows = _arrays(section(found, "arrays"), samples)
    files = dict(_files(section(found, "sys")))
    _sensors(files, samples)
    _memory(files, samples)
    _supplies(files, samples)
    rows += _disks(files)
    source = "/proc/mdstat, /sys/class/hwmon, edac, block"
    return Reading(host, "hardware", at, samples, tuple(rows), source=source)


def _files(lines: Iterable[str]) -> Iterable[tuple[str, str]]:
    for line in lines:
        path, mark, value = line.partition(":")
        if mark and path.startswith("/sys/"):
            yield path, value.strip()


def _arrays(lines: list[str], samples: Samples) -> list[Row]:
    """The arrays of md: how many of their devices are lacking, and how far a rebuild is."""
    rows: list[Row] = []
    name = ""
    for line in lines:
        if head := _ARRAY.match(line):
            name = head[1]
            devices = head[4].split()
            failed = " ".join(one.partition("[")[0] for one in devices if "(F)" in one)
            rows.append(
                {
                    "kind": "array",
                    "name": name,
                    "level": head[3] or "",
                    "state": head[2],
                    "failed": failed,
                }
            )
        elif name and (parts := _PARTS.search(line)):
            samples["hardware.array_devices", name] = float(parts[1])
            samples["hardware.array_missing", name] = float(int(parts[1]) - int(parts[2]))
        elif name and (sync := _SYNC.search(line)):
            samples[f"hardware.array_{_work(sync[1])}_ratio", name] = number(sync[2].encode()) / 100
    return rows


def _work(word: str) -> str:
    """A check reads only; whatever else goes on makes the array whole, or another one."""
    return "check" if word == "check" else "rebuild"


def _sensors(files: dict[str, str], samples: Samples) -> None:
    """Each sensor by the name of its chip and its own label, or its number."""
    chips: dict[str, str] = {}
    sensors: dict[tuple[str, str], dict[str, str]] = {}
    for path, value in files.items():
        sensor = _SENSOR.match(path)
        if sensor and sensor[2] == "name":
            chips[sensor[1]] = value
        elif sensor and sensor[3]:
            sensors.setdefault((sensor[1], sensor[2]), {})[sensor[3]] = value
    for (chip, which), said in sensors.items():
        label = f"{chips.get(chip, chip)} {said.get('label') or which}"
        if "input" in said:
            samples["hardware.sensors", ""] += 1.0
            (_fan if which.startswith("fan") else _temperature)(label, said, samples)


def _fan(label: str, said: dict[str, str], samples: Samples) -> None:
    samples["hardware.fan_rpm", label] = float(int(said["input"]))
    samples["hardware.fan_alarm", label] = float(int(said.get("alarm", "0")))


def _temperature(label: str, said: dict[str, str], samples: Samples) -> None:
    """In degrees; the limit is that at which the chip itself becomes critical."""
    degrees = int(said["input"]) / 1000
    samples["hardware.temperature_celsius", label] = degrees
    limits = [int(said[name]) / 1000 for name in ("crit", "max") if name in said]
    limit = next((one for one in limits if int(one) in _SANE_C), None)
    if limit is not None:
        samples["hardware.temperature_limit_celsius", label] = limit
        samples["hardware.temperature_ratio", label] = degrees / limit


def _memory(files: dict[str, str], samples: Samples) -> None:
    for path, value in files.items():
        if counter := _MEMORY.match(path):
            kind = "corrected" if counter[2] == "c" else "uncorrected"
            samples[f"hardware.memory_{kind}", counter[1]] = float(int(value))


def _supplies(files: dict[str, str], samples: Samples) -> None:
    kinds = {
        m[1]: value
        for path, value in files.items()
        if (m := _SUPPLY.match(path)) and m[2] == "type"
    }
    for path, value in files.items():
        supply = _SUPPLY.match(path)
        if supply and supply[2] == "online" and kinds.get(supply[1]) == "Mains":
            samples["hardware.supply_online", supply[1]] = float(int(value))


def _disks(files: dict[str, str]) -> Iterator[Row]:
    """The disks that the kernel says a state of: ``running`` (SCSI, ATA) or ``live`` (NVMe), or
    that it has given up on them.
    """
    disks: dict[str, dict[str, str]] = {}
    for path, value in files.items():
        if disk := _DISK.match(path):
            disks.setdefault(disk[1], {})[disk[2]] = value
    for name, said in disks.items():
        if "state" in said:
            model = said.get("model", "")
            yield {"kind": "disk", "name": name, "model": model, "state": said["state"]}


HARDWARE = Collector(
    name="hardware",
    title="Hardware",
    tier=Tier.FACTS,
    command=COMMAND,
    every_s=60.0,
    timeout_s=10.0,
    parse=parse,
    machine_wide=True,
    metrics=(
        Metric("hardware.sensors", "sensors", "Sensors that say something"),
        Metric("hardware.array_devices", "devices", "Devices that an array wants", label="array"),
        Metric("hardware.array_missing", "devices", "Devices that it lacks", label="array"),
        Metric("hardware.array_rebuild_ratio", "ratio", "How far a rebuild is", label="array"),
        Metric("hardware.array_check_ratio", "ratio", "How far a check is", label="array"),
        Metric(
            "hardware.temperature_celsius",
            "celsius",
            "What a sensor says",
            label="sensor",
            kept=True,
        ),
        Metric(
            "hardware.temperature_limit_celsius",
            "celsius",
            "Its own critical limit",
            label="sensor",
        ),
        Metric(
            "hardware.temperature_ratio", "ratio", "Share of that limit", label="sensor", kept=True
        ),
        Metric("hardware.fan_rpm", "rpm", "Turns of a fan", label="fan"),
        Metric("hardware.fan_alarm", "flag", "Whether its chip complains of it", label="fan"),
        Metric("hardware.memory_corrected", "errors", "Memory errors mended", label="controller"),
        Metric(
            "hardware.memory_uncorrected", "errors", "Memory errors not mended", label="controller"
        ),
        Metric(
            "hardware.supply_online", "flag", "Whether a power supply has mains", label="supply"
        ),
    ),
)
