"""Services that were started, stopped, reloaded or failed: from systemd, its journal, or OpenRC."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from opsdash.collectors.happenings import WINDOW, Happened, together, window
from opsdash.collectors.parsing import knows, section, sections
from opsdash.collectors.unit_changes import JOURNAL_UNITS, SHOW_UNITS, by_journal, by_show, merged
from opsdash.core.happening import Kind
from opsdash.core.plugin import Collector, Tier
from opsdash.core.problem import Problem, ProblemKind
from opsdash.core.reading import Metric, Output, Reading

COMMAND = (
    WINDOW
    + r"""
if [ -d /run/systemd/system ]; then
"""
    + SHOW_UNITS
    + JOURNAL_UNITS
    + r"""
elif [ -d /run/openrc/started ]; then
  echo '== openrc'
  for one in started failed; do
    stat -c "$one %Y %n" "/run/openrc/$one"/* 2>/dev/null
  done
fi
echo '== end'
"""
)

WOKEN = frozenset({"systemd-timedated.service"})
"""Nobody starts it: it answers timedatectl, which this program asks as well, and ends again."""

TOGETHER_S = 20.0
SEVERAL = 4
"""So many services at once are a boot or a maintenance, and one line."""


def _by_openrc(lines: Iterable[str]) -> Iterator[Happened]:
    """OpenRC keeps a link per service that runs, made when it was started."""
    for line in lines:
        verb, time, path = line.split(" ", 2)
        if time.isdigit() and not path.endswith("*"):
            name = path.rpartition("/")[2]
            yield Happened(float(time), Kind.UNIT, verb, name, source="/run/openrc")


@knows("systemctl, the journal or OpenRC")
def parse(output: Output, host: str, at: float) -> Reading:
    """A row per change, the newest first; whether the journal is for this login to see."""
    found = sections(output.data)
    section(found, "end")
    when = window(found)
    samples = {}
    if "openrc" in found:
        told, source = list(_by_openrc(found["openrc"])), "/run/openrc"
    elif "show" in found:
        journal = list(by_journal(section(found, "journal")))
        told, source = merged(journal, by_show(found["show"], when)), "systemctl, journalctl"
        samples["unitlog.readable", ""] = float(bool(journal))
    else:
        missing = Problem(ProblemKind.UNSUPPORTED, "Service changes: neither systemd nor OpenRC")
        return Reading(host, "unitlog", at, problem=missing)
    fresh = [one for one in told if when.has(one.at) and one.subject not in WOKEN]
    rows = together(fresh, "service", TOGETHER_S, SEVERAL)
    samples["unitlog.changes", ""] = float(len(rows))
    return Reading(host, "unitlog", at, samples, tuple(rows), source=source)


UNITLOG = Collector(
    name="unitlog",
    title="Service changes",
    tier=Tier.DEMAND,
    command=COMMAND,
    every_s=60.0,
    timeout_s=20.0,
    max_bytes=393_216,
    parse=parse,
    metrics=(
        Metric("unitlog.changes", "changes", "Changes of services in the last 48 hours"),
        Metric("unitlog.readable", "0 or 1", "Whether the login may read systemd's journal"),
    ),
)
