"""The user's own key and known_hosts files, read with care: they are named in files."""

from __future__ import annotations

import stat
from pathlib import Path

LONGEST_BYTES = 32_000_000
"""Far more than any known_hosts file: what is longer is not one."""


def check_file(path: Path) -> None:
    """OSError unless `path` is an ordinary file of a sane size.

    Reading a FIFO would wait for ever, and a device would be read until memory ends.
    """
    found = path.stat()
    if not stat.S_ISREG(found.st_mode):
        raise OSError(0, "not an ordinary file", str(path))
    if found.st_size > LONGEST_BYTES:
        raise OSError(0, f"larger than {LONGEST_BYTES} bytes", str(path))
