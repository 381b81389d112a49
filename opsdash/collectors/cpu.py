"""How busy the processors are, and with what."""

from __future__ import annotations

from opsdash.collectors.parsing import file, knows
from opsdash.core.errors import BadOutput
from opsdash.core.plugin import Collector, ProcFile, Tier
from opsdash.core.reading import Metric, MetricKind, Output, Reading, SampleKey

STAT = "/proc/stat"
USER_HZ = 100
"""Ticks of /proc/stat per second: fixed by the kernel's interface on every common machine."""

_TIMES = ("total_s", "idle_s", "user_s", "system_s", "iowait_s", "steal_s")
_COUNTERS: tuple[SampleKey, ...] = tuple((f"cpu.{time}", "") for time in _TIMES)
_TOTAL, _IDLE, _USER, _SYSTEM, _IOWAIT, _STEAL = _COUNTERS
_GAUGES = {b"procs_running": ("cpu.running", ""), b"procs_blocked": ("cpu.blocked", "")}
_SHARES = (
    (_USER, ("cpu.user_ratio", "")),
    (_SYSTEM, ("cpu.system_ratio", "")),
    (_IOWAIT, ("cpu.iowait_ratio", "")),
    (_STEAL, ("cpu.steal_ratio", "")),
)


def _ticks(fields: list[bytes]) -> list[int]:
    """The first eight times of a line. Guest time comes after them and is inside user and nice."""
    if len(fields) < 5:
        raise BadOutput(f"{STAT} has fewer times than any kernel writes")
    times = list(map(int, fields[1:9]))
    return times if len(times) == 8 else times + [0] * (8 - len(times))


def _whole(fields: list[bytes]) -> dict[SampleKey, float]:
    user, nice, system, idle, iowait, irq, softirq, steal = times = _ticks(fields)
    seconds = (sum(times), idle, user + nice, system + irq + softirq, iowait, steal)
    return {key: ticks / USER_HZ for key, ticks in zip(_COUNTERS, seconds, strict=True)}


@knows(STAT)
def parse(output: Output, host: str, at: float) -> Reading:
    """Seconds of processor time since boot, whole and by core; idle of a core includes iowait."""
    samples: dict[SampleKey, float] = {}
    cores = 0
    for line in file(output, STAT).splitlines():
        fields = line.split()
        if line.startswith(b"cpu "):
            samples |= _whole(fields)
        elif line.startswith(b"cpu"):
            times, core = _ticks(fields), str(int(fields[0][3:]))
            samples["cpu.core_total_s", core] = sum(times) / USER_HZ
            samples["cpu.core_idle_s", core] = (times[3] + times[4]) / USER_HZ
            cores += 1
        elif fields and fields[0] in _GAUGES:
            samples[_GAUGES[fields[0]]] = float(int(fields[1]))
    if _TOTAL not in samples:
        raise BadOutput(f"{STAT} has no line about all processors")
    samples["cpu.cores", ""] = float(cores or 1)
    return Reading(host, "cpu", at, samples, source=STAT)


def _clamped(part: float, total: float) -> float:
    return min(1.0, max(0.0, part / total))


def derive(before: Reading, now: Reading, elapsed_s: float) -> dict[SampleKey, float]:
    """Shares of the processor time that passed: by ticks, as a container's clock is not ours."""
    old, new = before.samples, now.samples
    total = new[_TOTAL] - old.get(_TOTAL, new[_TOTAL])
    if total <= 0:
        return {}
    grown = {key: max(0.0, new[key] - old.get(key, 0.0)) for key in _COUNTERS}
    rates = {ratio: _clamped(grown[key], total) for key, ratio in _SHARES}
    rates["cpu.busy_ratio", ""] = _clamped(total - grown[_IDLE] - grown[_IOWAIT], total)
    for core, seconds in now.labelled("cpu.core_total_s").items():
        passed = seconds - old.get(("cpu.core_total_s", core), seconds)
        key = ("cpu.core_idle_s", core)
        if passed > 0:
            rates["cpu.core_busy_ratio", core] = _clamped(passed - new[key] + old[key], passed)
    return rates


def _counter(name: str, help_text: str, label: str = "") -> Metric:
    return Metric(f"cpu.{name}", "s", help_text, MetricKind.COUNTER, label)


CPU = Collector(
    name="cpu",
    title="CPU",
    tier=Tier.PULSE,
    reads=(ProcFile(STAT, "^(cpu|procs_)"),),
    parse=parse,
    derive=derive,
    metrics=(
        _counter("total_s", "Processor time of all cores since boot"),
        _counter("idle_s", "Time without work"),
        _counter("user_s", "Time in programs, nice ones included"),
        _counter("system_s", "Time in the kernel and its interrupts"),
        _counter("iowait_s", "Time without work while a disk was awaited"),
        _counter("steal_s", "Time that the hypervisor gave to others"),
        _counter("core_total_s", "Processor time of one core since boot", "core"),
        _counter("core_idle_s", "Time of one core without work", "core"),
        Metric("cpu.cores", "cores", "Cores that are online"),
        Metric("cpu.running", "tasks", "Tasks that run or want to run"),
        Metric("cpu.blocked", "tasks", "Tasks that wait for a disk"),
        Metric("cpu.busy_ratio", "ratio", "Share of time with work", recent=True),
        Metric("cpu.user_ratio", "ratio", "Share of time in programs"),
        Metric("cpu.system_ratio", "ratio", "Share of time in the kernel"),
        Metric("cpu.iowait_ratio", "ratio", "Share of time awaiting a disk", kept=True),
        Metric("cpu.steal_ratio", "ratio", "Share of time taken by the hypervisor", kept=True),
        Metric("cpu.core_busy_ratio", "ratio", "Share of time with work, by core", label="core"),
    ),
)
