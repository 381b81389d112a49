"""RAID controllers with tools of their own (Broadcom and Dell, HPE), and paths to storage."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from opsdash.collectors.parsing import knows, section, sections
from opsdash.core.plugin import Collector, Tier
from opsdash.core.reading import Metric, Output, Reading, Row

# Without "nolog" storcli would leave a log where it is called. multipath is asked only where the
# kernel has such a device: without, it complains, or loads a module.
COMMAND = r"""
t=
timeout -k 1 5 true 2>/dev/null && t='timeout -k 1 10'
own=/opt/MegaRAID
for tool in storcli64 storcli perccli64 perccli $own/storcli/storcli64 $own/storcli/storcli \
  $own/perccli/perccli64 $own/perccli/perccli; do
  command -v "$tool" >/dev/null 2>&1 || continue
  echo '== storcli'
  $t "$tool" /call/vall show nolog 2>/dev/null </dev/null
  $t "$tool" /call/eall/sall show nolog 2>/dev/null </dev/null
  $t "$tool" /call/sall show nolog 2>/dev/null </dev/null
  break
done
for tool in ssacli hpssacli hpacucli; do
  command -v "$tool" >/dev/null 2>&1 || continue
  echo '== ssacli'
  $t "$tool" ctrl all show config 2>/dev/null </dev/null
  $t "$tool" ctrl all show status 2>/dev/null </dev/null
  break
done
if grep -qs '^mpath-' /sys/block/dm-*/dm/uuid && command -v multipath >/dev/null 2>&1; then
  echo '== multipath'
  $t multipath -ll 2>/dev/null </dev/null
fi
echo '== end'
"""

_STORCLI_VOLUME = re.compile(r"^(\S*/\d+) +(RAID\d*\S*|Cac\d) +(\w+) +(?:R[OWWP]|B|HD|-)\S* ")
_STORCLI_DRIVE = re.compile(r"^(\d* ?:\d+) +\d+ +(\w+) +(?:\d+|-|F) +[0-9.]+ [KMGTP]?B ")
_STORCLI_MODEL = re.compile(r" (?:\d+B|\d+ KB) +(\S.*?) +[UDT](?: |$)")
_STORCLI_WORDS = {
    "Dgrd": ("degraded", "critical"),
    "Pdgd": ("partially degraded", "critical"),
    "OfLn": ("offline", "critical"),
    "Offln": ("offline", "critical"),
    "Rec": ("in recovery", "warning"),
    "UBad": ("bad", "critical"),
    "UBUnsp": ("bad", "critical"),
    "Failed": ("failed", "critical"),
    "Msng": ("missing", "critical"),
    "Rbld": ("being rebuilt", "warning"),
    "Cpybck": ("being copied back", "warning"),
}
"""What storcli says of volumes and drives that are not as they should be."""

_SSACLI_CONTROLLER = re.compile(r"^(\S.*?) in Slot (\d+)")
_SSACLI_VOLUME = re.compile(r"^ *logicaldrive (\S+) \([^,]+, (RAID [^,]+), (.+)\)$")
_SSACLI_DRIVE = re.compile(r"^ *physicaldrive (\S+) \((.+)\)$")
_SSACLI_STATUS = re.compile(r"^ *(Controller|Cache|Battery/Capacitor|Battery) Status: (.+)$")
_MENDING = ("recovering", "rebuilding", "initializ", "transforming", "expanding", "erase")

_PATH = re.compile(r"[|`]- (?:\d+:\d+:\d+:\d+|#:#:#:#) +(\S+) +\S+ +(\w+) +(\w+)")
_MAP = re.compile(r"^(\S+)(?: \(\S+\))? dm-\d+ (.*)$")


@knows("storcli, ssacli or multipath")
def parse(output: Output, host: str, at: float) -> Reading:
    """A row per volume and drive of a controller, and per device with several paths: `kind`
    (``volume``, ``drive``, ``status``, ``paths``), its `state`, and how `bad` that is.
    """
    found = sections(output.data)
    section(found, "end")
    rows = [
        *_storcli(found.get("storcli", [])),
        *_ssacli(found.get("ssacli", [])),
        *_multipath(found.get("multipath", [])),
    ]
    volumes = float(sum(row["kind"] == "volume" for row in rows))
    tools = ", ".join(name for name in ("storcli", "ssacli", "multipath") if name in found)
    source = f"{tools or 'no tool there'}, as root"
    return Reading(host, "raid", at, {("raid.volumes", ""): volumes}, tuple(rows), source=source)


def _row(kind: str, name: str, what: str, state: str, bad: str) -> Row:
    return {"kind": kind, "name": name, "what": what, "state": state, "bad": bad}


def _storcli(lines: Iterable[str]) -> Iterator[Row]:
    controller = "0"
    seen: set[str] = set()
    for line in lines:
        if line.startswith("Controller = "):
            controller = line.split(" = ")[1].strip()
        kind, found = "volume", _STORCLI_VOLUME.match(line)
        if found is None:
            kind, found = "drive", _STORCLI_DRIVE.match(line)
        if found is None:
            continue
        name = f"c{controller} {'v' if kind == 'volume' else 's'}{found[1].replace(' ', '')}"
        if name in seen:
            continue
        seen.add(name)
        model = _STORCLI_MODEL.search(line)
        what = found[2] if kind == "volume" else model[1] if model else ""
        said = found[3] if kind == "volume" else found[2]
        state, bad = _STORCLI_WORDS.get(said, (said, ""))
        yield _row(kind, name, what, state, bad)


def _ssacli(lines: Iterable[str]) -> Iterator[Row]:
    slot = ""
    for line in lines:
        if found := _SSACLI_CONTROLLER.match(line):
            slot = f"slot {found[2]}"
        elif found := _SSACLI_VOLUME.match(line):
            yield _row("volume", f"{slot} {found[1]}", found[2], found[3], _ssacli_bad(found[3]))
        elif found := _SSACLI_DRIVE.match(line):
            fields = [field.strip() for field in found[2].split(",")]
            state = fields[3] if len(fields) > 3 else fields[-1]
            yield _row("drive", f"{slot} {found[1]}", fields[1], state, _ssacli_bad(state))
        elif (found := _SSACLI_STATUS.match(line)) and found[2] not in ("OK", "Not Configured"):
            yield _row("status", f"{slot} {found[1].lower()}", "", found[2], "warning")


def _ssacli_bad(state: str) -> str:
    lowered = state.lower()
    if lowered == "ok":
        return ""
    mended = lowered.startswith(_MENDING) or "predictive" in lowered
    return "warning" if mended else "critical"


def _multipath(lines: Iterable[str]) -> Iterator[Row]:
    """Each device with how many of its paths are lost; ``ready`` and ``ghost`` ones are not."""
    kinds: dict[str, str] = {}
    there: dict[str, list[str]] = {}
    lost: dict[str, list[str]] = {}
    name = ""
    for line in lines:
        if found := _MAP.match(line):
            name = found[1]
            kinds[name], there[name], lost[name] = found[2].strip(), [], []
        elif name and (found := _PATH.search(line)):
            well = found[2] != "failed" and found[3] in ("ready", "ghost", "undef")
            (there if well else lost)[name].append(found[1])
    for name, what in kinds.items():
        paths = len(there[name]) + len(lost[name])
        state = f"{len(lost[name])} of {paths} paths lost: {' '.join(lost[name])}"
        bad = "warning" if there[name] else "critical"
        if not lost[name]:
            state, bad = "all paths there", ""
        yield _row("paths", name, what, state, bad)


RAID = Collector(
    name="raid",
    title="RAID controllers and paths",
    tier=Tier.FACTS,
    command=COMMAND,
    every_s=1800.0,
    timeout_s=25.0,
    max_bytes=131_072,
    parse=parse,
    machine_wide=True,
    needs_root=True,
    metrics=(Metric("raid.volumes", "volumes", "Volumes that RAID controllers have"),),
)
