"""Counters of the kernel as a whole: pages swapped in and out, open files."""

from __future__ import annotations

from opsdash.collectors.parsing import knows, number, section, sections
from opsdash.collectors.shell import HOST_TIME, host_time
from opsdash.core.plugin import Collector, Tier
from opsdash.core.reading import Metric, MetricKind, Output, Reading, SampleKey
from opsdash.core.series import rate

COMMAND = rf"""{HOST_TIME}
echo '== vmstat'
grep -E '^pswp(in|out) ' /proc/vmstat
echo '== files'
cat /proc/sys/fs/file-nr
echo '== end'
"""

_SWAP = {"pswpin": "kernel.swap_in", "pswpout": "kernel.swap_out"}
_NO_LIMIT = 2.0**62
"""Since Linux 5 the kernel's own limit is 2^63-1 where nobody set one: no limit at all."""


@knows("the kernel's counters")
def parse(output: Output, host: str, at: float) -> Reading:
    """Counters since boot. A kernel without swap has none of its two."""
    found = sections(output.data)
    section(found, "end")
    up_s, row = host_time(found)
    samples: dict[SampleKey, float] = {("kernel.up_s", ""): up_s}
    for line in section(found, "vmstat"):
        name, pages = line.split()
        samples[f"{_SWAP[name]}_pages", ""] = float(int(pages))
    files = section(found, "files")[0].split()
    used, most = number(files[0].encode()), number(files[2].encode())
    samples["kernel.open_files", ""] = used
    if 0 < most < _NO_LIMIT:
        samples["kernel.most_files", ""] = most
        samples["kernel.files_used_ratio", ""] = used / most
    return Reading(host, "kernel", at, samples, (row,), source="/proc/vmstat, file-nr")


def derive(before: Reading, now: Reading, elapsed_s: float) -> dict[SampleKey, float]:
    """Pages per second in each direction."""
    rates: dict[SampleKey, float] = {}
    for name in _SWAP.values():
        pages = f"{name}_pages"
        per_s = rate(before.get(pages), now.get(pages), elapsed_s)
        if per_s is not None:
            rates[f"{name}_pages_per_s", ""] = per_s
    return rates


KERNEL = Collector(
    name="kernel",
    title="Kernel counters",
    tier=Tier.FACTS,
    command=COMMAND,
    every_s=30.0,
    parse=parse,
    derive=derive,
    machine_wide=True,
    metrics=(
        Metric("kernel.up_s", "s", "Time since boot at which these were read"),
        Metric("kernel.swap_in_pages", "pages", "Read from swap", MetricKind.COUNTER),
        Metric("kernel.swap_out_pages", "pages", "Written to swap", MetricKind.COUNTER),
        Metric("kernel.swap_in_pages_per_s", "pages/s", "Read from swap per second"),
        Metric("kernel.swap_out_pages_per_s", "pages/s", "Written to swap per second"),
        Metric("kernel.open_files", "files", "File handles in use"),
        Metric("kernel.most_files", "files", "Most that there can be; absent where any number"),
        Metric(
            "kernel.files_used_ratio", "ratio", "Share in use; absent without a limit", kept=True
        ),
    ),
)
