"""busybox's syslogd where it keeps its lines in memory: logread, which knows no places."""

from __future__ import annotations

from opsdash.collectors.log_lines import HELD, Complaints, Lines
from opsdash.collectors.log_stamps import stamped
from opsdash.collectors.log_survey import Survey
from opsdash.core.log_record import LogEntry, LogGap, LogNotice, LogQuery, LogRecord

_KNOWN_LINES = 16


class Logread:
    """The ring of one host's syslogd. After a break all of it comes again: what follows the last
    lines that were read is new, and where those are gone, some may be missing.
    """

    name = "logread"
    beat_s = 5.0
    ends = False
    parts: tuple[str, ...] = ()

    def __init__(self, host: str, query: LogQuery, survey: Survey) -> None:
        self._host, self._query, self._survey = host, query, survey
        self._lines = Lines(65_536)
        self._complaints = Complaints(host, self.name, survey.groups)
        self._known: list[bytes] = []
        self._again: list[bytes] | None = None
        self._last_s: float | None = None

    def script(self, *, follow: bool) -> bytes:
        """What the ring holds; followed, what comes behind what was read of it."""
        self._again = [] if self._known and follow else None
        if follow:
            return f"logread -f &\n{HELD}".encode() if not self._known else _BOTH.encode()
        if self._known:
            return b":\n"
        lines = self._query.lines
        return b"exec logread\n" if lines is None else f"logread | tail -n {lines}\n".encode()

    def feed(self, data: bytes, now_s: float) -> list[LogEntry]:
        """The lines that are whole, and were not read before."""
        found: list[LogEntry] = []
        for line in self._lines.feed(data):
            if self._again is not None:
                found += self._sought(line, now_s)
            elif line:
                found.append(self._made(line, now_s))
        return found

    def _sought(self, line: bytes, now_s: float) -> list[LogEntry]:
        """A line of the ring that comes again: kept until the end of the ring is told."""
        again = self._again if self._again is not None else []
        if line != _RING_ENDS:
            again.append(line)
            return []
        known, self._again = self._known, None
        for size in range(len(known), 0, -1):
            for at in range(len(again) - size, -1, -1):
                if again[at : at + size] == known[-size:]:
                    return [self._made(one, now_s) for one in again[at + size :]]
        why = "its ring does not hold the place any more where this stopped"
        gap = LogGap(self._host, self.name, why, self._last_s, None)
        return [gap, *(self._made(one, now_s) for one in again)]

    def _made(self, line: bytes, now_s: float) -> LogRecord:
        self._known = [*self._known, line][-_KNOWN_LINES:]
        text = line.decode("utf-8", "replace").rstrip("\r")
        head = stamped(text, zone_s=self._survey.zone_s, now_s=now_s)
        if head.at_s is not None:
            self._last_s = head.at_s
        return LogRecord(
            head.at_s, self._host, head.text, self.name, head.priority, head.program, pid=head.pid
        )

    def complain(self, data: bytes) -> list[LogNotice]:
        """That it may not be read."""
        return self._complaints.heard(data)

    def end(self, now_s: float) -> list[LogEntry]:
        """What of the last line had come."""
        return [self._made(line, now_s) for line in self._lines.end() if self._again is None]

    def cut(self) -> None:
        """Half a line will come again."""
        self._lines.end()


_RING_ENDS = b"\x1ering"
_BOTH = "logread; printf '\\036ring\\n'; logread -f &\n" + HELD
