"""Processes that the kernel killed within the last hour because memory ran out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime

from opsdash.collectors.parsing import knows, section, sections, stamped
from opsdash.collectors.shell import CONTAINER, HOST_TIME, host_time
from opsdash.core.plugin import Collector, Tier
from opsdash.core.problem import Problem, ProblemKind
from opsdash.core.reading import Metric, MetricKind, Output, Reading, SampleKey

WINDOW_S = 3600.0

# The kernel's counter is the whole machine's: 0 there means that no log need be searched, anything
# else means nothing in a container, which has a counter of its own in its cgroup. The kernel's
# ring is the machine's, too. A log is the kernel's only if it has some line of the kernel's;
# one that was rotated within the hour goes on in the file before.
COMMAND = rf"""{HOST_TIME}
all=$(awk '$1 == "oom_kill" {{ print $2 }}' /proc/vmstat 2>/dev/null) own=$all
if [ "$all" != 0 ]; then
  kind=$({CONTAINER})
  [ -z "$kind" ] || own=$(awk '$1 == "oom_kill" {{ print $2; exit }}' /sys/fs/cgroup/memory.events \
    2>/dev/null || awk '$1 == "oom_kill" {{ print $2 }}' /sys/fs/cgroup/memory/memory.oom_control \
    2>/dev/null)
fi
echo '== counters'
echo "${{all:--}} ${{own:--}}"
killed='Killed process [0-9]' found=
if [ "$all" != 0 ]; then
  echo '== now'; date '+%s %Y-%m-%dT%H:%M:%S'
  if [ -d /run/systemd/system ] && command -v journalctl >/dev/null 2>&1 &&
    [ -n "$(journalctl -q --no-pager -n 1 -o cat _UID=0 2>/dev/null)" ]; then
    echo '== journal'; found=y
    journalctl -k -q --no-pager -o short-unix --since=-1h 2>/dev/null | grep "$killed" | tail -n 99
  fi
  for log in /var/log/kern.log /var/log/messages /var/log/syslog; do
    [ -z "$found" ] && [ -r "$log" ] || continue
    recent() {{ cat "$log.1" "$log.0" "$log" 2>/dev/null | tail -c 1000000; }}
    recent | grep -q ' kernel: ' || continue
    echo '== file'; found=y
    recent | grep " kernel: .*$killed" | tail -n 99
  done
  if [ -z "$found$kind" ] && dmesg >/dev/null 2>&1; then
    echo '== ring'
    dmesg | grep "$killed" | tail -n 99
  fi
fi
echo '== end'
"""

_KILLED = re.compile(r"Killed process (\d+)(?:, UID \d+,)? \((.*)\),? (?:total-vm|UID|vsz)")
_RING = re.compile(r"^(?:<\d+>)?\[ *(\d+\.\d+)\]")
_NO_WAY = Problem(
    ProblemKind.UNSUPPORTED, "Kills for lack of memory: neither a log nor a counter of them here"
)


def _ages(found: dict[str, list[str]], up_s: float) -> Iterator[tuple[str, float]]:
    """The lines of whichever log there is, each with its age in seconds."""
    now = section(found, "now")[0].split()
    for line in found.get("journal", ()):
        yield line, float(now[0]) - float(line.split()[0])
    for line in found.get("file", ()):
        at = stamped(line, datetime.fromisoformat(now[1]))
        if at is not None:
            yield line, (datetime.fromisoformat(now[1]) - at).total_seconds()
    for line in found.get("ring", ()):
        stamp = _RING.match(line)
        if stamp is not None:
            yield line, up_s - float(stamp[1])


@knows("the kernel's log")
def parse(output: Output, host: str, at: float) -> Reading:
    """How many were killed, and the age of the last kill by process, of the last hour.

    A log may be silent where the counter is not: a container's journal has no line of the kernel's.
    """
    found = sections(output.data)
    section(found, "end")
    up_s, _ = host_time(found)
    everywhere, own = section(found, "counters")[0].split()
    samples: dict[SampleKey, float] = {}
    log = next((name for name in ("journal", "file", "ring") if name in found), "")
    if own != "-":
        samples["oom.counted", ""] = float(int(own))
    elif not log and everywhere != "0":
        return Reading(host, "oom", at, problem=_NO_WAY)
    if log or everywhere == "0":
        samples["oom.kills", ""] = 0.0
    for line, age_s in _ages(found, up_s) if log else ():
        killed = _KILLED.search(line)
        if not 0 <= age_s <= WINDOW_S:
            continue
        samples["oom.kills", ""] += 1
        samples["oom.age_s", f"{killed[2]} ({killed[1]})" if killed else "?"] = age_s
    source = log or ("/proc/vmstat" if everywhere == "0" else "a counter: no log may be read")
    return Reading(host, "oom", at, samples, source=source)


OOM = Collector(
    name="oom",
    title="Kills for lack of memory",
    tier=Tier.FACTS,
    command=COMMAND,
    every_s=60.0,
    timeout_s=10.0,
    parse=parse,
    metrics=(
        Metric("oom.kills", "processes", "Killed within an hour, says the log; absent without one"),
        Metric("oom.age_s", "s", "When the kernel killed it, ago", label="process"),
        Metric("oom.counted", "processes", "Killed in all", MetricKind.COUNTER, trend=True),
    ),
)
