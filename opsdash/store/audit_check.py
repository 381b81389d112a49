"""Whether the audit log is whole: every line as it was written, in its place, down to its end."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from opsdash.core.audit import (
    AuditEntry,
    Phase,
    canonical,
    from_line,
    from_values,
    hash_of,
    values_of,
)
from opsdash.core.text import count
from opsdash.store.audit_file import AuditFiles, Head


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found: `entries` that hold, in `files` files, up to `head`. `fault` is the first
    thing that is wrong, with its `place` (file and line); empty: nothing is. `notes` are worth
    knowing, but prove nothing.
    """

    entries: int
    files: int
    head: Head
    fault: str = ""
    place: str = ""
    notes: tuple[str, ...] = ()

    @property
    def whole(self) -> bool:
        """Whether nothing is wrong."""
        return not self.fault


@dataclass(frozen=True, slots=True)
class _Line:
    """A line where it stands; `ended` says that it has its newline."""

    path: Path
    number: int
    data: bytes
    ended: bool

    @property
    def place(self) -> str:
        return f"{self.path}:{self.number}"


class _Broken(Exception):
    """The chain does not hold here."""

    def __init__(self, text: str, place: str, missing: int = 0) -> None:
        super().__init__(text)
        self.place = place
        self.missing = missing


def verify(files: AuditFiles, heads: Mapping[int, str]) -> Verdict:
    """Read all of it. `heads` are ends of the chain that are remembered elsewhere: the hash of the
    last entry by how many there were; the store's, or what syslog was told.
    """
    there = files.all_files()
    check = _Check(heads)
    try:
        for line, following in _in_pairs(_lines(there)):
            check.line(line, following)
        check.end(files.path)
    except _Broken as broken:
        text = str(broken)
        if broken.missing:
            moved = _is_anywhere(broken.missing, there)
            text += ": moved to a later place" if moved else ": cut out"
        return check.verdict(len(there), text, broken.place)
    return check.verdict(len(there))


def _is_anywhere(seq: int, files: list[tuple[Path, int]]) -> bool:
    wanted = b'"seq":%d,' % seq
    return any(wanted in line.data for line in _lines(files))


def _lines(files: list[tuple[Path, int]]) -> Iterator[_Line]:
    for path, size in files:
        with path.open("rb") as file:
            for number, data in enumerate(file, 1):
                size -= len(data)
                if size < 0:
                    break  # written since the look
                yield _Line(path, number, data.removesuffix(b"\n"), data.endswith(b"\n"))


def _in_pairs(lines: Iterator[_Line]) -> Iterator[tuple[_Line, _Line | None]]:
    """Each line with the one after it."""
    before = next(lines, None)
    for line in lines:
        assert before is not None  # noqa: S101 - there is a line after it
        yield before, line
        before = line
    if before is not None:
        yield before, None


class _Check:
    """Goes over the lines, and remembers where the chain stands."""

    def __init__(self, heads: Mapping[int, str]) -> None:
        self._heads = heads
        self._head = Head()
        self._torn = ""
        self._closed = b""
        self._notes: list[str] = []

    def verdict(self, files: int, fault: str = "", place: str = "") -> Verdict:
        """What was found so far."""
        return Verdict(self._head.count, files, self._head, fault, place, tuple(self._notes))

    def line(self, line: _Line, following: _Line | None) -> None:
        """The next line; raises where it is not what was written there."""
        if not line.ended and following is None:
            self._torn = line.place
            return
        if following is not None and _closes(following, line):
            self._closed = line.data
            return
        entry = _entry(line)
        if hash_of(line.data, entry) != entry.hash:
            raise _Broken(
                f"entry {entry.seq} was edited: its hash does not fit its text", line.place
            )
        self._in_its_place(entry, line)
        if entry.phase is Phase.REPAIR:
            if entry.before and entry.before != hashlib.sha256(self._closed).hexdigest():
                raise _Broken(
                    f"what entry {entry.seq} has closed was edited, or cut out", line.place
                )
            self._notes.append(f"entry {entry.seq}: {entry.text}")

    def _in_its_place(self, entry: AuditEntry, line: _Line) -> None:
        wanted = self._head.count + 1
        if entry.seq > wanted:
            raise _Broken(_gap(wanted, entry.seq - 1), line.place, wanted)
        if entry.seq < wanted:
            text = f"entry {entry.seq} stands after entry {self._head.count}: put in, or moved here"
            raise _Broken(text, line.place)
        if entry.prev_hash != self._head.hash:
            text = f"entry {entry.seq} does not follow the one before it: edited, or put in"
            raise _Broken(text, line.place)
        if self._heads.get(entry.seq, entry.hash) != entry.hash:
            text = f"entry {entry.seq} is not the one that is remembered: the log was rewritten"
            raise _Broken(text, line.place)
        self._head = Head(entry.seq, entry.hash)

    def end(self, path: Path) -> None:
        """All lines were read."""
        last = max(self._heads, default=0)
        if last > self._head.count:
            raise _Broken(f"cut at the end: {_gap(self._head.count + 1, last)}", str(path))
        if self._head.count and not last:
            raise _Broken(
                "head missing: no end of the log is remembered, so a cut tail would not show",
                str(path),
            )
        if self._torn:
            self._notes.append(f"{self._torn}: the last line is not finished; the next closes it")
        if newer := self._head.count - last:
            last_ones = count(newer, "entry", "entries")
            self._notes.append(f"the last {last_ones} are newer than the end that is remembered")


def _gap(first: int, last: int) -> str:
    if first == last:
        return f"entry {first} is missing"
    return f"entries {first} to {last} are missing"


def _entry(line: _Line) -> AuditEntry:
    """The entry of a line that is as it was written."""
    try:
        values = values_of(line.data)
        entry = from_values(values)
        if line.ended and canonical(values) == line.data:
            return entry
    except ValueError:
        pass
    raise _Broken("edited, or put in: this is not a line as it was written", line.place)


def _closes(following: _Line, line: _Line) -> bool:
    """Whether the next line is an entry that tells of this one as cut off by a crash."""
    if b'"repair"' not in following.data:
        return False
    try:
        entry = from_line(following.data)
    except ValueError:
        return False
    digest = hashlib.sha256(line.data).hexdigest()
    return entry.phase is Phase.REPAIR and entry.before == digest
