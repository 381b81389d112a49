"""What the disks do: bytes per second, how busy each is, and how long a request takes."""

from __future__ import annotations

import re
from collections.abc import Container

from opsdash.collectors.parsing import knows, text
from opsdash.core.plugin import Collector, ProcFile, Tier
from opsdash.core.problem import Problem, ProblemKind
from opsdash.core.reading import Metric, MetricKind, Output, Reading, SampleKey
from opsdash.core.series import increase, rate

DISKSTATS = "/proc/diskstats"
SECTOR_BYTES = 512
"""The kernel counts in these, whatever the disk's own sectors are."""

# Real disks by name. dm-* and md* are left out: their traffic is their disks' traffic again.
_DISK = re.compile(
    rb"(?:[svh]|xv)d[a-z]+\d*|nvme\d+n\d+(?:p\d+)?|(?:mmcblk|nbd|pmem|rbd)\d+\S*|dasd\S+"
)
_NO_DISKSTATS = Problem(ProblemKind.UNSUPPORTED, "disk traffic: no /proc/diskstats here")
_RATES = (
    ("diskio.read_bytes", "diskio.read_bytes_per_s"),
    ("diskio.write_bytes", "diskio.write_bytes_per_s"),
)


def _is_part(name: bytes, disks: Container[bytes]) -> bool:
    """Whether it is a part of a disk that is listed too (some clouds list a lone ``xvda1``)."""
    if b"boot" in name or b"rpmb" in name:
        return True
    base = name.rstrip(b"0123456789")
    if base == name:
        return False
    return base in disks or (base.endswith(b"p") and base[:-1] in disks)


@knows(DISKSTATS)
def parse(output: Output, host: str, at: float) -> Reading:
    """Counters since boot, by whole disk. A host without disks of its own has none."""
    if DISKSTATS not in output.files:
        return Reading(host, "diskio", at, problem=_NO_DISKSTATS)
    lines = [line.split() for line in output.files[DISKSTATS].splitlines()]
    disks = {fields[2]: fields for fields in lines if fields and _DISK.fullmatch(fields[2])}
    samples: dict[SampleKey, float] = {}
    for name, fields in disks.items():
        if _is_part(name, disks):
            continue
        label = text(name)
        samples["diskio.read_bytes", label] = float(int(fields[5]) * SECTOR_BYTES)
        samples["diskio.write_bytes", label] = float(int(fields[9]) * SECTOR_BYTES)
        samples["diskio.busy_s", label] = int(fields[12]) / 1000
        samples["diskio.ios", label] = float(int(fields[3]) + int(fields[7]))
        samples["diskio.waited_s", label] = (int(fields[6]) + int(fields[10])) / 1000
    return Reading(host, "diskio", at, samples, source=DISKSTATS)


def derive(before: Reading, now: Reading, elapsed_s: float) -> dict[SampleKey, float]:
    """Bytes per second by disk and together (no label), the share of time with work, how many
    requests were done, and how long one took on average.
    """
    rates: dict[SampleKey, float] = {}
    for counter, per_s in _RATES:
        speeds: list[float] = []
        for disk, value in now.labelled(counter).items():
            speed = rate(before.get(counter, disk), value, elapsed_s)
            if speed is not None:
                rates[per_s, disk] = speed
                speeds.append(speed)
        if speeds:
            rates[per_s, ""] = sum(speeds)
    for disk, value in now.labelled("diskio.busy_s").items():
        busy = rate(before.get("diskio.busy_s", disk), value, elapsed_s)
        if busy is not None:
            rates["diskio.busy_ratio", disk] = min(1.0, busy)
    return rates | _requests(before, now, elapsed_s)


def _requests(before: Reading, now: Reading, elapsed_s: float) -> dict[SampleKey, float]:
    rates: dict[SampleKey, float] = {}
    for disk, value in now.labelled("diskio.ios").items():
        done = increase(before.get("diskio.ios", disk), value)
        waited_s = increase(before.get("diskio.waited_s", disk), now.get("diskio.waited_s", disk))
        if done is not None and waited_s is not None and elapsed_s > 0:
            rates["diskio.ios_per_s", disk] = done / elapsed_s
            if done:
                rates["diskio.wait_ms", disk] = waited_s / done * 1000
    return rates


def _counter(name: str, unit: str, help_text: str) -> Metric:
    return Metric(f"diskio.{name}", unit, help_text, MetricKind.COUNTER, "disk")


def _speed(name: str, help_text: str) -> Metric:
    return Metric(f"diskio.{name}", "bytes/s", help_text, label="disk", recent=True)


DISKIO = Collector(
    name="diskio",
    title="Disk traffic",
    tier=Tier.PULSE,
    reads=(ProcFile(DISKSTATS, " ((s|v|xv|h)d[a-z]|nvme|mmcblk|nbd|pmem|rbd|dasd)"),),
    parse=parse,
    derive=derive,
    machine_wide=True,
    metrics=(
        _counter("read_bytes", "bytes", "Read since boot"),
        _counter("write_bytes", "bytes", "Written since boot"),
        _counter("busy_s", "s", "Time with work since boot"),
        _counter("ios", "requests", "Reads and writes done since boot"),
        _counter("waited_s", "s", "Time that those took, added up"),
        _speed("read_bytes_per_s", "Read per second; no label: all disks together"),
        _speed("write_bytes_per_s", "Written per second; no label: all disks together"),
        Metric("diskio.busy_ratio", "ratio", "Share of time with work", label="disk", kept=True),
        Metric("diskio.ios_per_s", "requests/s", "Reads and writes done per second", label="disk"),
        Metric(
            "diskio.wait_ms",
            "ms",
            "Average time that one took, its queue included",
            label="disk",
            kept=True,
        ),
    ),
)
