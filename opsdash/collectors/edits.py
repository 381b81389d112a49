"""Files of the configuration that were written lately, those of cron among them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from opsdash.collectors.happenings import WINDOW, Happened, newest, together, window
from opsdash.collectors.parsing import knows, section, sections
from opsdash.core.happening import Kind
from opsdash.core.plugin import Collector, Tier
from opsdash.core.reading import Metric, Output, Reading

MOST = 50

# Left out is what programs write again and again by themselves. A name may hold anything, so it
# stands last; one with a newline ends there.
COMMAND = (
    WINDOW
    + r"""
echo '== files'
find /etc /usr/local/etc /var/spool/cron -xdev \
  \( -name 'mtab' -o -name '*.cache' -o -name '.pwd.lock' -o -name 'adjtime' -o -name '*[~-]' \
    -o -name '*.swp' -o -path '/etc/cups/subscriptions*' -o -path '/etc/.git/*' \) -prune \
  -o \( -type f -o -type l -o -type d \) -mmin "-$minutes" \
  -exec stat -c '%Y %U %F	%n' {} + 2>/dev/null | sort -rn | awk '
  { n++; if (n <= 200) print substr($0, 1, 300) } END { print "all", n + 0 }'
echo '== end'
"""
)

SAME_S = 5.0
"""A folder is written when a file in it comes or goes: then the file says it all."""

SEVERAL = 5
"""So many files at once are one thing that somebody did, and one line."""

CRON = ("/etc/cron", "/var/spool/cron", "/etc/anacrontab")


def _files(lines: Iterable[str]) -> Iterator[tuple[float, str, bool, str]]:
    """When each was written, whose it is, whether it is a folder, and its path."""
    for line in lines:
        meta, tab, path = line.partition("\t")
        time, owner, *what = f"{meta} ".split(" ")
        if tab and time.isdigit():  # else it is the rest of a name with a newline
            yield float(time), owner, what[:1] == ["directory"], path


@knows("find and stat")
def parse(output: Output, host: str, at: float) -> Reading:
    """A row per file, the newest first; how many there are in all."""
    found = sections(output.data)
    section(found, "end")
    when = window(found)
    *lines, counted = section(found, "files")
    files = [one for one in _files(lines) if when.has(one[0])]
    inside = {
        (path.rpartition("/")[0], round(time)) for time, _, folder, path in files if not folder
    }
    written: list[Happened] = []
    folders: list[Happened] = []
    for time, owner, folder, path in files:
        near = {(path, round(time + gap)) for gap in range(-int(SAME_S), int(SAME_S) + 1)}
        if folder and near & inside:
            continue
        kind = Kind.CRON if path.startswith(CRON) else Kind.FILE
        verb = "something came or went in" if folder else "written:"
        (folders if folder else written).append(
            Happened(time, kind, verb, path, source=f"mtime, of {owner}")
        )
    rows = together(written, "file", SAME_S, SEVERAL)
    rows = newest([*rows, *together(folders, "folder", SAME_S, SEVERAL)])
    samples = {("edits.files", ""): float(counted.split()[1])}
    return Reading(host, "edits", at, samples, tuple(rows[:MOST]), source="find, stat")


EDITS = Collector(
    name="edits",
    title="Files of /etc",
    tier=Tier.DEMAND,
    command=COMMAND,
    every_s=60.0,
    timeout_s=20.0,
    max_bytes=131_072,
    parse=parse,
    metrics=(Metric("edits.files", "files", "Files and folders written in the last 48 hours"),),
)
