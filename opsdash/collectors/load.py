"""Load average: how many tasks run or wait, over one, five and fifteen minutes."""

from __future__ import annotations

from opsdash.collectors.parsing import file, knows, number
from opsdash.core.plugin import Collector, ProcFile, Tier
from opsdash.core.reading import Metric, Output, Reading

LOADAVG = "/proc/loadavg"


@knows(LOADAVG)
def parse(output: Output, host: str, at: float) -> Reading:
    """The three averages, and how many tasks there are at all."""
    one, five, fifteen, tasks = file(output, LOADAVG).split()[:4]
    samples = {
        ("load.one", ""): number(one),
        ("load.five", ""): number(five),
        ("load.fifteen", ""): number(fifteen),
        ("load.tasks", ""): float(int(tasks.split(b"/")[1])),
    }
    return Reading(host, "load", at, samples, source=LOADAVG)


LOAD = Collector(
    name="load",
    title="Load average",
    tier=Tier.PULSE,
    reads=(ProcFile(LOADAVG),),
    parse=parse,
    metrics=(
        Metric("load.one", "tasks", "Tasks that run or wait, over a minute", recent=True),
        Metric("load.five", "tasks", "Tasks that run or wait, over five minutes"),
        Metric("load.fifteen", "tasks", "Tasks that run or wait, over fifteen minutes"),
        Metric("load.tasks", "tasks", "Threads that exist"),
    ),
)
