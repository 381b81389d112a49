"""The last hour of a host's log, folded there: lines that differ by their numbers alone are one,
with how many there are, when the latest of them were written, and the last of them in full.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from opsdash.collectors.log_stamps import Stamped, stamped, tagged
from opsdash.collectors.shell import CONTAINER
from opsdash.core.quoting import quote
from opsdash.core.text import clean_line
from opsdash.core.watch_rule import (
    LONGEST_S,
    MOST_LINES,
    LineKind,
    LogPlace,
    LogWhere,
    WatchedLine,
)

MOST_READ = 3_000
"""So many lines of each log are looked at, the latest: a flood costs no more than that."""

MOST_BYTES = 120_000
"""Kinds of lines of so many bytes travel of each log, those that came last."""

MOST_CHARACTERS = 600
AHEAD_S = 60.0
"""A line may be newer than the look by so much; what is written down as later has a wrong time."""

_FILE_BYTES = 300_000
_WORST_PRIORITIES = range(5)
_UP = re.compile(r"\d{1,10}\.\d{1,9}")
_SINCE_BOOT = re.compile(r"^\[ *\d{1,10}\.\d{1,9}\] ?")
_SPECIAL = re.compile(r"([][\\/.^$*+?(){}|])")

# The stamp of a line is a number of seconds (the journal's), ISO 8601, that of RFC 3164, or the
# kernel's in brackets. Of one kind all are of one length, so that cutting keeps the newest. The
# first line may be the end of one.
_FOLD = r"""
/^[^ \t]/ {{
  if (read++ == 1) begun = stamp_of($0)
  bytes += length($0) + 1
  if (!({wanted})) next
  line = substr($0, 1, {characters}); kind = line
  gsub(/[0-9]+/, "#", kind); kind = substr(kind, 1, 200)
  at = stamp_of(line); count[kind]++; place[kind] = read; last[kind] = line
  stamps[kind] = substr(at "|" stamps[kind], 1, {times} * (length(at) + 1))
}}
function stamp_of(line,  words) {{
  if (line ~ /^\[/) {{
    line = substr(line, 2, index(line, "]") - 2); gsub(/ /, "", line)
    return line
  }}
  if (line !~ /^[0-9]/) return substr(line, 1, 15)
  split(line, words, " ")
  if (words[1] ~ /^[0-9]+[.][0-9]+$/) sub(/[.].*/, "", words[1])
  return words[1]
}}
END {{
  gsub(/\t/, " ", begun); for (kind in count) kinds++
  print "999999\t" (read >= {read} || bytes > {bytes} * 0.9) "/" (kinds + 0) "\t" begun
  for (kind in count) print place[kind] "\t" count[kind] "\t" stamps[kind] "\t" last[kind]
}}
"""

# busybox's ring of syslog and the kernel's ring are there for hosts that keep no files; in a
# container the kernel's is the whole machine's.
_COMMAND = r"""
fold() {{ tail -n {read} | awk {fold} | last; }}
all() {{ tail -n {read} | awk {whole} | last; }}
last() {{ {{ echo; sort -n; }} | tail -c {most} | sed 1d | cut -f 2-; }}
file() {{
  for dated in "$1"-*[0-9]; do :; done
  for one in "$dated" "$1.1" "$1.0" "$1"; do
    [ ! -f "$one" ] || tail -c {bytes} "$one"
  done 2>/dev/null
}}
echo '== now'; date '+%s %z'; cat /proc/uptime
if [ -d /run/systemd/system ] && command -v journalctl >/dev/null 2>&1; then
  recent() {{ journalctl -q --no-pager -o short-unix --since=-1h -n {read} "$@" 2>/dev/null; }}
fi
if command -v recent >/dev/null && [ -n "$(recent -n 1 _UID=0)" ]; then
  echo '== journal'; recent {matches} | fold
else
  kernel=y none=y
  for log in syslog messages auth.log secure kern.log; do
    [ -r "/var/log/$log" ] && [ "$log:$kernel" != kern.log: ] || continue
    case $log in syslog | messages) kernel= ;; esac
    [ -z "$none" ] || echo '== file'
    none=; file "/var/log/$log" | fold
  done
  if [ -n "$none" ] && command -v logread >/dev/null 2>&1; then
    none=; echo '== logread'; logread 2>/dev/null | fold
  fi
  if [ -z "$({container})" ] && dmesg >/dev/null 2>&1; then
    echo '== ring'; dmesg | {ring}
  fi
fi
{extra}echo '== end'
"""


def journal_of(programs: Iterable[str]) -> str:
    """The matches that take the journal's warnings, and all lines of the kernel and of programs."""
    worst = [f"PRIORITY={number}" for number in _WORST_PRIORITIES]
    named = sorted({f"SYSLOG_IDENTIFIER={one}" for one in programs if one != "kernel"})
    more = ["+", *map(quote, named)] if named else []
    return " ".join([*worst, "+", "_TRANSPORT=kernel", *more])


def folding(
    matches: str, wanted: str, extra: Sequence[LogWhere], *, whole_ring: bool = False
) -> str:
    """The script: what of the journal, which lines of any log (an expression of awk), or all of the
    kernel's ring, whose lines don't say that they are the kernel's, and which units and files
    beside.
    """
    usual = {
        "characters": MOST_CHARACTERS,
        "times": MOST_LINES,
        "read": MOST_READ,
        "bytes": _FILE_BYTES,
    }
    more = "".join(_extra(number, where) for number, where in enumerate(extra))
    return _COMMAND.format(
        fold=quote(_FOLD.format(wanted=wanted, **usual)),
        whole=quote(_FOLD.format(wanted="1", **usual)),
        read=MOST_READ,
        most=MOST_BYTES,
        bytes=_FILE_BYTES,
        matches=matches,
        container=CONTAINER,
        ring="all" if whole_ring else "fold",
        extra=more,
    )


def as_told(head: Stamped) -> WatchedLine:
    """A line as rules see it: the kernel's without the seconds since boot."""
    text = _SINCE_BOOT.sub("", head.text) if head.program == "kernel" else head.text
    return WatchedLine(clean_line(text, MOST_CHARACTERS), clean_line(head.program, 64))


def wanted_lines(words: Iterable[str], programs: Iterable[str]) -> str:
    """Which lines travel, as an expression of awk: what holds a word or is of a program."""
    one_of = "|".join(_literal(word) for word in sorted(set(words)))
    by = "|".join(_literal(name) for name in sorted(set(programs)))
    tests = [f"$0 ~ /{one_of}/"] if one_of else []
    tests += [rf"$0 ~ / ({by})(\[[0-9]*\])?: /"] if by else []
    return " || ".join(tests) or "0"


def _literal(text: str) -> str:
    """Text in an expression of awk; LC_ALL=C there, so that other letters are bytes."""
    return _SPECIAL.sub(r"\\\1", text)


def _extra(number: int, where: LogWhere) -> str:
    begin = f"echo '== extra{number}'; "
    name = quote(where.name)
    if where.place is LogPlace.UNIT:
        return f"command -v recent >/dev/null && {{ {begin}recent -u {name} | all; }}\n"
    return f"[ -f {name} ] && [ -r {name} ] && {{ {begin}file {name} | all; }}\n"


@dataclass(frozen=True, slots=True)
class Folded:
    """When it was looked, by the host's clock, its zone's offset from UTC, and seconds since boot;
    then the kinds of lines are read out of what it said.
    """

    now_s: float
    zone_s: float
    up_s: float

    @classmethod
    def of(cls, lines: Sequence[str]) -> Folded:
        """The part that tells the time."""
        clock, zone = lines[0].split()
        sign = -1 if zone[0] == "-" else 1
        zone_s = sign * (int(zone[1:3]) * 3600 + int(zone[3:5]) * 60)
        return cls(float(clock), zone_s, float(lines[1].split()[0]))

    def reach_s(self, parts: Iterable[str]) -> float:
        """How far back these lines reach: an hour, unless there were more than are looked at, or
        than travel.
        """
        reach_s = LONGEST_S
        kinds: list[str] = []
        for part in parts:
            head, _, begun = part.partition("\t")
            if "\t" in begun:
                kinds.append(begun)
                continue
            is_cut, _, number = head.partition("/")
            since = [begun] if is_cut == "1" else []
            if number.isdecimal() and int(number) > len(kinds):  # the oldest of them are not here
                since += [one.partition("|")[0] for one in kinds[:1]]
            known = [at_s for one in since if (at_s := self._time(one)) is not None]
            reach_s = min([reach_s, *(max(0.0, self.now_s - at_s) for at_s in known)])
            kinds = []
        return reach_s

    def by_journal(self, lines: Iterable[str]) -> Iterator[LineKind]:
        """What ``journalctl -o short-unix`` wrote."""
        for part in _parts(lines):
            _, _, rest = part.last.partition(" ")
            yield from self._kind(part, tagged(None, rest, None))

    def by_syslog(self, lines: Iterable[str]) -> Iterator[LineKind]:
        """What a syslog wrote, or a program of the user's own."""
        for part in _parts(lines):
            yield from self._kind(part, stamped(part.last, zone_s=self.zone_s, now_s=self.now_s))

    def by_ring(self, lines: Iterable[str]) -> Iterator[LineKind]:
        """What ``dmesg`` wrote."""
        for part in _parts(lines):
            yield from self._kind(part, Stamped(None, part.last, program="kernel"))

    def _kind(self, part: _Part, head: Stamped) -> Iterator[LineKind]:
        times_s = [at_s for stamp in part.stamps if (at_s := self._time(stamp)) is not None]
        since_s, until_s = self.now_s - LONGEST_S, self.now_s + AHEAD_S
        recent = tuple(at_s for at_s in times_s if since_s <= at_s <= until_s)
        if recent:
            # where older ones are known no newer ones are missing
            lines = part.count if len(recent) == len(part.stamps) else len(recent)
            yield LineKind(as_told(head), lines, recent)

    def _time(self, stamp: str) -> float | None:
        """A stamp in seconds since 1970; None: nobody knows it."""
        if stamp.isascii() and stamp.isdigit():  # "²" is a digit, but no number
            return float(stamp)
        if _UP.fullmatch(stamp):
            return self.now_s - self.up_s + float(stamp)
        return stamped(stamp, zone_s=self.zone_s, now_s=self.now_s).at_s


@dataclass(frozen=True, slots=True)
class _Part:
    count: int
    stamps: tuple[str, ...]
    last: str


def _parts(lines: Iterable[str]) -> Iterator[_Part]:
    for line in lines:
        count, _, rest = line.partition("\t")
        stamps, tab, last = rest.partition("\t")
        if tab:
            # what was cut off in the middle has no bar behind it
            yield _Part(int(count), tuple(stamps.split("|")[:-1][:MOST_LINES]), last)
