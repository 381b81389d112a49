"""How lists were looked at, in a small JSON file of its own; losing it costs nothing but that."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

from opsdash.core.kept import HISTORY, NAME_LIMIT, NOTHING_KEPT, Kept
from opsdash.core.text import clean_line
from opsdash.core.view import View

MOST_BYTES = 1_000_000


class KeptViews:
    """Read once, written by a thread of its own after each change, as a whole."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._kept = _read(path)
        self._writer = ThreadPoolExecutor(max_workers=1, thread_name_prefix="opsdash-views")

    @property
    def kept(self) -> Kept:
        """What is remembered now."""
        return self._kept

    def keep(self, kept: Kept) -> None:
        """Remember this; it returns before the disk does."""
        self._kept = kept
        self._writer.submit(_write, self._path, kept)


def _read(path: Path) -> Kept:
    """What the file says; a file that can't be understood is set aside and not lost."""
    try:
        with path.open("rb") as file:
            # what is longer was not written here: cut, it is no JSON
            return _understood(json.loads(file.read(MOST_BYTES)))
    except OSError:
        return NOTHING_KEPT
    except (ValueError, RecursionError):
        with suppress(OSError):
            path.replace(path.with_suffix(".broken"))
        return NOTHING_KEPT


def _understood(data: object) -> Kept:
    if not isinstance(data, Mapping):
        raise ValueError("not an object")  # noqa: TRY004 - a broken file, not a broken call
    return Kept(
        _views(data.get("last")),
        _views(data.get("saved")),
        {name: lines for name, lines in _histories(data.get("history")).items() if lines},
    )


def _views(data: object) -> dict[str, View]:
    if not isinstance(data, Mapping):
        return {}
    return {clean_line(str(name), NAME_LIMIT): View.from_data(view) for name, view in data.items()}


def _histories(data: object) -> dict[str, tuple[str, ...]]:
    if not isinstance(data, Mapping):
        return {}
    return {
        str(name): tuple(clean_line(str(line)) for line in lines[:HISTORY])
        for name, lines in data.items()
        if isinstance(lines, list)
    }


def _write(path: Path, kept: Kept) -> None:
    """A whole new file in place of the old one; a disk that is full keeps the old one."""
    data = {
        "last": {name: view.as_data() for name, view in kept.last.items()},
        "saved": {name: view.as_data() for name, view in kept.saved.items()},
        "history": {name: list(lines) for name, lines in kept.history.items()},
    }
    part = path.with_suffix(f".{os.getpid()}.part")
    try:
        number = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
        with os.fdopen(number, "w", encoding="utf-8") as file:
            json.dump(data, file, indent=1)
        part.replace(path)
    except OSError:
        with suppress(OSError):
            part.unlink()
