"""What a container writes, as podman or docker keep it: both outputs, each line with its stamp."""

from __future__ import annotations

from opsdash.collectors.log_lines import HELD, Complaints, Lines
from opsdash.collectors.log_stamps import stamped
from opsdash.collectors.log_survey import Survey
from opsdash.core.log_record import LogEntry, LogNotice, LogQuery, LogRecord
from opsdash.core.quoting import assignments

_KNOWN_LINES = 4096


class Container:
    """The log of one container. After a break it is asked for from the last stamp on, and lines of
    that very stamp that were read are left out.
    """

    beat_s = 5.0
    ends = False
    parts: tuple[str, ...] = ()

    def __init__(self, host: str, container: str, query: LogQuery, survey: Survey) -> None:
        self._host, self._container = host, container
        self._query, self._survey = query, survey
        self._lines = Lines(262_144)
        self._complaints = Complaints(host, self.name, survey.groups)
        self._stamp = ""
        self._of_stamp: list[bytes] = []
        self._seam: list[bytes] = []

    @property
    def name(self) -> str:
        """``container NAME``."""
        return f"container {self._container}"

    def script(self, *, follow: bool) -> bytes:
        """podman's or docker's logs; whose the container is, that one is asked."""
        query, since = self._query, self._stamp
        if not since and query.since_s is not None:
            since = f"{query.since_s + self._survey.ahead_s:.6f}"
        tail = "all" if query.lines is None or self._stamp or query.since_s else str(query.lines)
        if follow and not self._stamp:
            tail = "0"
        given = {"name": self._container, "since": since, "tail": tail}
        given["tools"] = " ".join(one for one in ("podman", "docker") if one in self._survey.tools)
        self._seam = list(self._of_stamp)
        ask = '"$tool" logs -t --tail "$tail" ${since:+--since "$since"}'
        ask += f'{" -f" if follow else ""} "$name" 2>&1'
        ran = f"{ask} &\n{HELD}" if follow else f"exec {ask}\n"
        return (assignments(given) + _FIND + ran).encode()

    def feed(self, data: bytes, now_s: float) -> list[LogEntry]:
        """The lines that are whole, and were not read before."""
        return [one for line in self._lines.feed(data) for one in self._made(line, now_s)]

    def _made(self, line: bytes, now_s: float) -> list[LogEntry]:
        raw, _, rest = line.partition(b" ")
        head = stamped(raw.decode("utf-8", "replace"), zone_s=0.0, now_s=now_s)
        if head.at_s is None:
            text = line.decode("utf-8", "replace").rstrip("\r")
            return [LogRecord(None, self._host, text, self.name, program=self._container)]
        stamp = raw.decode("ascii", "replace")
        if line in self._seam:
            self._seam.remove(line)
            return []
        if stamp != self._stamp or len(self._of_stamp) >= _KNOWN_LINES:
            self._stamp, self._of_stamp = stamp, []
        self._of_stamp.append(line)
        text = rest.decode("utf-8", "replace").rstrip("\r")
        # its own stamp and level may follow
        own = stamped(text, zone_s=self._survey.zone_s, now_s=now_s)
        program = own.program or self._container
        return [LogRecord(head.at_s, self._host, text, self.name, own.priority, program)]

    def complain(self, data: bytes) -> list[LogNotice]:
        """That there is no such container, or that the account may not ask."""
        return self._complaints.heard(data)

    def end(self, now_s: float) -> list[LogEntry]:
        """What of the last line had come."""
        return [one for line in self._lines.end() for one in self._made(line, now_s)]

    def cut(self) -> None:
        """Half a line will come again."""
        self._lines.end()


_FIND = r"""
PATH=$PATH:/usr/local/bin:/usr/sbin:/sbin
tool=
for one in $tools; do
  said=$("$one" inspect --type container "$name" 2>&1 >/dev/null </dev/null) || continue
  tool=$one
  break
done
if [ -z "$tool" ]; then
  echo "${said:-neither podman nor docker is there}" >&2
  exit 3
fi
"""
