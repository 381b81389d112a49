"""How the boot before this one ended: whether the host was shut down, or just stopped."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from opsdash.collectors.parsing import knows, section, sections
from opsdash.core.plugin import Collector, Tier
from opsdash.core.reading import Metric, Output, Reading, Row, SampleKey

# wtmp: the newest record of a boot, and what stands before it. Where it is not written any more
# (Debian 13), or not readable, the journal: how the boot before this one ended. Its very last lines
# may be missing where /var is a disk of its own, so any line of a shutdown counts; but journald may
# have stopped to start anew.
COMMAND = r"""
echo '== now'
date +%Y-%m-%dT%H:%M:%S
read -r up idle < /proc/uptime && echo "$up"
echo '== last'
last -x -F -n 2 reboot shutdown 2>/dev/null | head -n 2
echo '== journal'
journalctl -q --no-pager -b -1 -n 200 -o cat _PID=1 + _TRANSPORT=driver 2>/dev/null | awk '
  { lines++ }
  /^Journal started/ { clean = 0 }
  /Journal stopped|^Reached target .*(Shutdown|Reboot|Power.Off|Halt)|^Shutting down/ { clean++ }
  END { print lines + 0, clean + 0 }'
echo '== end'
"""

_RECORD = re.compile(
    r"^(reboot|shutdown) +system (?:boot|down) .*? (\w{3} \w{3} +\d+ [\d:]{8} \d{4})"
)
SAME_BOOT = timedelta(minutes=10)
"""A boot's record and the uptime may differ so much: the clock is often set soon after the boot."""


def _by_wtmp(lines: list[str], booted_at: datetime) -> bool | None:
    """Whether a shutdown stands before the record of this boot; None where that is not told."""
    records = [match.groups() for line in lines if (match := _RECORD.match(line))]
    if len(records) < 2 or records[0][0] != "reboot":
        return None
    # the host's own local time, as `booted_at` is
    at = datetime.strptime(" ".join(records[0][1].split()), "%a %b %d %H:%M:%S %Y")  # noqa: DTZ007
    return records[1][0] == "shutdown" if abs(at - booted_at) <= SAME_BOOT else None


def _by_journal(lines: list[str]) -> bool | None:
    """Whether the boot before ended in a shutdown; None where the journal has nothing of it."""
    read, of_shutdown = map(int, lines[0].split()) if lines else (0, 0)
    return of_shutdown > 0 if read else None


@knows("last or the journal")
def parse(output: Output, host: str, at: float) -> Reading:
    """One row: whether the boot before ended in a clean shutdown (None: not known), by what."""
    found = sections(output.data)
    section(found, "end")
    now, up_s = section(found, "now")
    booted_at = datetime.fromisoformat(now) - timedelta(seconds=float(up_s))
    told = {
        "wtmp": _by_wtmp(section(found, "last"), booted_at),
        "journal": _by_journal(section(found, "journal")),
    }
    # a shutdown that one of them saw to its end took place, whatever the other one missed
    by = next((name for wanted in (True, False) for name in told if told[name] is wanted), "")
    clean = told.get(by)
    row: Row = {"clean": clean, "by": by}
    samples: dict[SampleKey, float] = {}
    if clean is not None:
        samples["boots.clean", ""] = float(clean)
    return Reading(host, "boots", at, samples, (row,), source="last, journalctl")


BOOTS = Collector(
    name="boots",
    title="Boots",
    tier=Tier.FACTS,
    command=COMMAND,
    every_s=3600.0,
    timeout_s=10.0,
    parse=parse,
    metrics=(Metric("boots.clean", "0 or 1", "Whether a shutdown went before this boot"),),
)
