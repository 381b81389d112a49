"""The kernel's own log where there is no journal: dmesg, stamped in seconds since the boot."""

from __future__ import annotations

import re

from opsdash.collectors.log_lines import HELD, Complaints, Lines
from opsdash.collectors.log_survey import Survey
from opsdash.core.log_record import LogEntry, LogNotice, LogQuery, LogRecord

_LINE = re.compile(
    r"(?:<(\d{1,3})>)?(?:\[\s*(\d{1,10})\.(\d{1,9})\] ?)?(?:\[ *[TC]\d+\] ?)?(.*)", re.S
)
_NOT_OVER = 4096
"""So many lines of one stamp are known again when they come twice."""


class Kernel:
    """dmesg of one host. After a break all of it comes again; what was read is left out."""

    name = "kernel"
    beat_s = 5.0
    ends = False
    parts: tuple[str, ...] = ()

    def __init__(self, host: str, query: LogQuery, survey: Survey) -> None:
        self._host, self._query, self._survey = host, query, survey
        self._lines = Lines(65_536)
        self._complaints = Complaints(host, self.name, survey.groups)
        self._last = -1.0
        self._of_last: set[str] = set()

    def script(self, *, follow: bool) -> bytes:
        """dmesg, raw: with the priority of each line."""
        if follow and "follow" in self._survey.tools:
            return f"dmesg -r --follow &\n{HELD}".encode()
        if follow:
            return b'echo "its dmesg can\'t follow: it is read again now and then" >&2\n'
        lines = self._query.lines
        if lines is None or self._last >= 0:
            return b"exec dmesg -r\n"
        # without the pipe's own status a refusal would look like an empty log
        return f'all=$(dmesg -r) || exit\nprintf "%s\\n" "$all" | tail -n {lines}\n'.encode()

    def feed(self, data: bytes, now_s: float) -> list[LogEntry]:
        """The lines that are whole, and were not read before."""
        found: list[LogEntry] = []
        for line in self._lines.feed(data):
            found += self._made(line.decode("utf-8", "replace").rstrip("\r"))
        return found

    def _made(self, line: str) -> list[LogEntry]:
        known = _LINE.match(line)
        if not line or known is None:
            return []
        at_s = None
        if known[2] is not None:
            up_s = float(f"{known[2]}.{known[3]}")
            if up_s < self._last or (up_s == self._last and line in self._of_last):
                return []
            if up_s > self._last or len(self._of_last) >= _NOT_OVER:
                self._of_last.clear()
            self._last = up_s
            self._of_last.add(line)
            if self._survey.booted_s is not None:
                at_s = self._survey.booted_s + up_s
        priority = int(known[1]) % 8 if known[1] else None
        return [LogRecord(at_s, self._host, known[4], self.name, priority, "kernel")]

    def complain(self, data: bytes) -> list[LogNotice]:
        """That it may not be read."""
        return self._complaints.heard(data)

    def end(self, now_s: float) -> list[LogEntry]:
        """What of the last line had come."""
        return [
            one for line in self._lines.end() for one in self._made(line.decode("utf-8", "replace"))
        ]

    def cut(self) -> None:
        """Half a line will come again."""
        self._lines.end()
