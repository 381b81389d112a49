"""Logins that failed in the last quarter of an hour: by whom, from where. The logs need root."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from opsdash.collectors.parsing import knows, section, sections, stamped
from opsdash.core.plugin import Collector, Tier
from opsdash.core.problem import Problem, ProblemKind
from opsdash.core.reading import Metric, Output, Reading, Row

WINDOW = timedelta(minutes=15)
MOST_ROWS = 20

COMMAND = r"""wanted='Failed (password|keyboard)|Bad password attempt|Login attempt for nonexistent'
if [ -d /run/systemd/system ] && command -v journalctl >/dev/null 2>&1; then
  echo '== journal'
  journalctl -q --no-pager -o cat --since=-15min SYSLOG_FACILITY=4 SYSLOG_FACILITY=10 \
    | grep -E "$wanted" | tail -n 500
else
  for log in /var/log/auth.log /var/log/secure /var/log/messages; do
    [ -r "$log" ] || continue
    echo '== now'; date '+%Y-%m-%dT%H:%M:%S'
    echo '== file'; tail -c 1000000 "$log" | grep -E "$wanted" | tail -n 500
    break
  done
fi
echo '== end'
"""

_TRIES = (
    re.compile(
        r"Failed (?:password|keyboard\S*) for (?:invalid user )?(?P<user>.*?) from (?P<ip>\S+)"
    ),
    re.compile(r"Bad password attempt for '(?P<user>.*?)' from (?P<ip>\S+?):\d+"),
    re.compile(r"Login attempt for (?P<user>nonexistent user)s? from (?P<ip>\S+?):\d+"),
)
_REPEATED = re.compile(r"message repeated (\d{1,6}) times")


def _recent(lines: Iterable[str], now: datetime) -> Iterator[str]:
    """The lines of a log file that are young enough; its stamps are ISO, or without a year."""
    for line in lines:
        at = stamped(line, now)
        if at is not None and timedelta() <= now - at <= WINDOW:
            yield line


def _counted(lines: Iterable[str]) -> Counter[tuple[str, str]]:
    found: Counter[tuple[str, str]] = Counter()
    for line in lines:
        tried = next((hit for form in _TRIES if (hit := form.search(line))), None)
        if tried is not None:
            repeated = _REPEATED.search(line)
            found[tried["ip"], tried["user"]] += int(repeated[1]) if repeated else 1
    return found


@knows("the log of logins")
def parse(output: Output, host: str, at: float) -> Reading:
    """How many logins failed within the window, and the worst sources as rows."""
    found = sections(output.data)
    section(found, "end")
    if "journal" in found:
        counted, source = _counted(found["journal"]), "journalctl"
    elif "file" in found:
        now = datetime.fromisoformat(section(found, "now")[0])
        counted, source = _counted(_recent(found["file"], now)), "/var/log"
    else:
        missing = Problem(ProblemKind.UNSUPPORTED, "Failed logins: no log of them here")
        return Reading(host, "logins", at, problem=missing)
    worst = sorted(counted.items(), key=lambda item: (-item[1], item[0]))[:MOST_ROWS]
    rows: tuple[Row, ...] = tuple(
        {"from": address, "user": user, "failed": number} for (address, user), number in worst
    )
    samples = {
        ("logins.failed", ""): float(counted.total()),
        ("logins.sources", ""): float(len({address for address, _ in counted})),
    }
    return Reading(host, "logins", at, samples, rows, source=f"{source}, as root")


LOGINS = Collector(
    name="logins",
    title="Failed logins",
    tier=Tier.FACTS,
    command=COMMAND,
    every_s=900.0,
    timeout_s=10.0,
    parse=parse,
    metrics=(
        Metric("logins.failed", "logins", "Logins that failed in the last 15 minutes"),
        Metric("logins.sources", "addresses", "Addresses that they came from"),
    ),
    needs_root=True,
)
