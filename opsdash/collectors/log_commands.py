"""What a command of the user prints, as lines of a log: to its end, or while it goes on."""

from __future__ import annotations

from collections import deque

from opsdash.collectors.log_lines import FEW_NOTICES, Lines
from opsdash.collectors.log_stamps import stamped
from opsdash.collectors.log_survey import Survey
from opsdash.core.log_record import LogEntry, LogGap, LogNotice, LogQuery, LogRecord
from opsdash.core.named_log import NamedLog
from opsdash.core.quoting import assignments
from opsdash.core.text import clean_line

BEAT_S = 5.0
BEATS_AT_MOST = 4
"""One that is not followed is ended after so many beats."""

LINE_BYTES = 65_536
_LAST_WORDS = 3
"""Lines of its error output that are said of a command that failed."""

_NOT_FOUND, _NOT_ALLOWED = 127, 126


class CommandLog:
    """The lines that a command prints on one host. It is begun with the reading and ended with it.
    Nobody knows where it stopped: after a break it is begun again, and a gap is told. `mark` is a
    token that no line holds.
    """

    beat_s = BEAT_S
    ends = True
    parts: tuple[str, ...] = ()

    def __init__(
        self, host: str, log: NamedLog, query: LogQuery, survey: Survey, mark: str
    ) -> None:
        self._host, self._log, self._query, self._survey = host, log, query, survey
        self._mark, self._of_mark = mark, b"\x1e" + mark.encode() + b" "
        self._lines = Lines(LINE_BYTES)
        self._errors = Lines(4096)
        self._held: deque[LogEntry] | None = None
        self._said: deque[str] = deque(maxlen=_LAST_WORDS)
        self._told: set[str] = set()
        self._goes_on = False
        self._begun = self._broken = False
        self._last_s: float | None = None

    @property
    def name(self) -> str:
        """``source NAME``."""
        return f"source {self._log.name}"

    def script(self, *, follow: bool) -> bytes:
        """The command with a watch beside it. One that is followed has nothing older: what it
        prints first may be that.
        """
        if self._query.follow and not follow:
            return b":\n"
        self._begun, self._goes_on = True, False
        self._said.clear()
        lines = self._query.lines
        self._held = None if follow or lines is None else deque(maxlen=lines)
        given = {"mark": self._mark, "command": self._log.command}
        given["left"] = "0" if follow else str(BEATS_AT_MOST)
        return (assignments(given) + _WATCHED).encode()

    def feed(self, data: bytes, now_s: float) -> list[LogEntry]:
        """The lines that are whole; where only the last ones are wanted, not before its end."""
        return self._given([self._made(line, now_s) for line in self._lines.feed(data)], now_s)

    def _made(self, line: bytes, now_s: float) -> LogEntry:
        text = line.decode("utf-8", "replace").rstrip("\r")
        head = stamped(text, zone_s=self._survey.zone_s, now_s=now_s)
        return LogRecord(
            head.at_s, self._host, head.text, self.name, head.priority,
            head.program or self._log.name, "", head.pid,
        )  # fmt: skip

    def _given(self, found: list[LogEntry], now_s: float) -> list[LogEntry]:
        if self._held is not None:
            self._held.extend(found)
            return []
        if not found:
            return []
        first_s, before_s = found[0].at_s, self._last_s
        times = [one.at_s for one in found if one.at_s is not None]
        self._last_s = times[-1] if times else now_s
        if not self._broken:
            return found
        self._broken = False
        why = "a command can't be gone on with: it was begun again"
        until_s = first_s if first_s is not None else now_s
        return [LogGap(self._host, self.name, why, before_s, until_s), *found]

    def complain(self, data: bytes) -> list[LogNotice]:
        """What it says on its error output: at once when it goes on, else with its failure."""
        found: list[LogNotice] = []
        for line in self._errors.feed(data):
            if line.startswith(self._of_mark):
                found += self._heed(line[len(self._of_mark) :].decode("ascii", "replace"))
            elif text := clean_line(line.decode("utf-8", "replace"), 200).strip():
                self._said.append(text)
                found += self._words() if self._goes_on else []
        return found

    def _heed(self, word: str) -> list[LogNotice]:
        """A line of the watch: that the command goes on, that it went on for too long, or how it
        ended.
        """
        if word == "on":
            self._goes_on = True
            return self._words()
        if word == "late":
            text = f"its command went on for {BEAT_S * BEATS_AT_MOST:.0f}s and was ended"
            return [self._notice(text, "--follow goes on with it")]
        if word == "0" or not word.isdigit():
            return []
        said = f": {' / '.join(self._said)}" if self._said else ""
        text = f"its command failed with exit status {word}{said}"
        return [self._notice(text, _next(int(word)))]

    def _words(self) -> list[LogNotice]:
        """Each once, and of one that complains without end only a few."""
        fresh = [text for text in self._said if text not in self._told]
        fresh = fresh[: max(0, FEW_NOTICES - len(self._told))]
        self._told.update(fresh)
        return [self._notice(text, "") for text in fresh]

    def _notice(self, text: str, hint: str) -> LogNotice:
        return LogNotice(self._host, f"{self._host}: {self.name}: {text}", hint, self.name)

    def end(self, now_s: float) -> list[LogEntry]:
        """What of the last line had come, and the last ones where only those are wanted."""
        found = self._given([self._made(line, now_s) for line in self._lines.end()], now_s)
        held, self._held = self._held, None
        return [*held, *found] if held is not None else found

    def cut(self) -> None:
        """What it would have printed meanwhile is not there; half a line is none."""
        self._lines.end()
        self._errors.end()
        self._broken = self._begun


def _next(status: int) -> str:
    if status == _NOT_FOUND:
        return "give the whole path of its program in hosts.yaml"
    if status == _NOT_ALLOWED:
        return "the account may not execute it"
    return "try it there as the user who logs in: sudo is not used for it"


_WATCHED = r"""
tell() { printf '\n\036%s %s\n' "$mark" "$1" >&2; }
# all of the command; in a session of its own the group is this shell's
stop() {
  trap '' TERM
  kill -TERM "-$$" || kill -TERM "$1"
  sleep 0.3 || sleep 1
  kill -KILL "-$$" || kill -KILL "$1"
}
exec 3<&0 </dev/null
/bin/sh -c "$command" 3<&- &
job=$!
{
  read -r beat && tell on
  while left=$((left-1)); [ "$left" -ne 0 ] && read -r beat; do :; done
  [ "$left" -ne 0 ] || tell late
  stop "$job" 2>/dev/null
} <&3 >/dev/null &
watch=$!
wait "$job"
tell $?
{ kill -KILL "-$$" || kill -KILL "$watch"; } 2>/dev/null
"""
