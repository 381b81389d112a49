"""How lists were looked at and what was chosen, in a small JSON file; losing it costs only that."""

from __future__ import annotations

import asyncio
import errno
import json
import os
import stat
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from opsdash.core.kept import (
    CHOICE_LIMIT,
    CHOICES,
    HISTORY,
    NAME_LIMIT,
    NO_CHANGES,
    NOTHING_KEPT,
    Changes,
    Kept,
)
from opsdash.core.text import clean_line
from opsdash.core.view import View
from opsdash.store.whole_file import alone_in, open_without_waiting, real_path, replace_file

MOST_BYTES = 1_000_000

MOST_ASIDE = 1_000
"""Broken files that are kept beside the good one."""


class KeptViews:
    """Read once, written by a thread of its own after each change, as a whole.

    Other running programs may write the file, too: each makes its own changes to what is there.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.notice = ""
        self._kept = NOTHING_KEPT
        try:
            self._kept, self.notice = _read(path)
        except OSError as error:
            self.notice = f"saved views are not known: {_reason(path, error)}"
        self._changes = NO_CHANGES
        self._writer = ThreadPoolExecutor(max_workers=1, thread_name_prefix="opsdash-views")
        self._written: Future[str] | None = None

    @property
    def kept(self) -> Kept:
        """What is remembered now."""
        return self._kept

    def keep(self, kept: Kept) -> None:
        """Remember this; it returns before the disk does."""
        self._changes = self._changes.after(self._kept, kept)
        self._kept = kept
        self._written = self._writer.submit(_merge, self._path, self._changes, kept)

    async def kept_safely(self) -> str:
        """Wait for the disk; why it does not hold what was kept last (with the path), or empty."""
        if self._written is None:
            return ""
        # whoever no longer waits must not call off the writing
        return await asyncio.shield(asyncio.wrap_future(self._written))


def _reason(path: Path, error: OSError) -> str:
    return f"{path}: {error.strerror or error}"


def _read(path: Path) -> tuple[Kept, str]:
    """What the file says, and a sentence if it can't be understood: then it is set aside."""
    try:
        with open(path, "rb", opener=open_without_waiting) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise OSError(errno.EINVAL, "is not a regular file")
            # what is longer was not written here: cut, it is no JSON
            return _understood(json.loads(file.read(MOST_BYTES))), ""
    except FileNotFoundError:
        return NOTHING_KEPT, ""
    except (ValueError, RecursionError):
        aside = _set_aside(real_path(path))
        return NOTHING_KEPT, f"saved views could not be read; their file is now {aside}"


def _set_aside(path: Path) -> Path:
    """Give a file a name of its own, never that of another that was set aside before."""
    names = (f".{number}.broken" if number > 1 else ".broken" for number in range(1, MOST_ASIDE))
    aside = next((new for new in map(path.with_suffix, names) if not os.path.lexists(new)), None)
    if aside is None:
        raise OSError(errno.EEXIST, "too many broken files beside it")
    return path.replace(aside)


def _understood(data: object) -> Kept:
    if not isinstance(data, Mapping):
        raise ValueError("not an object")  # noqa: TRY004 - a broken file, not a broken call
    return Kept(
        _views(data.get("last")),
        _views(data.get("saved")),
        {name: lines for name, lines in _histories(data.get("history")).items() if lines},
        _choices(data.get("choices")),
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


def _choices(data: object) -> dict[str, str]:
    if not isinstance(data, Mapping):
        return {}
    whole = [(str(name), value) for name, value in data.items() if isinstance(value, str)]
    fit = [(n, v) for n, v in whole if len(n) <= NAME_LIMIT and len(v) <= CHOICE_LIMIT]
    # what was not written here can be anything; a choice that must be cleaned is none
    return dict([(n, v) for n, v in fit if clean_line(n) == n and clean_line(v) == v][:CHOICES])


def _merge(path: Path, changes: Changes, known: Kept) -> str:
    """Make the changes to what the file says now, or write all that is known where it says nothing.

    Returns why that failed, or an empty text.
    """
    try:
        real = real_path(path)
        with alone_in(real.parent):
            there, _ = _read(real)
            _write(real, known if there is NOTHING_KEPT else changes.over(there))
    except OSError as error:
        return _reason(path, error)
    return ""


def _write(path: Path, kept: Kept) -> None:
    data = {
        "last": {name: view.as_data() for name, view in kept.last.items()},
        "saved": {name: view.as_data() for name, view in kept.saved.items()},
        "history": {name: list(lines) for name, lines in kept.history.items()},
        "choices": dict(kept.choices),
    }
    replace_file(path, json.dumps(data, indent=1))
