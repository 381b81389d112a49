"""What the host's own clock says, beside its uptime: the pulse knows when that was by ours."""

from __future__ import annotations

import re

from opsdash.collectors.parsing import knows, section, sections
from opsdash.core.errors import BadOutput
from opsdash.core.plugin import Collector, Tier
from opsdash.core.reading import Metric, Output, Reading

# Both at once, so that it does not matter how long the rest takes. Busybox' date has no %N.
COMMAND = r"""echo '== clock'
date +%s.%N
read -r up idle < /proc/uptime && echo "$up"
echo '== end'
"""

_DATE = re.compile(r"^(\d{1,12})(?:\.(\d{9}))?")
HALF_A_SECOND = 0.5
"""Without fractions the time lies between what date says and a second later."""


@knows("date or /proc/uptime")
def parse(output: Output, host: str, at: float) -> Reading:
    """When the host was booted, by its own clock (seconds since 1970), and its uptime then."""
    found = sections(output.data)
    section(found, "end")
    said, up = section(found, "clock")
    date = _DATE.match(said)
    if date is None:
        raise BadOutput("unknown form of date")
    fraction = HALF_A_SECOND if date[2] is None else int(date[2]) / 1e9
    up_s = float(up)
    samples = {
        ("clock.booted_at", ""): int(date[1]) + fraction - up_s,
        ("clock.up_s", ""): up_s,
    }
    return Reading(host, "clock", at, samples, source="date, /proc/uptime")


CLOCK = Collector(
    name="clock",
    title="Clock",
    tier=Tier.FACTS,
    command=COMMAND,
    every_s=120.0,
    parse=parse,
    metrics=(
        Metric("clock.booted_at", "s since 1970", "Time of the boot by the host's own clock"),
        Metric("clock.up_s", "s", "Time since boot when the clock was read"),
    ),
)
