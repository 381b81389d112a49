"""A small file that several programs write: one at a time, and each time as a whole."""

from __future__ import annotations

import errno
import fcntl
import os
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

LOCK_TRIES, LOCK_PAUSE_S = 40, 0.05
"""Another program has the file for milliseconds: 2 s are more than enough."""


def real_path(path: Path) -> Path:
    """The file itself where `path` is a link to it: the link stays as it is."""
    real = Path(os.path.realpath(path))
    if real.is_symlink():
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
    return real


def open_without_waiting(path: str, flags: int) -> int:
    """An opener for open(): a FIFO without a writer would hang the program."""
    return os.open(path, flags | os.O_NONBLOCK | os.O_CLOEXEC)


@contextmanager
def alone_in(folder: Path) -> Iterator[bool]:
    """Hold off other programs that would write files there; one that hangs is not waited for.

    Gives whether they are held off.
    """
    number = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield _locked(number)
    finally:
        os.close(number)


def _locked(number: int) -> bool:
    for _ in range(LOCK_TRIES):
        try:
            fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            time.sleep(LOCK_PAUSE_S)
        else:
            return True
    return False


def replace_file(path: Path, text: str, *, shared: bool = False) -> None:
    """A whole new file in place of the old one; a disk that is full keeps the old one.

    It is the user's own (0600). One that is `shared` keeps the mode and the group that it has,
    where that may be, and outlives a machine that goes down now.
    """
    part = path.with_suffix(f".{os.getpid()}.part")
    number = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    try:
        with os.fdopen(number, "w", encoding="utf-8") as file:
            file.write(text)
            if shared:
                _like(path, file.fileno())
                file.flush()
                os.fsync(file.fileno())
        part.replace(path)
    except OSError:
        with suppress(OSError):
            part.unlink()
        raise


def _like(path: Path, number: int) -> None:
    with suppress(OSError):
        known = path.stat()
        os.fchown(number, -1, known.st_gid)
        os.fchmod(number, stat.S_IMODE(known.st_mode) & 0o666)
