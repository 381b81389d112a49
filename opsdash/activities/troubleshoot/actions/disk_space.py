"""Files that could go: chosen from what a host listed, and removed one by one, each looked at again
just before.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from opsdash.core.action import Action, Argument, Arguments, NotHere
from opsdash.core.argument_kinds import path_fault
from opsdash.core.candidates import FOLDERS, may_go
from opsdash.core.plan import Danger, Step
from opsdash.core.reading import Row
from opsdash.core.scripted_action import QUIETLY, Doing, Scripts
from opsdash.core.snapshot import HostState
from opsdash.core.text import count

# $files has a line for each: size, time of change, path. The folder is entered without following
# links, and the file taken by its bare name there: whoever swaps a folder meanwhile gains nothing.
_EACH = r"""
each() {
  printf '%s\n' "$files" | {
    gone=0 left=0
    while read -r size mtime path; do
      if why=$("$1" "$size" "$mtime" "$path"); then
        gone=$((gone + 1)); printf '%s\n' "$2 $path ($size bytes)"
      else
        left=$((left + 1)); printf '%s\n' "left alone: $path: $why" >&2
      fi
    done
    echo "$2: $gone, left alone: $left"
    [ "$left" = 0 ] || exit 3
  }
}
same() {
  folder=${3%/*} name=${3##*/}
  cd -P "$folder" 2>/dev/null || { echo "its folder is gone"; return 1; }
  [ "$(pwd -P)" = "$folder" ] || { echo "a link leads to its folder"; return 1; }
  [ ! -L "./$name" ] || { echo "it is a link"; return 1; }
  [ -f "./$name" ] || { echo "it is not there, or no file"; return 1; }
  [ "$(stat -c '%s %Y' "./$name")" = "$1 $2" ] || { echo "it was changed since"; return 1; }
}
"""

_LOOK = _EACH + 'there() { same "$@"; }\neach there there\ndf -Pk /var /tmp\n'
_REMOVE = (
    _EACH
    + r"""
removed() { same "$@" || return; rm -f "./$name" 2>&1; }
bad=0
each removed removed || bad=$?
df -Pk /var /tmp
exit "$bad"
"""
)
_SEEN = (
    _EACH
    + r"""
absent() { [ ! -e "$3" ] || { echo "it is there again, or still"; return 1; }; }
each absent gone
"""
)


def _what_fault(value: str) -> str:
    return "" if value in FOLDERS else path_fault(value)


def _chosen(state: HostState, what: str) -> Sequence[Row]:
    reading = state.readings.get("cleanup")
    if reading is None:
        raise NotHere("it has not listed its files that could go")
    if reading.problem is not None:
        raise NotHere(reading.problem.text)
    found = [
        row
        for row in reading.rows
        if what in (row["kind"], row["path"]) and may_go(str(row["kind"]), str(row["path"]))
    ]
    if not found:
        raise NotHere("it has nothing of that which could go")
    return found


def _steps(state: HostState, arguments: Arguments) -> tuple[Step, ...]:
    rows = _chosen(state, arguments["what"])
    files = "\n".join(f"{row['size_bytes']} {row['mtime_s']} {row['path']}" for row in rows)
    total = sum(int(str(row["size_bytes"])) for row in rows)
    given: Mapping[str, str] = {**arguments, "files": files}
    doing = Doing(
        f"remove {count(len(rows), 'file')}, {total:,} bytes: {{what}}",
        Scripts(_REMOVE, look=_LOOK, verify=_SEEN),
        timeout_s=120.0,
    )
    return doing.steps(state, given)


CLEANUP = Action(
    "disk.cleanup",
    "Remove",
    Danger.DATA_LOSS,
    _steps,
    (
        Argument(
            "what",
            f"one of the files that the host lists as those that could go, or all of a kind: "
            f"{', '.join(FOLDERS)}",
            names="candidate",
            check=_what_fault,
        ),
    ),
    "what",
    QUIETLY,
    reads=("cleanup",),
)
