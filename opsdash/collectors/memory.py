"""How much memory is really left."""

from __future__ import annotations

from opsdash.collectors.parsing import file, knows
from opsdash.core.errors import BadOutput
from opsdash.core.plugin import Collector, ProcFile, Tier
from opsdash.core.reading import Metric, Output, Reading, SampleKey

MEMINFO = "/proc/meminfo"


def _bytes(content: bytes) -> dict[bytes, int]:
    found = {}
    for line in content.splitlines():
        name, _, value = line.partition(b":")
        if value:
            found[name] = int(value.split()[0]) * 1024
    return found


def _available(info: dict[bytes, int]) -> int:
    """What programs can still get without swapping.

    The kernel's MemAvailable is right on a machine. lxcfs makes it up for containers as free +
    cached, and tmpfs and shared memory are in "cached" though nothing can drop them: with 400 of
    512 MiB in tmpfs it still said 495 MiB. The kernel builds its figure from free + file pages +
    reclaimable slab less a reserve, so that sum never lowers an honest MemAvailable, but it caps
    a made-up one (95 MiB there). KReclaimable is no use: in a container it is the machine's.
    """
    free, slab = info[b"MemFree"], info.get(b"SReclaimable", 0)
    unshared = info.get(b"Buffers", 0) + info[b"Cached"] - info.get(b"Shmem", 0)
    if b"Inactive(file)" in info:
        unshared = info[b"Active(file)"] + info[b"Inactive(file)"]
    told = info.get(b"MemAvailable")
    droppable = free + max(0, unshared)
    # Before Linux 3.14 there is no MemAvailable: then the sum is the best there is, without slab,
    # of which old kernels can free little.
    available = droppable if told is None else min(told, droppable + slab)
    return max(0, min(available, info[b"MemTotal"]))


def _swap(info: dict[bytes, int]) -> dict[SampleKey, float]:
    total = info.get(b"SwapTotal", 0)
    used = max(0, total - info.get(b"SwapFree", 0))
    found: dict[SampleKey, float] = {
        ("memory.swap_total_bytes", ""): float(total),
        ("memory.swap_used_bytes", ""): float(used),
    }
    if total:
        found["memory.swap_used_ratio", ""] = used / total
    return found


@knows(MEMINFO)
def parse(output: Output, host: str, at: float) -> Reading:
    """Memory and swap in bytes, and what share of either is used."""
    info = _bytes(file(output, MEMINFO))
    total = info[b"MemTotal"]
    if total <= 0:
        raise BadOutput(f"{MEMINFO} says that there is no memory")
    available = _available(info)
    samples: dict[SampleKey, float] = {
        ("memory.total_bytes", ""): float(total),
        ("memory.available_bytes", ""): float(available),
        ("memory.used_ratio", ""): 1 - available / total,
        ("memory.shared_bytes", ""): float(info.get(b"Shmem", 0)),
        ("memory.cached_bytes", ""): float(info.get(b"Buffers", 0) + info[b"Cached"]),
    }
    return Reading(host, "memory", at, samples | _swap(info), source=MEMINFO)


MEMORY = Collector(
    name="memory",
    title="Memory",
    tier=Tier.PULSE,
    # A dot for each parenthesis: awks differ in how they read a backslash inside a string.
    reads=(
        ProcFile(
            MEMINFO,
            "^(Mem|Buffers:|Cached:|Shmem:|SReclaimable:|Swap[TF]|Active.file|Inactive.file)",
        ),
    ),
    parse=parse,
    metrics=(
        Metric("memory.total_bytes", "bytes", "Memory of the host, or its container's limit"),
        Metric("memory.available_bytes", "bytes", "What programs can still get"),
        Metric("memory.used_ratio", "ratio", "Share that programs can't get", recent=True),
        Metric("memory.shared_bytes", "bytes", "tmpfs and shared memory: can't be dropped"),
        Metric("memory.cached_bytes", "bytes", "File cache, tmpfs included"),
        Metric("memory.swap_total_bytes", "bytes", "Size of swap"),
        Metric("memory.swap_used_bytes", "bytes", "Swap in use"),
        Metric(
            "memory.swap_used_ratio",
            "ratio",
            "Share of swap in use; absent without swap",
            kept=True,
        ),
    ),
)
