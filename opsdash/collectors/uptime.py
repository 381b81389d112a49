"""How long the host has been up, and which boot this is."""

from __future__ import annotations

from opsdash.collectors.parsing import file, knows, number, text
from opsdash.core.plugin import Collector, ProcFile, Tier
from opsdash.core.reading import Metric, Output, Reading

UPTIME = "/proc/uptime"
BOOT_ID = "/proc/sys/kernel/random/boot_id"


@knows(UPTIME)
def parse(output: Output, host: str, at: float) -> Reading:
    """Seconds since boot; the boot's id, by which a reboot shows that was too quick to be seen."""
    up_s = number(file(output, UPTIME).split()[0])
    boot_id = text(output.files.get(BOOT_ID, b"")).strip()
    samples = {("uptime.up_s", ""): up_s}
    return Reading(host, "uptime", at, samples, ({"boot_id": boot_id},), source=UPTIME)


UP = Collector(
    name="uptime",
    title="Uptime",
    tier=Tier.PULSE,
    reads=(ProcFile(UPTIME), ProcFile(BOOT_ID)),
    parse=parse,
    metrics=(Metric("uptime.up_s", "s", "Time since boot", trend=True),),
)
