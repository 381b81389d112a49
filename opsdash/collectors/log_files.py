"""Log files as records: read from where they were left, through rotation and truncation.

One shell looks at the size and the inode of each file with every beat, and copies what is new from
a descriptor that it keeps: a file that was moved away is read to its end, and for a few beats more,
because who writes to it may notice late. Before each piece stands where it comes from, so that
nothing depends on when two programs write. To go on after a break, the last bytes that were read
are asked for again: if they are others, it is another file under the old number.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from opsdash.collectors.log_file_script import HISTORY, WATCH
from opsdash.collectors.log_lines import Complaints, Lines, may_not
from opsdash.collectors.log_stamps import stamped
from opsdash.collectors.log_survey import Survey
from opsdash.core.log_record import LogEntry, LogGap, LogNotice, LogQuery, LogRecord
from opsdash.core.quoting import assignments

BEAT_S = 1.0
MOST_FILES = 4
"""Of one stream: a shell has descriptors of one digit, and some are for files that were rotated."""

KNOWN_BYTES = 256
"""So much of what was read last is asked for again, to know the file by."""

_GAPS = {
    "lost": "the file was replaced while nobody read it",
    "cut": "the file was cut short",
}
_NEWS = {
    "missing": "there is no {path} yet",
    "left": "of {path} only the last 16 MB were read",
}
_DIGITS = re.compile(r"\d{1,18}")
LINE_BYTES = 65_536


@dataclass(slots=True)
class _Place:
    """How far a file has been read: its inode, the offset behind the last whole line, and the last
    bytes before that.
    """

    inode: str = ""
    offset: int = 0
    tail: bytes = b""


class _One:
    """One file: its place, its lines, and what they are made into."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.place = _Place()
        self.lines = Lines(LINE_BYTES)
        self.former = Lines(LINE_BYTES)
        self.to_compare = b""
        self.last_s: float | None = None
        name = path.rpartition("/")[2].partition(".")[0]
        self.program = name

    def advance(self, data: bytes) -> None:
        """So many bytes of it have come."""
        self.place.offset += len(data)
        self.place.tail = (self.place.tail + data)[-KNOWN_BYTES:]

    def whole(self) -> tuple[int, bytes]:
        """The offset behind the last whole line, and the bytes before it; a long one counts as
        whole when it is cut.
        """
        part = self.lines.held_bytes
        tail = self.place.tail[: len(self.place.tail) - part] if part else self.place.tail
        return max(0, self.place.offset - part), tail


class Files:
    """Log files of one host, as far as a query wants them. `mark` is a token that no line holds."""

    beat_s = BEAT_S
    ends = False

    def __init__(
        self, host: str, paths: Sequence[str], query: LogQuery, survey: Survey, mark: str
    ) -> None:
        if len(paths) > MOST_FILES:
            raise ValueError(f"not more than {MOST_FILES} files at a time")
        self._host, self._query, self._survey = host, query, survey
        self._files = [_One(path) for path in paths]
        self._mark = b"\x1e" + mark.encode() + b" "
        self._token = mark
        self._complaints = Complaints(host, self.name, survey.groups)
        self._rest = b""
        self._put: Callable[[bytes], list[bytes]] = lambda data: []
        self._current: _One | None = None
        self._older = False
        self._found: list[LogEntry] = []
        self._notices: list[LogNotice] = []

    def call(self, programs: Mapping[str, str]) -> None:
        """What the program of lines that name none is called, by path."""
        for one in self._files:
            one.program = programs.get(one.path, one.program)

    @property
    def name(self) -> str:
        """The path, or all of them."""
        return " ".join(one.path for one in self._files)

    @property
    def parts(self) -> tuple[str, ...]:
        """The paths, where there are several."""
        return tuple(one.path for one in self._files) if len(self._files) > 1 else ()

    def script(self, *, follow: bool) -> bytes:
        """A shell that reads them from their places on."""
        query = self._query
        given = {"mark": self._token, "n": str(len(self._files))}
        given["lines"] = "all" if query.lines is None else str(query.lines)
        since_s = None if query.since_s is None else query.since_s + self._survey.ahead_s
        given["since"] = "" if since_s is None else str(int(since_s))
        for number, one in enumerate(self._files, 1):
            offset, tail = one.whole()
            one.place.offset, one.place.tail, one.to_compare = offset, tail, tail
            given[f"path{number}"] = one.path
            given[f"ino{number}"] = one.place.inode
            given[f"at{number}"] = str(offset - len(tail))
            one.lines, one.former = Lines(LINE_BYTES), Lines(LINE_BYTES)
        self._current, self._rest = None, b""
        return (assignments(given) + (WATCH if follow else HISTORY)).encode()

    def feed(self, data: bytes, now_s: float) -> list[LogEntry]:
        """The lines that are whole."""
        self._found = []
        data = self._rest + data
        self._rest = b""
        while True:
            own, found, rest = data.partition(self._mark)
            if not found:
                break
            head, newline, behind = rest.partition(b"\n")
            self._take(own, now_s)
            if not newline:
                self._rest = found + rest
                return self._found
            self._heed(head.decode("ascii", "replace").split(), now_s)
            data = behind
        kept = self._half_a_mark(data)
        self._take(data[: len(data) - kept], now_s)
        self._rest = data[len(data) - kept :] if kept else b""
        return self._found

    def _half_a_mark(self, data: bytes) -> int:
        at = data.rfind(b"\x1e", -len(self._mark))
        return len(data) - at if at >= 0 and self._mark.startswith(data[at:]) else 0

    def _heed(self, words: list[str], now_s: float) -> None:
        """A line of the shell's own: what comes next, or what happened to a file."""
        if len(words) < 2 or not words[1].isdigit() or not 0 < int(words[1]) <= len(self._files):
            return
        one = self._files[int(words[1]) - 1]
        match words:
            case ["from", _, inode, "-"]:
                self._current, self._older = one, False
                one.place = _Place(inode)
            case ["from", _, inode, offset] if _DIGITS.fullmatch(offset):
                self._current, self._older = one, False
                self._begin(one, _Place(inode, int(offset)), now_s)
            case ["at", _, _, offset] if _DIGITS.fullmatch(offset):
                one.place.offset = int(offset)
            case ["older", _]:
                self._current, self._older = one, True
            case [what, _]:
                self._happened(one, what, now_s)

    def _happened(self, one: _One, what: str, now_s: float) -> None:
        """Something that a person has to know."""
        if what in _GAPS:
            self._flush(one, now_s)
            one.place, one.to_compare = _Place(), b""
            self._found.append(LogGap(self._host, one.path, _GAPS[what], one.last_s, None))
        elif what == "denied":
            self._notices.append(may_not(self._host, one.path, self._survey.groups))
        elif what in _NEWS:
            text = f"{self._host}: {_NEWS[what].format(path=one.path)}"
            self._notices.append(LogNotice(self._host, text, "", one.path))

    def _begin(self, one: _One, place: _Place, now_s: float) -> None:
        """The bytes that follow are from there on: where it was left, or another file."""
        if place.inode == one.place.inode and place.offset == one.place.offset - len(
            one.to_compare
        ):
            if one.to_compare:
                one.place = place
            return
        self._flush(one, now_s)
        one.place, one.to_compare = place, b""

    def _flush(self, one: _One, now_s: float) -> None:
        """No newline will come for what is left of another file's last line."""
        self._make(one, one.lines.end(), now_s)

    def _take(self, data: bytes, now_s: float) -> None:
        one = self._current
        if one is None or not data:
            return
        if self._older:
            self._make(one, one.former.feed(data), now_s)
            return
        if one.to_compare:
            data = self._compared(one, data)
        one.advance(data)
        self._make(one, one.lines.feed(data), now_s)

    def _compared(self, one: _One, data: bytes) -> bytes:
        """What comes behind the bytes by which the file is known; those are no lines again."""
        known = one.to_compare[: len(data)]
        if data[: len(known)] != known:
            one.to_compare = b""
            why = "another file is in the place of the one that was read"
            self._found.append(LogGap(self._host, one.path, why, one.last_s, None))
            return data
        one.to_compare = one.to_compare[len(known) :]
        one.advance(known)
        return data[len(known) :]

    def _make(self, one: _One, lines: list[bytes], now_s: float) -> None:
        for line in lines:
            text = line.decode("utf-8", "replace").rstrip("\r")
            if not text:
                continue
            head = stamped(text, zone_s=self._survey.zone_s, now_s=now_s)
            if head.at_s is not None:
                one.last_s = head.at_s
            self._found.append(
                LogRecord(
                    head.at_s, self._host, head.text, one.path, head.priority,
                    head.program or one.program, "", head.pid,
                )
            )  # fmt: skip

    def complain(self, data: bytes) -> list[LogNotice]:
        """What the shell says, and what the files' own marks have told."""
        told, self._notices = self._notices, []
        return told + self._complaints.heard(data)

    def end(self, now_s: float) -> list[LogEntry]:
        """The last line of a file that has no newline at its end is a line, if it stays so."""
        self._found = []
        for one in self._files:
            self._make(one, one.former.end(), now_s)
        return self._found

    def cut(self) -> None:
        """Half a line will come again: the place is before it."""
        self._rest, self._current = b"", None
