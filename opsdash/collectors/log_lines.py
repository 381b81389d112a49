"""What the sources of log lines have in common: bytes cut into lines, errors read for what the
account may not see, and a script that ends when nobody listens any more.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Protocol

from opsdash.core.log_record import LogEntry, LogNotice
from opsdash.core.text import clean_line

LINE_BYTES = 1_048_576
"""More than this of one line is not kept: its end is looked for, and it is marked as cut."""

SOUGHT_LINES = 5_000
"""So many last lines are looked through for those that are wanted, where there is no index."""

FEW_NOTICES = 8
"""A source that complains without end is heard so many times."""

HELD = r"""
job=$!
while read -r beat; do kill -0 "$job" 2>/dev/null || break; done
kill "$job" 2>/dev/null
wait "$job"
"""
"""Behind a command in the background: it ends when the beats on the input end, and the other way
round. A command that follows a log would notice only with its next line that nobody reads it.
"""


class LogSource(Protocol):
    """One log of one host, from its script to its records. It keeps its place: after a break the
    next script goes on where the lines stopped, and no line comes twice.
    """

    @property
    def name(self) -> str:
        """``journal``, a path, ``kernel``, ``container NAME``, ``source NAME``."""
        ...

    @property
    def beat_s(self) -> float:
        """How often the script wants to hear that somebody listens, in seconds."""
        ...

    @property
    def ends(self) -> bool:
        """Whether the end of what is followed is the end of the log, and it is not begun again."""
        ...

    @property
    def parts(self) -> tuple[str, ...]:
        """The sources of its lines, where there are several: each is in order, and they are told
        one behind the other.
        """
        ...

    def script(self, *, follow: bool) -> bytes:
        """POSIX sh that writes what comes behind the place; with `follow` for as long as it hears
        a beat.
        """
        ...

    def feed(self, data: bytes, now_s: float) -> list[LogEntry]:
        """What some of its output holds; `now_s` is the time by the host's clock."""
        ...

    def complain(self, data: bytes) -> list[LogNotice]:
        """What some of its error output means."""
        ...

    def end(self, now_s: float) -> list[LogEntry]:
        """Its output is over: what of the last line had come."""
        ...

    def cut(self) -> None:
        """The connection broke: half a line is no line, it will come again."""
        ...


class Lines:
    """Bytes cut into lines, of which one that never ends takes no more than `most` bytes."""

    def __init__(self, most: int = LINE_BYTES) -> None:
        self._most = most
        self._rest = b""
        self._skipping = False

    @property
    def held_bytes(self) -> int:
        """How much of a line that has not ended is kept."""
        return len(self._rest)

    def feed(self, data: bytes) -> list[bytes]:
        """The lines that have ended with `data`, without their newline."""
        if self._skipping:
            _, newline, data = data.partition(b"\n")
            if not newline:
                return []
            self._skipping = False
            done = [self._rest]
            self._rest = b""
            return done + self.feed(data)
        parts = (self._rest + data).split(b"\n")
        self._rest = parts.pop()
        if len(self._rest) > self._most:
            self._rest = self._rest[: self._most]
            self._skipping = True
        return [part[: self._most] for part in parts]

    def end(self) -> list[bytes]:
        """The line that had no newline, if there was one."""
        rest, self._rest, self._skipping = self._rest, b"", False
        return [rest] if rest else []


_DENIED = re.compile(
    r"insufficient permissions|not seeing messages from other users|permission denied"
    r"|operation not permitted",
    re.IGNORECASE,
)
_OF_NO_USE = re.compile(
    r"^\s*(Users in groups|Pass -q|pass -q|turn off this notice|can see all messages|--|$"
    r"|Terminated$)"
)


def may_not(host: str, source: str, groups: Sequence[str]) -> LogNotice:
    """That the account may not read a log, and what would let it."""
    if source == "kernel":
        text = f"{host}: this account may not read the kernel's log (kernel.dmesg_restrict)"
        return LogNotice(host, text, "sysctl kernel.dmesg_restrict=0, or log in as root", source)
    if source == "journal":
        text = f"{host}: this account may read only its own lines of the journal"
        hint = "usermod -aG systemd-journal USER (or adm), then log in again"
        return LogNotice(host, text, hint, source)
    inside = "adm" in groups
    hint = f"let a group of the account read {source}" if inside else "usermod -aG adm USER"
    return LogNotice(host, f"{host}: this account may not read {source}", hint, source)


class Complaints:
    """The error output of a source, as notices: each once, and not many."""

    def __init__(self, host: str, source: str, groups: Sequence[str] = ()) -> None:
        self._host, self._source, self._groups = host, source, groups
        self._lines = Lines(4096)
        self._told: set[str] = set()

    def heard(self, data: bytes) -> list[LogNotice]:
        """What of it a person has to know."""
        found = []
        for line in self._lines.feed(data):
            text = clean_line(line.decode("utf-8", "replace"), 200)
            if _OF_NO_USE.match(text):
                continue
            denied = _DENIED.search(text) is not None
            what = "denied" if denied else text
            if what in self._told or len(self._told) >= FEW_NOTICES:
                continue
            self._told.add(what)
            found.append(
                may_not(self._host, self._source, self._groups)
                if denied
                else LogNotice(
                    self._host, f"{self._host}: {self._source}: {text}", "", self._source
                )
            )
        return found
