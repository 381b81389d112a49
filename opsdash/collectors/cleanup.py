"""Files that could go to make room: downloaded packages, rotated logs, core dumps, old temporary
files. Only for whoever wants to pick from them: what is removed is looked at again just before.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from opsdash.collectors.parsing import knows, section, sections
from opsdash.core.candidates import FOLDERS, LOGS, TEMP, may_go
from opsdash.core.plugin import Collector, Tier
from opsdash.core.reading import Metric, Output, Reading, Row, SampleKey

MOST = 200
"""Files of a kind, the largest."""

OLD_DAYS = 10

_ONLY = {
    TEMP: f"-mtime +{OLD_DAYS}",
    LOGS: "( -name *.gz -o -name *.xz -o -name *.bz2 -o -name *.zst -o -name *.old"
    " -o -name *.[0-9] -o -name *.[0-9][0-9] -o -name *-20[0-9][0-9][0-9][0-9][0-9][0-9] )",
}
# A name with a newline in it could look like another file's: such are not listed at all.
_LIST = r"""
nl='
'
list() {
  name=$1 only=$2 most=$3; shift 3
  echo "== $name"
  for folder; do
    [ -d "$folder" ] && [ ! -L "$folder" ] || continue
    find "$folder" -xdev -type f ! -path "*$nl*" $only -exec stat -c '%s %Y %n' {} + 2>/dev/null
  done | sort -rn | head -n "$most"
}
set -f
"""

COMMAND = "\n".join(
    [
        _LIST,
        *(
            f"list {kind} '{_ONLY.get(kind, '')}' {MOST} {' '.join(folders)}"
            for kind, folders in FOLDERS.items()
        ),
        "echo '== end'\n",
    ]
)


@knows("find and stat")
def parse(output: Output, host: str, at: float) -> Reading:
    """A row per file: `kind`, `path`, `size_bytes`, `mtime_s`; of a kind the largest first."""
    found = sections(output.data)
    section(found, "end")
    rows = [row for kind in FOLDERS for row in _rows(kind, section(found, kind))]
    samples: dict[SampleKey, float] = {
        ("cleanup.size_bytes", kind): _total(row for row in rows if row["kind"] == kind)
        for kind in FOLDERS
    }
    return Reading(host, "cleanup", at, samples, tuple(rows), source="find, stat")


def _rows(kind: str, lines: Iterable[str]) -> Iterator[Row]:
    for line in lines:
        size, mtime, path = line.split(" ", 2)
        if may_go(kind, path):
            yield {
                "kind": kind,
                "path": path,
                "size_bytes": int(size),
                "mtime_s": int(mtime),
            }


def _total(rows: Iterable[Row]) -> float:
    return float(sum(int(str(row["size_bytes"])) for row in rows))


CLEANUP = Collector(
    name="cleanup",
    title="Files that could go",
    tier=Tier.DEMAND,
    parse=parse,
    metrics=(Metric("cleanup.size_bytes", "bytes", "Files that could go", label="kind"),),
    command=COMMAND,
    every_s=60.0,
    timeout_s=20.0,
    max_bytes=1_048_576,
)
