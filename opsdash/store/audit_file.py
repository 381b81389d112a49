"""The audit log's files: appended to by several programs, one at a time, each line on disk for good
before anything is done. When one is full its name gets a number, and the chain goes on in the next.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from opsdash.core.audit import (
    FIRST_HASH,
    AuditEntry,
    Phase,
    as_line,
    chained,
    fit_to_keep,
    from_line,
)
from opsdash.core.errors import AuditError
from opsdash.core.text import count

FILE = "audit.jsonl"
LOCK = "audit.lock"
MOST_BYTES = 50_000_000
"""Of a file; a line more than that, and the next one begins."""

LOCK_S, LOCK_PAUSE_S = 10.0, 0.002
"""Whoever has the lock writes a few lines: one that has it for longer hangs."""

_BLOCK = 65_536
_OPEN = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
_NEXT_STEP = "free space there or mend its permissions, then try again: nothing was changed"


@dataclass(frozen=True, slots=True)
class Head:
    """The end of a chain: how many entries it has, and the hash of the last."""

    count: int = 0
    hash: str = FIRST_HASH


class AuditFiles:
    """The files of one folder. Blocks on the disk; nothing here is for the event loop."""

    def __init__(self, folder: Path, most_bytes: int = MOST_BYTES) -> None:
        self._folder = folder
        self._most_bytes = most_bytes

    @property
    def path(self) -> Path:
        """The file that is written to now."""
        return self._folder / FILE

    def append(self, entries: Sequence[AuditEntry], known: Head | None = None) -> Head:
        """Add entries, and give the new end; AuditError: none of them counts as written.

        A line that a crash has left unfinished is closed, and an entry tells of it; so does one
        where the chain is shorter than it was `known` to be, or ends otherwise.
        """
        try:
            with self.alone():
                self._rotate()
                number = os.open(self.path, _OPEN, 0o600)
                try:
                    return self._append(number, entries, known)
                finally:
                    os.close(number)
        except OSError as error:
            reason = error.strerror or "input or output failed"
            text = f"the audit log can't be written: {reason} ({self.path})"
            raise AuditError(text, _NEXT_STEP) from None

    def _append(self, number: int, entries: Sequence[AuditEntry], known: Head | None) -> Head:
        if os.fstat(number).st_mode & 0o077:
            os.fchmod(number, 0o600)
        size = os.fstat(number).st_size
        head, torn, fits = self._end(number, size)
        repairs = _repairs(entries[0], torn, known if known and not _goes_on(known, head) else None)
        if not fits:
            repairs.append(_repair(entries[0], "the line before this one is not an entry"))
        lines = []
        for entry in (*repairs, *entries):
            made = chained(fit_to_keep(entry), head.count + 1, head.hash)
            head = Head(made.seq, made.hash)
            lines.append(as_line(made) + b"\n")
        self._write(number, size, (b"\n" if torn else b"") + b"".join(lines))
        return head

    def _write(self, number: int, size: int, data: bytes) -> None:
        """All of it or nothing, as far as the disk lets us."""
        try:
            left = memoryview(data)
            while left:
                left = left[os.write(number, left) :]
            os.fsync(number)
            if not size:
                self._sync_folder()
        except OSError:
            with suppress(OSError):  # what stays is closed as a torn line the next time
                os.ftruncate(number, size)
            raise

    def _sync_folder(self) -> None:
        folder = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _end(self, number: int, size: int) -> tuple[Head, bytes, bool]:
        """The end of the chain, the bytes after its last newline, and whether its last line was an
        entry; otherwise the chain goes on from the last line that is one.
        """
        lines = lines_backwards(number, size)
        torn = next(lines, b"")
        fits = True
        for line in lines:
            if (head := _head(line)) is not None:
                return head, torn, fits
            fits = False
        return self._earlier_end(), torn, fits

    def _earlier_end(self) -> Head:
        """The end of the newest file that is full."""
        for path in reversed(self.full_files()):
            with path.open("rb") as file:
                for line in lines_backwards(file.fileno(), os.fstat(file.fileno()).st_size):
                    if (head := _head(line)) is not None:
                        return head
        return Head()

    def _rotate(self) -> None:
        """Put a full file aside; where that may not be (chattr +a), it goes on being written to."""
        with suppress(OSError):
            if self.path.stat().st_size < self._most_bytes or not _is_finished(self.path):
                return
            numbers = [_number(path) for path in self.full_files()]
            self.path.rename(self._folder / f"audit-{max(numbers, default=0) + 1}.jsonl")

    def full_files(self) -> list[Path]:
        """Files that were put aside, the oldest first."""
        found = [path for path in self._folder.glob("audit-*.jsonl") if _number(path)]
        return sorted(found, key=_number)

    def all_files(self) -> list[tuple[Path, int]]:
        """All files, the oldest first, and how many bytes of each are there between two writes."""
        with self.alone():
            paths = [*self.full_files(), self.path]
            return [(path, path.stat().st_size) for path in paths if path.exists()]

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Hold off all other programs that write here; AuditError: one of them hangs."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = self._folder / LOCK
        number = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            _take(number, lock)
            yield
        finally:
            os.close(number)


def _take(number: int, lock: Path) -> None:
    until = time.monotonic() + LOCK_S
    while True:
        try:
            fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > until:
                text = f"the audit log can't be written: another program holds {lock}"
                raise AuditError(text, "look for an opsdash that hangs (fuser shows it)") from None
            time.sleep(LOCK_PAUSE_S)
        else:
            return


def _is_finished(path: Path) -> bool:
    """Whether a file's last line has its end; one that was cut off is closed where it stands."""
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1) == b"\n"


def _number(path: Path) -> int:
    word = path.stem.removeprefix("audit-")
    return int(word) if word.isascii() and word.isdigit() else 0


def _head(line: bytes) -> Head | None:
    try:
        entry = from_line(line)
    except ValueError:
        return None
    return Head(entry.seq, entry.hash)


def _goes_on(known: Head, now: Head) -> bool:
    """Whether a chain that was known to end so may end like this now."""
    return known.count < now.count or known == now


def _repairs(like: AuditEntry, torn: bytes, known: Head | None) -> list[AuditEntry]:
    found = []
    if torn:
        digest = hashlib.sha256(torn).hexdigest()
        text = f"a line of {count(len(torn), 'byte')} was cut off by a crash, and is closed"
        found.append(replace(_repair(like, text), before=digest))
    if known is not None:
        text = f"the log does not end with entry {known.count}, which is remembered as its last"
        found.append(_repair(like, text))
    return found


def _repair(like: AuditEntry, text: str) -> AuditEntry:
    """An entry about the log itself, by the one who happened to write next."""
    return AuditEntry(
        like.at, like.who, "", "audit.repair", Phase.REPAIR, from_where=like.from_where, text=text
    )


def lines_backwards(number: int, size: int) -> Iterator[bytes]:
    """The lines of the first `size` bytes of an open file, the last first, without newlines; what
    stands after the last newline comes first, and is mostly empty.
    """
    rest, place = b"", size
    while place:
        start = max(0, place - _BLOCK)
        rest = os.pread(number, place - start, start) + rest
        place = start
        first, *whole = rest.split(b"\n")
        yield from reversed(whole)
        rest = first
    if size:
        yield rest
