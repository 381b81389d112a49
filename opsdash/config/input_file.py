"""A file of the user's that goes to hosts as it is: a script, what a command reads."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from opsdash.store.whole_file import open_without_waiting


def read_input(path: str, most_bytes: int, *, only_file: bool = False) -> bytes:
    """What the file holds; ValueError: it can't be read, or is longer than `most_bytes`.

    A pipe is read to its end; with `only_file` it is refused: nothing is waited for then.
    """
    try:
        with open(Path(path).expanduser(), "rb", opener=open_without_waiting) as file:
            mode = os.fstat(file.fileno()).st_mode
            if not stat.S_ISREG(mode) and (only_file or not stat.S_ISFIFO(mode)):
                raise ValueError(f"{path}: is not a file")
            os.set_blocking(file.fileno(), True)
            data = file.read(most_bytes + 1)
    except OSError as error:
        raise ValueError(f"{path}: {error.strerror}") from None
    return not_longer(path, data, most_bytes)


def not_longer(path: str, data: bytes, most_bytes: int) -> bytes:
    """The data; ValueError: there is more of it than `most_bytes`."""
    if len(data) > most_bytes:
        raise ValueError(f"{path}: more than {most_bytes // 1000} kB: put the file there first")
    return data
