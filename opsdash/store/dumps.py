"""Screens written to files as plain text: new ones only, for their owner's eyes."""

from __future__ import annotations

import os
import time
from pathlib import Path


def new_path(folder: Path, now: float) -> Path:
    """A name for a dump of this moment, in the folder of dumps, which is made where it can be."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder / time.strftime("opsdash-%Y%m%d-%H%M%S.txt", time.localtime(now))


def write_new(path: Path, text: str) -> None:
    """Write a file that only its owner can read; OSError, too, if there is one of that name."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with os.fdopen(os.open(path, flags, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
