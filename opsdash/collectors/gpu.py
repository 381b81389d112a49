"""Graphics processors of NVIDIA: how busy, how full, how hot, and which processes use them."""

from __future__ import annotations

from math import isfinite

from opsdash.collectors.parsing import knows, section, sections
from opsdash.core.plugin import Collector, Tier
from opsdash.core.reading import Metric, Output, Reading, Row, SampleKey

# A name may hold commas: it stands last. What it asks about every driver of the last ten years has.
COMMAND = r"""
echo '== gpus'
if command -v nvidia-smi >/dev/null 2>&1; then
  if told=$(nvidia-smi --format=csv,noheader,nounits --query-gpu=index,uuid,driver_version,\
utilization.gpu,memory.used,memory.total,temperature.gpu,power.draw,power.limit,fan.speed,\
ecc.errors.uncorrected.volatile.total,name 2>&1)
  then
    printf '%s\n' "$told" | sed 's/^/gpu, /'
    nvidia-smi --format=csv,noheader,nounits \
      --query-compute-apps=gpu_uuid,pid,used_gpu_memory,process_name 2>/dev/null \
      | head -n 100 | sed 's/^/uses, /'
  else
    printf 'failed, %s\n' "$(printf '%s' "$told" | tr '\n' ' ')"
  fi
fi
echo '== end'
"""

_MIB = 1024.0**2

_FIGURES = (
    ("gpu.busy_ratio", 0.01),
    ("gpu.memory_used_bytes", _MIB),
    ("gpu.memory_bytes", _MIB),
    ("gpu.temperature_celsius", 1.0),
    ("gpu.power_watts", 1.0),
    ("gpu.power_limit_watts", 1.0),
    ("gpu.fan_ratio", 0.01),
    ("gpu.uncorrected_errors", 1.0),
)
"""Metrics in the order of the query, and what a figure of nvidia-smi is worth in their units."""

_ABSENT = frozenset({"", "n/a", "not supported", "insufficient permissions"})


@knows("the list of graphics processors")
def parse(output: Output, host: str, at: float) -> Reading:
    """A row per processor (`kind` ``gpu``; `said` has what it says in place of a figure: that it is
    lost), per process that computes on one (``process``), and one where nvidia-smi itself failed
    (``failed``). Figures are labelled by the processor's number; those that it lacks are absent.
    """
    found = sections(output.data)
    section(found, "end")
    samples: dict[SampleKey, float] = {}
    rows: list[Row] = []
    numbers: dict[str, str] = {}
    for line in section(found, "gpus"):
        kind, _, rest = line.partition(", ")
        if kind == "failed":
            rows.append({"kind": "failed", "said": rest.strip()})
        elif kind == "gpu":
            fields = [field.strip() for field in rest.split(",", len(_FIGURES) + 3)]
            number, uuid, driver, *figures, name = fields
            numbers[uuid] = number
            said = _figures(number, figures, samples)
            rows.append(
                {"kind": "gpu", "gpu": number, "name": name, "driver": driver, "said": said}
            )
        elif row := _process(rest, numbers):
            rows.append(row)
    samples["gpu.seen", ""] = float(len(numbers))
    source = "nvidia-smi" if rows else "no nvidia-smi there"
    return Reading(host, "gpu", at, samples, tuple(rows), source=source)


def _figures(number: str, figures: list[str], samples: dict[SampleKey, float]) -> str:
    """Take the figures that there are; what stands in place of one that should be."""
    said = ""
    for (metric, worth), figure in zip(_FIGURES, figures, strict=True):
        value = _number(figure)
        if value is not None:
            samples[metric, number] = value * worth
        elif figure.strip("[]").lower() not in _ABSENT:
            said = figure.strip("[]")
    return said


def _number(figure: str) -> float | None:
    try:
        value = float(figure)
    except ValueError:
        return None
    return value if isfinite(value) else None


def _process(rest: str, numbers: dict[str, str]) -> Row | None:
    """A process, None where the login may not see which it is."""
    uuid, pid, memory, name = (field.strip() for field in rest.split(",", 3))
    if not pid.isdecimal():
        return None
    used = _number(memory)
    return {
        "kind": "process",
        "gpu": numbers.get(uuid, ""),
        "pid": int(pid),
        "memory_bytes": None if used is None else used * _MIB,
        "name": name,
    }


GPU = Collector(
    name="gpu",
    title="Graphics processors",
    tier=Tier.DEMAND,
    command=COMMAND,
    every_s=15.0,
    timeout_s=10.0,
    parse=parse,
    metrics=(
        Metric("gpu.seen", "processors", "Graphics processors that there are"),
        Metric("gpu.busy_ratio", "ratio", "Share of the time that it computes", label="gpu"),
        Metric("gpu.memory_used_bytes", "bytes", "Its memory in use", label="gpu"),
        Metric("gpu.memory_bytes", "bytes", "All of its memory", label="gpu"),
        Metric("gpu.temperature_celsius", "celsius", "Its temperature", label="gpu"),
        Metric("gpu.power_watts", "watts", "What it draws", label="gpu"),
        Metric("gpu.power_limit_watts", "watts", "What it may draw", label="gpu"),
        Metric("gpu.fan_ratio", "ratio", "Speed of its fan, of the highest", label="gpu"),
        Metric(
            "gpu.uncorrected_errors", "errors", "Memory errors not mended since boot", label="gpu"
        ),
    ),
)
