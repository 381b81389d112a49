"""What tells that one of the user's files was saved, without reading it."""

from __future__ import annotations

import os
from collections.abc import Iterable

Stamp = tuple[object, ...]
"""What tells one content of a file from another; empty: there is no such file."""


def stamp_of(path: str | os.PathLike[str]) -> Stamp:
    """How a file looks now; cheap, but not for the event loop."""
    try:
        found = os.stat(path)  # noqa: PTH116 - a hundred of these are looked at every second
    except (OSError, ValueError):
        return ()
    return (found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino)


def stamps_in(
    folders: Iterable[str | os.PathLike[str]], suffixes: tuple[str, ...]
) -> dict[str, Stamp]:
    """How the files of some folders look now; a folder that is not there has none."""
    found: dict[str, Stamp] = {}
    for folder in folders:
        try:
            names = os.listdir(folder)  # noqa: PTH208
        except OSError:
            continue
        for path in (os.path.join(folder, name) for name in names if name.endswith(suffixes)):  # noqa: PTH118
            found[path] = stamp_of(path)
    return found
