"""When a line of a log file was written, how bad it is, and who wrote it: the forms that there are.

RFC 3164 has no year and no zone, and means the host's local time; RFC 5424 and ISO stamps have
both. Web servers and programs of one's own have theirs. What has no stamp is text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from opsdash.core.priority import PRIORITIES

DAY_S = 86_400.0
YEARS_BACK = 5
"""The 29th of February is looked for so far back."""

_MONTHS = {
    name: number
    for number, name in enumerate(
        ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"), 1
    )
}
_MONTH = "|".join(_MONTHS)

_ISO = re.compile(
    r"\[?(\d{4})[-/](\d\d)[-/](\d\d)[T ](\d\d):(\d\d):(\d\d)(?:[.,](\d{1,9}))?"
    r"(?: ?(Z|UTC|[+-]\d\d:?\d\d))?\]?(?=\s|$)"
)
_BSD = re.compile(
    rf"({_MONTH}) ([ \d]\d)(?: (\d{{4}}))? (\d\d):(\d\d):(\d\d)(?:\.(\d{{1,9}}))?(?=[\s:]|$)"
)
_CLF = re.compile(rf"\[(\d\d)/({_MONTH})/(\d{{4}}):(\d\d):(\d\d):(\d\d) ([+-]\d{{4}})\]")
_CLF_WITHIN = 300
_NUMBER = re.compile(r"<(\d{1,3})>(1 )?")
_FACILITY = (
    r"(?:kern|user|mail|daemon|auth|syslog|lpr|news|uucp|cron|authpriv|ftp|security|local[0-7])"
)
_BUSYBOX = re.compile(rf"{_FACILITY}\.({'|'.join(PRIORITIES)}|warn|error|panic) ")
_TAG = re.compile(r"([^\s:\[\]]{1,64}?)(?:\[(\d{1,10})\])?: ?")
_RFC5424 = re.compile(
    r"(\S{1,255}) (\S{1,48}) (\S{1,128}) (\S{1,32}) "
    r"(-|(?:\[(?:[^\]\\\"]|\\.|\"(?:[^\"\\]|\\.)*\")*\])+) ?"
)
_PID = re.compile(r"\d{1,10}")
_LEVEL = re.compile(
    r"^\W{0,4}(?:\S{1,40} ){0,2}?"
    r"(?:\[(emerg|alert|crit|error|warn|warning|notice|info|debug)\]"
    r"|[\[<(]?(EMERG|ALERT|CRIT|CRITICAL|FATAL|PANIC|ERR|ERROR|WARN|WARNING|NOTICE|INFO|DEBUG|TRACE)"
    r"[\]>):]?(?=\s|$))"
)
_LEVELS = {
    "emerg": 0, "panic": 0, "alert": 1, "crit": 2, "critical": 2, "fatal": 2, "err": 3,
    "error": 3, "warn": 4, "warning": 4, "notice": 5, "info": 6, "debug": 7, "trace": 7,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Stamped:
    """What the head of a line tells; `text` is the rest of it."""

    at_s: float | None
    text: str
    priority: int | None = None
    program: str = ""
    pid: int | None = None


@lru_cache(maxsize=4096)
def _minute(year: int, month: int, day: int, hour: int, minute: int) -> float:
    """The begin of a minute of UTC in seconds since 1970; ValueError: there is no such one."""
    return datetime(year, month, day, hour, minute, tzinfo=UTC).timestamp()


@lru_cache(maxsize=256)
def _offset_s(zone: str) -> float:
    if zone in ("Z", "UTC"):
        return 0.0
    digits = zone[1:].replace(":", "")
    span = timedelta(hours=int(digits[:2]), minutes=int(digits[2:])).total_seconds()
    return -span if zone[0] == "-" else span


def _fraction(digits: str | None) -> float:
    return int(digits) / 10 ** len(digits) if digits else 0.0


def _iso(found: re.Match[str], zone_s: float) -> float | None:
    year, month, day, hour, minute, second = (int(found[number]) for number in range(1, 7))
    try:
        begun = _minute(year, month, day, hour, minute)
    except (ValueError, OverflowError):
        return None
    offset_s = _offset_s(found[8]) if found[8] else zone_s
    return begun + second + _fraction(found[7]) - offset_s


def _bsd(found: re.Match[str], zone_s: float, now_s: float) -> float | None:
    """Without a year it is the latest that is not to come: December, read in January."""
    month, day = _MONTHS[found[1]], int(found[2])
    hour, minute = int(found[4]), int(found[5])
    seconds = int(found[6]) + _fraction(found[7]) - zone_s
    if found[3]:
        years: range = range(int(found[3]), int(found[3]) + 1)
    else:
        this = datetime.fromtimestamp(now_s + zone_s, UTC).year
        # a host's clock may be a little ahead of itself: it is read before the line is written
        years = range(this + 1, this - YEARS_BACK, -1)
    for year in years:
        try:
            at_s = _minute(year, month, day, hour, minute) + seconds
        except (ValueError, OverflowError):
            continue
        if found[3] or at_s <= now_s + DAY_S:
            return at_s
    return None


def _clf(found: re.Match[str]) -> float | None:
    try:
        begun = _minute(
            int(found[3]), _MONTHS[found[2]], int(found[1]), int(found[4]), int(found[5])
        )
    except (ValueError, OverflowError):
        return None
    return begun + int(found[6]) - _offset_s(found[7])


def tagged(at_s: float | None, rest: str, priority: int | None) -> Stamped:
    """Behind the stamp of a syslog: the host, what busybox says of the priority, who, and what."""
    _, _, rest = rest.partition(" ")
    known = _BUSYBOX.match(rest)
    if known is not None:
        priority = _LEVELS[known[1]]
        rest = rest[known.end() :]
    tag = _TAG.match(rest)
    if tag is None:
        return Stamped(at_s, rest, priority)
    pid = int(tag[2]) if tag[2] else None
    return Stamped(at_s, rest[tag.end() :], priority, tag[1], pid)


def _rfc5424(at_s: float | None, rest: str, priority: int | None) -> Stamped:
    found = _RFC5424.match(rest)
    if found is None:
        return Stamped(at_s, rest, priority)
    program = "" if found[2] == "-" else found[2]
    pid = int(found[3]) if _PID.fullmatch(found[3]) else None
    return Stamped(at_s, rest[found.end() :].removeprefix("\ufeff"), priority, program, pid)


def _leveled(at_s: float | None, text: str) -> Stamped:
    """The line of a program of one's own."""
    found = _LEVEL.match(text[:200])
    level = (found[1] or found[2]).lower() if found else ""
    return Stamped(at_s, text, _LEVELS.get(level))


_SYSLOG_HEAD = re.compile(
    r" (?!(?:EMERG|ALERT|CRIT|FATAL|ERR|WARN|NOTICE|INFO|DEBUG|TRACE)[A-Z]* )"
    r"[\w.:%-]{1,255} [^\s:\[\]]{1,64}(?:\[\d+\])?:(?:\s|$)"
)


def stamped(line: str, *, zone_s: float, now_s: float) -> Stamped:
    """The head of a line understood. `zone_s` is by how many seconds the host's local time is ahead
    of UTC, `now_s` the host's clock.
    """
    number = _NUMBER.match(line)
    priority = int(number[1]) % 8 if number and int(number[1]) < 192 else None
    line = line[number.end() :] if number else line
    found = _ISO.match(line)
    if found is not None:
        at_s, rest = _iso(found, zone_s), line[found.end() :]
        if number and number[2]:
            return _rfc5424(at_s, rest[1:], priority)
        if _SYSLOG_HEAD.match(rest):
            return tagged(at_s, rest[1:], priority)
        return _leveled(at_s, rest.lstrip(" "))
    found = _BSD.match(line)
    if found is not None:
        return tagged(_bsd(found, zone_s, now_s), line[found.end() + 1 :], priority)
    within = _CLF.search(line, 0, _CLF_WITHIN)
    if within is not None:
        return Stamped(_clf(within), line)
    return Stamped(None, line, priority)
