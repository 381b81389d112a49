"""Disks and what is made of them, as only root may see it: SMART, md, LVM, ZFS."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime

from opsdash.collectors.parsing import knows, number, section, sections
from opsdash.collectors.smart import Samples, disk
from opsdash.collectors.zpool import pools
from opsdash.core.plugin import Collector, Tier
from opsdash.core.reading import Metric, Output, Reading, Row

# A disk that sleeps is left asleep, and one that hangs costs itself. The kind that --scan names is
# given back only where smartctl can't find it out: with "scsi" it would not look behind a SAS
# controller. Where several disks are behind one device it is part of the name. Without the module
# of ZFS its tools would load it.
COMMAND = r"""
t=
timeout -k 1 5 true 2>/dev/null && t='timeout -k 1 8'
echo '== now'
date '+%Y-%m-%dT%H:%M:%S'
if command -v smartctl >/dev/null 2>&1; then
  echo '== smart'
  $t smartctl --scan 2>/dev/null | head -n 64 | while read -r device _ kind _; do
    case $device in /dev/*) ;; *) continue ;; esac
    case $kind in
    ''|'#'|ata|scsi) set -- "$device" ;;
    *) set -- -d "$kind" "$device" ;;
    esac
    case $kind in *,*) ;; *) kind= ;; esac
    echo "@ ${device#/dev/} $kind"
    $t smartctl -n standby -i -H -A -l ssd "$@" </dev/null 2>&1
    case $? in 124|137) echo 'no answer in time' ;; esac
  done
fi
if command -v mdadm >/dev/null 2>&1; then
  echo '== md'
  for md in /sys/block/md*/md; do
    [ -e "$md" ] || continue
    md=${md%/md}; md=${md##*/}
    echo "@ $md"
    $t mdadm --detail "/dev/$md" 2>/dev/null
  done
fi
if command -v lvs >/dev/null 2>&1; then
  told='--noheadings --nosuffix --units b --separator |'
  echo '== groups'
  $t vgs $told -o vg_name,vg_attr,vg_size,vg_free,pv_count 2>/dev/null
  echo '== volumes'
  $t lvs $told -o vg_name,lv_name,lv_attr,data_percent,metadata_percent,copy_percent 2>/dev/null
fi
if [ -e /proc/spl/kstat/zfs ] && command -v zpool >/dev/null 2>&1; then
  echo '== pools'
  $t zpool list -H -o name,capacity 2>/dev/null
  echo '== zpool'
  $t zpool status 2>/dev/null
fi
echo '== end'
"""

_SCRUBBED = re.compile(r"scrub repaired .* on \w{3} (\w{3} +\d+ [0-9:]{8} \d{4})$")
_SPECIAL = frozenset("sStVvrRmM")
"""First letters of the attributes of volumes that can be in trouble by themselves: snapshots, thin
pools and what is in them, RAID, mirrors."""

_VOLUME_FAULTS = {
    "p": "lacks a disk",
    "r": "needs a refresh: a disk had write errors",
    "m": "has mismatches between its copies",
    "F": "has failed",
    "D": "is out of space",
    "M": "has read-only metadata",
}
"""The ninth letter of a volume's attributes, where it is one to worry about."""


@knows("the text of smartctl, mdadm, LVM or ZFS")
def parse(output: Output, host: str, at: float) -> Reading:
    """A row per disk, array, volume group, special volume and pool, told apart by `kind`.

    What the host does not have, or has no tool for, is absent.
    """
    found = sections(output.data)
    section(found, "end")
    now = datetime.fromisoformat(section(found, "now")[0])
    samples: Samples = {}
    rows = [disk(name, lines, samples) for name, lines in _parts(found.get("smart", []))]
    rows += [_array(name, lines) for name, lines in _parts(found.get("md", []))]
    rows += _groups(found.get("groups", []), samples)
    rows += _volumes(found.get("volumes", []), samples)
    rows += _pools(found, now, samples)
    samples["storage.disks", ""] = float(sum(row["kind"] == "disk" for row in rows))
    tools = {"smart": "smartctl", "md": "mdadm", "groups": "LVM", "pools": "ZFS"}
    used = ", ".join(tool for name, tool in tools.items() if name in found) or "no tool there"
    return Reading(host, "storage", at, samples, tuple(rows), source=f"{used}, as root")


def _parts(lines: Iterable[str]) -> Iterator[tuple[str, list[str]]]:
    """What stands below each line ``@ NAME``."""
    name, part = "", list[str]()
    for line in lines:
        if line.startswith("@ "):
            if name:
                yield name, part
            name, part = line[2:].strip(), []
        else:
            part.append(line)
    if name:
        yield name, part


def _array(name: str, lines: Iterable[str]) -> Row:
    """What /proc/mdstat does not tell of an array: its state in words, and which devices lack."""
    state, devices = "", []
    for line in lines:
        key, mark, value = line.partition(" : ")
        if mark and key.strip() == "State":
            state = value.strip()
        elif any(word in line for word in ("faulty", "removed", "rebuilding")):
            devices.append(" ".join(line.split()[4:]))
    return {"kind": "array", "name": name, "state": state, "devices": ", ".join(devices)}


def _fields(lines: Iterable[str], wanted: int) -> Iterator[list[str]]:
    """The fields of LVM's lines; others are warnings."""
    for line in lines:
        fields = line.strip().split("|")
        if len(fields) == wanted:
            yield fields


def _groups(lines: Iterable[str], samples: Samples) -> Iterator[Row]:
    for name, attributes, size, free, disks in _fields(lines, 5):
        samples["storage.group_size_bytes", name] = float(int(size))
        samples["storage.group_free_bytes", name] = float(int(free))
        partial = attributes[3:4] == "p"
        yield {"kind": "group", "name": name, "partial": partial, "disks": int(disks)}


def _volumes(lines: Iterable[str], samples: Samples) -> Iterator[Row]:
    for group, volume, attributes, data, metadata, copied in _fields(lines, 6):
        kind, invalid, health = attributes[:1], attributes[4:5] in ("I", "S"), attributes[8:9]
        fault = "is invalid: it ran full" if invalid else _VOLUME_FAULTS.get(health, "")
        if kind not in _SPECIAL and not fault:
            continue
        name = f"{group}/{volume}"
        if data and kind in "tsS":
            samples["storage.pool_used_ratio", name] = number(data.encode()) / 100
        if metadata and kind == "t":
            samples["storage.pool_used_ratio", f"{name} metadata"] = number(metadata.encode()) / 100
        if copied and kind in "rRmM":
            samples["storage.volume_copied_ratio", name] = number(copied.encode()) / 100
        yield {"kind": "volume", "name": name, "attributes": attributes, "fault": fault}


def _pools(found: dict[str, list[str]], now: datetime, samples: Samples) -> Iterator[Row]:
    for line in found.get("pools", []):
        name, _, used = line.partition("\t")
        samples["storage.pool_used_ratio", name] = number(used.strip().rstrip("%").encode()) / 100
    for pool in pools(found.get("zpool", [])):
        scrubbed = _SCRUBBED.search(pool["scan"])
        if scrubbed:
            stamp = " ".join(scrubbed[1].split())
            age = now - datetime.strptime(stamp, "%b %d %H:%M:%S %Y")  # noqa: DTZ007
            samples["storage.scrub_age_s", pool["name"]] = max(0.0, age.total_seconds())
        yield {"kind": "pool", **pool}


STORAGE = Collector(
    name="storage",
    title="Disks and storage",
    tier=Tier.FACTS,
    command=COMMAND,
    every_s=1800.0,
    timeout_s=30.0,
    max_bytes=524_288,
    parse=parse,
    machine_wide=True,
    needs_root=True,
    metrics=(
        Metric("storage.disks", "disks", "Disks that smartctl found"),
        Metric(
            "storage.disk_bad_sectors",
            "sectors",
            "Sectors that can't be read, pending or uncorrectable",
            label="disk",
            kept=True,
        ),
        Metric(
            "storage.disk_reallocated_sectors",
            "sectors",
            "Sectors replaced by spare ones",
            label="disk",
            kept=True,
        ),
        Metric(
            "storage.disk_media_errors",
            "errors",
            "Errors of the media of an NVMe disk",
            label="disk",
            kept=True,
        ),
        Metric(
            "storage.disk_worn_ratio",
            "ratio",
            "Share of its rated writes that flash has had",
            label="disk",
            kept=True,
        ),
        Metric(
            "storage.disk_spare_ratio", "ratio", "Share of spare blocks that is left", label="disk"
        ),
        Metric("storage.disk_celsius", "celsius", "Temperature of a disk", label="disk", kept=True),
        Metric("storage.disk_hours", "hours", "Hours that a disk has been on", label="disk"),
        Metric(
            "storage.pool_used_ratio",
            "ratio",
            "Share of a ZFS pool, a thin pool, its metadata, or a snapshot that is in use",
            label="pool",
            kept=True,
        ),
        Metric("storage.volume_copied_ratio", "ratio", "How far its copies are", label="volume"),
        Metric("storage.group_size_bytes", "bytes", "Size of a volume group", label="group"),
        Metric("storage.group_free_bytes", "bytes", "What of it no volume has", label="group"),
        Metric("storage.scrub_age_s", "s", "Time since the last scrub", label="pool"),
    ),
)
