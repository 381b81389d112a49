"""Pressure stall information: the share of time in which tasks waited for a resource."""

from __future__ import annotations

from opsdash.collectors.parsing import knows, number
from opsdash.core.plugin import Collector, ProcFile, Tier
from opsdash.core.problem import Problem, ProblemKind
from opsdash.core.reading import Metric, Output, Reading, SampleKey

_FILES = {
    "/proc/pressure/cpu": {b"some": ("pressure.cpu_some_ratio", "")},
    "/proc/pressure/memory": {
        b"some": ("pressure.memory_some_ratio", ""),
        b"full": ("pressure.memory_full_ratio", ""),
    },
    "/proc/pressure/io": {
        b"some": ("pressure.io_some_ratio", ""),
        b"full": ("pressure.io_full_ratio", ""),
    },
}
_NO_PSI = Problem(ProblemKind.UNSUPPORTED, "pressure: this kernel has no PSI")


@knows("/proc/pressure")
def parse(output: Output, host: str, at: float) -> Reading:
    """The averages over ten seconds. A kernel built or booted without PSI has none."""
    samples: dict[SampleKey, float] = {}
    for path, kinds in _FILES.items():
        for line in output.files.get(path, b"").splitlines():
            kind, average = line.split()[:2]
            if kind in kinds:
                samples[kinds[kind]] = number(average.removeprefix(b"avg10=")) / 100
    if not samples:
        return Reading(host, "pressure", at, problem=_NO_PSI)
    return Reading(host, "pressure", at, samples, source="/proc/pressure")


PRESSURE = Collector(
    name="pressure",
    title="Pressure",
    tier=Tier.PULSE,
    reads=tuple(ProcFile(path) for path in _FILES),
    parse=parse,
    machine_wide=True,
    metrics=(
        Metric(
            "pressure.cpu_some_ratio",
            "ratio",
            "Time in which some task waited for a CPU",
            kept=True,
        ),
        Metric(
            "pressure.memory_some_ratio",
            "ratio",
            "Time in which some task waited for memory",
            kept=True,
        ),
        Metric(
            "pressure.memory_full_ratio",
            "ratio",
            "Time in which all tasks waited for memory",
            kept=True,
        ),
        Metric(
            "pressure.io_some_ratio",
            "ratio",
            "Time in which some task waited for a disk",
            kept=True,
        ),
        Metric(
            "pressure.io_full_ratio",
            "ratio",
            "Time in which all tasks waited for a disk",
            kept=True,
        ),
    ),
)
