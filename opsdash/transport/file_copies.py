"""Copies of files between here and there: what may be copied, and what is kept to take it back."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from opsdash.core.errors import HostError
from opsdash.core.plan import Copy
from opsdash.core.problem import Problem, ProblemKind
from opsdash.core.quoting import assignments
from opsdash.core.text import size
from opsdash.transport import files
from opsdash.transport.base import LocalFile
from opsdash.transport.file_scripts import KNOW, LOOK, PUT

MOST_BYTES = 1 << 30

_KEPT = r"""
if [ "$root" ]; then in=/var/backups/opsdash/$plan
else in=$HOME/.local/state/opsdash/backups/$plan; fi
kept=$in/${path##*/}
"""

_KEEP = r"""
umask 077
mkdir -p -- "$in" && chmod 700 "$in" || exit 1
if [ -e "$kept" ]; then echo "kept already: $kept"; exit 0; fi
cp -p -- "$path" "$kept.new" || exit 1
[ -z "$sum" ] || [ "$(digest <"$kept.new")" = "$sum" ] || {
  rm -f -- "$kept.new"; say 'it is not what it was when the plan was made'
}
mv -f -- "$kept.new" "$kept" && echo "kept as $kept"
"""

_SAME = r"""
[ -f "$path" ] || say 'it is not there any more: nothing was taken back'
[ -z "$now" ] || [ "$(digest <"$path")" = "$now" ] ||
  say 'it was changed since: nothing was taken back'
"""

_GONE = r"""
# from in its folder, as it was written: who owns a folder above can't lead root elsewhere meanwhile
cd -P -- "${path%/*}/" || exit 1
name=./${path##*/}
[ -f "$name" ] && [ ! -L "$name" ] || say 'it is no file any more: nothing was taken back'
[ -z "$now" ] || [ "$(digest <"$name")" = "$now" ] ||
  say 'it was changed since: nothing was taken back'
rm -f -- "$name" || exit 1
[ ! -e "$name" ] && echo "removed: it was not there before"
"""


def look_script(path: str, most: int) -> str:
    """Says what a file is, as files.facts_in() reads it, and behind that line what stands in it if
    that is at most so many bytes.
    """
    show = '[ -L "$path" ] || [ ! -f "$path" ] || [ "$(wc -c <"$path")" -gt "$most" ] ||'
    show += ' cat <"$path"\n'
    return assignments({"path": path, "most": str(most)}) + KNOW + LOOK + show


def keep_script(path: str, digest: str, plan_id: str, *, root: bool) -> str:
    """Keeps the file that has this digest where nobody else can get at it."""
    given = _names(path, plan_id, root=root) | {"sum": digest}
    return assignments(given) + KNOW + _KEPT + _KEEP


def undo_script(path: str, now: str, was: files.FileFacts, plan_id: str, *, root: bool) -> str:
    """Puts back what was kept, or removes what was not there before: if the file still has the
    digest `now`.
    """
    given = _names(path, plan_id, root=root) | {"now": now}
    if not was.exists:
        return assignments(given) + KNOW + _GONE
    known = root and "UNKNOWN" not in was.owner
    given |= {
        "mode": f"{was.mode:o}" if was.mode else "",
        "owner": was.owner if known else "",
        "size": str(was.size_bytes),
        "sum": was.digest,
    }
    back = f'[ -f "$kept" ] || say "there is no $kept any more"\n{{\n{PUT}}} <"$kept"\n'
    return assignments(given) + KNOW + _KEPT + _SAME + back


def _names(path: str, plan_id: str, *, root: bool) -> dict[str, str]:
    return {"path": path, "plan": plan_id, "root": "1" if root else ""}


def source_fault(text: str) -> str:
    """Why a file here can't be copied to hosts; empty: it can."""
    path = Path(text).expanduser()
    try:
        if path.is_dir():
            return "it is a folder, and only a file can be copied"
        with path.open("rb") as file:
            length = os.fstat(file.fileno()).st_size
        if not path.is_file():
            return "it is no file, and only a file can be copied"
    except (OSError, ValueError, RuntimeError) as error:
        return f"it can't be read: {getattr(error, 'strerror', None) or error}"
    return f"it is longer than {size(MOST_BYTES)}" if length > MOST_BYTES else ""


def folder_fault(text: str) -> str:
    """Why nothing can be written to a folder here; empty: it can."""
    try:
        path = Path(text).expanduser()
        if not path.is_dir():
            return "there is no such folder here: make it first"
    except (OSError, ValueError, RuntimeError) as error:
        return f"it can't be looked at: {error}"
    return "" if os.access(path, os.W_OK | os.X_OK) else "it may not be written to"


async def content(path: Path) -> bytes:
    """What stands in a file here; OSError."""
    return await asyncio.to_thread(path.read_bytes)


async def source(copy: Copy) -> LocalFile:
    """The file that is to be put, if it is still what the plan was made of; HostError."""
    try:
        found = await files.local_file(Path(copy.local))
    except OSError as error:
        raise HostError(_here(copy, error.strerror or str(error))) from error
    if found.digest != copy.digest:
        raise HostError(_here(copy, "it is not what it was when the plan was made"))
    return found


async def take(
    run: files.Run, file: files.RemoteFile, copy: Copy, *, max_bytes: int
) -> files.FileFacts:
    """Copy a file there to its place here, whole or not at all; HostError."""
    to = Path(copy.local)
    try:
        await asyncio.to_thread(_make_room, to, copy)
        return await files.fetch(run, file, to, max_bytes=max_bytes)
    except OSError as error:
        raise HostError(_here(copy, error.strerror or str(error))) from error


def _make_room(to: Path, copy: Copy) -> None:
    """The folder of a host, below one that is there: for nobody else, and no way out of it."""
    folder = to.parent
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.is_symlink():
        raise HostError(_here(copy, "its folder is a link: nothing is written where it leads"))
    if to.is_dir() and not to.is_symlink():
        raise HostError(_here(copy, "there is a folder of that name"))
    if os.path.lexists(to) and not copy.replace:
        raise HostError(_here(copy, "it is there already", "replace=yes replaces it"))


def _here(copy: Copy, why: str, hint: str = "make the plan again") -> Problem:
    return Problem(ProblemKind.CONFIG, f"{copy.local} here: {why}", hint)
