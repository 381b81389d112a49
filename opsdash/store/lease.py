"""A lease is a file that one program at a time holds locked; the kernel lets go when it dies."""

from __future__ import annotations

import fcntl
import json
import os
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

from opsdash.core.holder import Holder, Role

MOST_BYTES = 4096


class Lease:
    """One file. Its lock says whether it is held, its text by whom, its time that they live.

    A holder that hangs keeps the lock: seize() puts another file in its place, and `held` becomes
    false for the old one, however late it looks. Everything here may raise OSError: no lock can be
    had in that folder.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: int | None = None

    @property
    def held(self) -> bool:
        """Whether it is ours, and nobody has seized it."""
        return self._file is not None and _is_at(self._file, self._path)

    def take(self, me: Holder) -> bool:
        """Hold it from now on, if nobody does."""
        if self.held:
            return True
        self.release()
        file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(file)
            if isinstance(error, BlockingIOError):
                return False
            raise
        if not _is_at(file, self._path):  # it was seized between the two
            os.close(file)
            return False
        self._keep(file, me)
        return True

    def seize(self, me: Holder) -> bool:
        """Hold it in the place of a holder that hangs."""
        self.release()
        new = self._path.with_name(f"{self._path.name}.{os.getpid()}")
        file = os.open(new, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            new.rename(self._path)
        except OSError:
            os.close(file)
            with suppress(OSError):
                new.unlink()
            raise
        self._keep(file, me)
        return self.held

    def _keep(self, file: int, me: Holder) -> None:
        text = json.dumps(asdict(me), ensure_ascii=False).encode()
        self._file = file
        with suppress(OSError):  # a disk that is full: the lock is ours all the same
            os.pwrite(file, text, 0)
            os.ftruncate(file, len(text))

    def beat(self) -> None:
        """Show that the holder lives; whoever can't will lose it to others, and see that."""
        if self._file is not None:
            with suppress(OSError):
                os.utime(self._file)

    def beaten(self) -> int:
        """A figure that changes as long as the holder lives; 0 where there is no file."""
        try:
            found = self._path.stat()
        except FileNotFoundError:
            return 0
        return hash((found.st_ino, found.st_mtime_ns))

    def holder(self) -> Holder | None:
        """Who holds it now; None: nobody does."""
        try:
            file = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return None
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return _holder(os.pread(file, MOST_BYTES, 0))
        finally:
            os.close(file)
        return None

    def release(self) -> None:
        """Let go of it."""
        file, self._file = self._file, None
        if file is not None:
            os.close(file)


def _is_at(file: int, path: Path) -> bool:
    """Whether an open file is the one that stands at a path."""
    try:
        return os.path.samestat(os.fstat(file), path.stat())
    except FileNotFoundError:
        return False


def _holder(text: bytes) -> Holder:
    """What the holder wrote about itself; one that has just come may not have written yet."""
    try:
        said = json.loads(text.decode("utf-8", "replace"))
        return Holder(
            int(said["pid"]),
            Role(said["role"]),
            str(said["user"]),
            str(said["machine"]),
            float(said["since"]),
            str(said["fleet"]),
        )
    except (ValueError, TypeError, KeyError):
        return Holder(0, Role.SCREEN)
