"""systemd's journal as records: asked by cursor, so that a break loses nothing and doubles nothing.

The script asks for the entry at the place as well: when the first one that comes is not that, the
journal has been rotated away or made anew meanwhile, and a gap is told.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from opsdash.collectors.log_lines import HELD, SOUGHT_LINES, Complaints, Lines
from opsdash.collectors.log_survey import Survey
from opsdash.core.log_record import LogEntry, LogGap, LogNotice, LogQuery, LogRecord
from opsdash.core.quoting import quote

BEAT_S = 5.0

_FIELDS = (
    "MESSAGE,PRIORITY,UNIT,_SYSTEMD_UNIT,SYSLOG_IDENTIFIER,_COMM,_PID,SYSLOG_PID,_TRANSPORT,"
    "_BOOT_ID"
)
_CURSOR = re.compile(r"[0-9a-z=;]{1,400}")
_PLAIN = re.compile(r"[\w \-/:=,@%]+")
"""Text that Python's regular expressions and the journal's understand alike."""

_TURNED = "awk '{ l[NR] = $0 } END { for (i = NR; i > 0; i--) print l[i] }'"

_IN_A_CUT = re.compile(rb'"__REALTIME_TIMESTAMP" ?: ?"(\d{1,17})"')


def _first(value: Any) -> str:
    """A field that comes once as a rule; repeated, it is a list, and the first one counts."""
    if isinstance(value, list) and value and not isinstance(value[0], int):
        value = value[0]
    return value if isinstance(value, str) else _text(value)


def _text(value: Any) -> str:
    """A message: text, bytes as numbers, several of either, or nothing."""
    match value:
        case str():
            return value
        case None:
            return ""
        case list() if all(isinstance(one, int) and 0 <= one < 256 for one in value):
            return bytes(value).decode("utf-8", "replace")
        case list():
            return "\n".join(_text(one) for one in value)
    return str(value)


def _number(value: Any, most: int) -> int | None:
    said = _first(value)
    if not (said.isascii() and said.isdigit()) or len(said) > 18:
        return None
    return int(said) if int(said) <= most else None


def record_of(entry: Mapping[str, Any], host: str) -> LogRecord:
    """An entry of the journal as a record, whatever it lacks."""
    micros = _number(entry.get("__REALTIME_TIMESTAMP"), 10**17)
    program = _first(entry.get("SYSLOG_IDENTIFIER")) or _first(entry.get("_COMM"))
    if not program and entry.get("_TRANSPORT") == "kernel":
        program = "kernel"
    message = entry.get("MESSAGE", "")
    text = _text(message)
    if message is None:
        text = "(a message too long for this journalctl to print)"
    pid = _number(entry.get("_PID"), 2**31)
    return LogRecord(
        None if micros is None else micros / 1e6,
        host,
        text,
        "journal",
        _number(entry.get("PRIORITY"), 7),
        program,
        _first(entry.get("UNIT")) or _first(entry.get("_SYSTEMD_UNIT")),
        pid if pid is not None else _number(entry.get("SYSLOG_PID"), 2**31),
        _first(entry.get("_BOOT_ID")),
    )


class Journal:
    """The journal of one host, as far as a query wants it."""

    name = "journal"
    beat_s = BEAT_S
    ends = False
    parts: tuple[str, ...] = ()

    def __init__(self, host: str, query: LogQuery, survey: Survey, now_s: float) -> None:
        self._host, self._query, self._survey = host, query, survey
        self._began_s = now_s
        self._lines = Lines()
        self._complaints = Complaints(host, self.name)
        self._cursor = ""
        self._last_s: float | None = None
        self._seam = ""

    def script(self, *, follow: bool) -> bytes:
        """journalctl from the place on, or the lines before now."""
        query, begin = self._query, self._from()
        words = ["journalctl --no-pager -a -o json", *self._matches(), *begin]
        if query.until_s is not None:
            words.append(f"--until=@{query.until_s + self._survey.ahead_s:.6f}")
        self._seam = self._cursor
        command = " ".join(words)
        if follow:
            return f"{command} -f -n all &\n{HELD}".encode()
        if self._greps and any(word.startswith("-n") for word in begin):
            # with both, some versions turn the order round, and others read all of the journal
            return f"{command} -r | {_TURNED}\n".encode()
        return f"exec {command}\n".encode()

    @property
    def _greps(self) -> bool:
        """Whether the journal itself can look for the text."""
        wanted = self._query.grep
        return bool(wanted and self._survey.greps and _PLAIN.fullmatch(wanted))

    def _matches(self) -> list[str]:
        """Which entries, and what of them."""
        query = self._query
        words = [f"-u {quote(unit)}" for unit in query.units]
        if self._survey.picks_fields:
            words.append(f"--output-fields={_FIELDS}")
        if query.priority is not None:
            words.append(f"-p {query.priority}")
        if query.kernel or query.boot:
            words.append("-k" if query.kernel else "-b")
        if self._greps:
            words.append(f"--grep={quote(query.grep)} --case-sensitive=yes")
        return words

    def _from(self) -> list[str]:
        """Where to begin: at the place, or as the query says."""
        query = self._query
        if self._cursor:
            return [f"--cursor={quote(self._cursor)}"]
        if self._last_s is not None:
            return [f"--since=@{self._last_s:.6f}"]
        words = []
        if query.since_s is not None:
            words.append(f"--since=@{query.since_s + self._survey.ahead_s:.6f}")
        if query.lines is not None:
            sought = query.grep and query.lines and not self._greps
            words.append(f"-n {max(SOUGHT_LINES, query.lines) if sought else query.lines}")
        return words

    def from_now(self) -> None:
        """There was nothing older: what follows begins when the host was first asked."""
        if not self._cursor and self._last_s is None:
            self._last_s = self._began_s

    def feed(self, data: bytes, now_s: float) -> list[LogEntry]:
        """The entries that are whole."""
        found: list[LogEntry] = []
        for line in self._lines.feed(data):
            self._take(line, found)
        return found

    def _take(self, line: bytes, found: list[LogEntry]) -> None:
        if not line.strip():
            return
        try:
            entry = json.loads(line)
        except (ValueError, RecursionError):
            found.append(self._unreadable(line))
            return
        if not isinstance(entry, dict):
            found.append(self._unreadable(line))
            return
        record = record_of(entry, self._host)
        cursor = _first(entry.get("__CURSOR"))
        if self._seam:
            seam, self._seam = self._seam, ""
            if cursor == seam:
                return
            why = "the journal does not hold the place any more where this stopped"
            found.append(LogGap(self._host, self.name, why, self._last_s, record.at_s))
        if _CURSOR.fullmatch(cursor):
            self._cursor = cursor
        if record.at_s is not None:
            self._last_s = record.at_s
        found.append(record)

    def _unreadable(self, line: bytes) -> LogRecord:
        """What is no entry is shown as it is; of one that was cut its time is looked for."""
        stamp = _IN_A_CUT.search(line)
        at_s = int(stamp[1]) / 1e6 if stamp else None
        text = line[:16_384].decode("utf-8", "replace")
        return LogRecord(at_s, self._host, text, self.name)

    def complain(self, data: bytes) -> list[LogNotice]:
        """That some of it may not be read."""
        return self._complaints.heard(data)

    def end(self, now_s: float) -> list[LogEntry]:
        """An entry without its end was cut."""
        self._lines.end()
        self.from_now()
        return []

    def cut(self) -> None:
        """Half an entry will come again."""
        self._lines.end()
