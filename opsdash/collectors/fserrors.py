"""Damage that file systems have noted in themselves: ext4 and btrfs, read without root."""

from __future__ import annotations

import re
from collections.abc import Iterable

from opsdash.collectors.parsing import knows, section, sections
from opsdash.core.plugin import Collector, Tier
from opsdash.core.reading import Metric, Output, Reading, Row

COMMAND = r"""
echo '== now'
date +%s
echo '== sys'
grep -s "" /dev/null /sys/fs/ext4/*/errors_count /sys/fs/ext4/*/last_error_time \
  /sys/fs/btrfs/*/label /sys/fs/btrfs/*/devinfo/*/missing /sys/fs/btrfs/*/devinfo/*/error_stats
echo '== end'
"""

_EXT4 = re.compile(r"^/sys/fs/ext4/([^/]+)/(errors_count|last_error_time):(\d+)$")
_BTRFS = re.compile(r"^/sys/fs/btrfs/([^/]+)/devinfo/(\d+)/(missing|error_stats):(.*)$")
_LABEL = re.compile(r"^/sys/fs/btrfs/([^/]+)/label:(.+)$")

_NOTHING: Row = {"errors": 0, "age_s": None, "missing": False, "kinds": ""}


@knows("/sys/fs")
def parse(output: Output, host: str, at: float) -> Reading:
    """A row per file system of ext4, and per device of one of btrfs, that has noted errors or is
    missing: `errors` since they were reset, `age_s` of the last one (None: not told).
    """
    found = sections(output.data)
    section(found, "end")
    now = int(section(found, "now")[0])
    lines = section(found, "sys")
    rows = [*_ext4(lines, now), *_btrfs(lines)]
    samples = {("fserrors.errors", str(row["name"])): float(row["errors"] or 0) for row in rows}
    return Reading(host, "fserrors", at, samples, tuple(rows), source="/sys/fs/ext4, btrfs")


def _ext4(lines: Iterable[str], now: int) -> Iterable[Row]:
    noted: dict[str, dict[str, int]] = {}
    for line in lines:
        if told := _EXT4.match(line):
            noted.setdefault(told[1], {})[told[2]] = int(told[3])
    for name, said in noted.items():
        if errors := said.get("errors_count", 0):
            last = said.get("last_error_time", 0)
            age_s = max(0.0, float(now - last)) if last else None
            yield {**_NOTHING, "kind": "ext4", "name": name, "errors": errors, "age_s": age_s}


def _btrfs(lines: Iterable[str]) -> Iterable[Row]:
    labels = {told[1]: told[2] for line in lines if (told := _LABEL.match(line))}
    errors: dict[tuple[str, str], dict[str, int]] = {}
    for line in lines:
        if told := _BTRFS.match(line):
            kind, _, number = told[4].rpartition(" ")
            errors.setdefault((told[1], told[2]), {})[kind or "missing"] = int(number)
    for (uuid, device), counted in errors.items():
        missing = bool(counted.pop("missing", 0))
        if missing or any(counted.values()):
            name = f"{labels.get(uuid, uuid)} device {device}"
            kinds = ", ".join(f"{kind} {number}" for kind, number in counted.items() if number)
            yield {
                **_NOTHING,
                "kind": "btrfs",
                "name": name,
                "errors": sum(counted.values()),
                "missing": missing,
                "kinds": kinds,
            }


FSERRORS = Collector(
    name="fserrors",
    title="File system errors",
    tier=Tier.FACTS,
    command=COMMAND,
    every_s=300.0,
    parse=parse,
    machine_wide=True,
    metrics=(
        Metric(
            "fserrors.errors",
            "errors",
            "Errors that a file system has noted in itself",
            label="file system",
            kept=True,
        ),
    ),
)
