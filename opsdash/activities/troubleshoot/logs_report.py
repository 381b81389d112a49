"""One line of a log as text for eyes, and as JSON for programs. Pure."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from zlib import crc32

from opsdash.core import clock
from opsdash.core.log_record import LogEntry, LogGap, LogRecord
from opsdash.core.log_state import LogState
from opsdash.core.moment import split_time
from opsdash.core.priority import PRIORITIES, letter
from opsdash.core.text import duration
from opsdash.core.utc import utc_if_known

SCHEMA = "opsdash-logs-1"
_COLOURS = {"C": "1;31", "E": "31", "W": "33", "N": "1", "D": "2"}
_OF_HOSTS = (32, 34, 35, 36, 92, 94, 95, 96)
_PROGRAM_WIDTH = 8
NO_TIME = "--:--:--.---"


@dataclass(frozen=True, slots=True)
class Form:
    """How lines are written: the width of the hosts' names, the zone, and whether in colours."""

    name_width: int = 8
    utc: bool = False
    coloured: bool = False


def plain_line(entry: LogEntry, form: Form) -> str:
    """``13:51:02.114 web07 E nginx    bind() to :443 failed``; a gap says what is missing."""
    at = _clock(entry.at_s, form)
    host = _in_colour(entry.host.ljust(form.name_width), _host_colour(entry.host), form)
    if isinstance(entry, LogGap):
        return f"{at} {host} - {_in_colour(gap_words(entry, form), '33', form)}"
    told = letter(entry.priority)
    # behind the first line of a text the others stand a little to the right
    text = entry.text.replace("\n", "\n    ").replace("\t", " ")
    said = f"{told} {entry.program.ljust(_PROGRAM_WIDTH)} {text}"
    return f"{at} {host} {_in_colour(said, _COLOURS.get(told, ''), form)}".rstrip(" ")


def gap_words(gap: LogGap, form: Form) -> str:
    """What is missing, and why."""
    lines = f"{gap.dropped} lines" if gap.dropped else "lines"
    begin = "" if gap.from_s is None else f" since {_clock(gap.from_s, form)}"
    return f"-- {lines} of {gap.source} may be missing{begin}: {gap.why} --"


def _in_colour(text: str, colour: str, form: Form) -> str:
    return f"\x1b[{colour}m{text}\x1b[0m" if form.coloured and colour else text


def _host_colour(host: str) -> str:
    return str(_OF_HOSTS[crc32(host.encode()) % len(_OF_HOSTS)])


def _clock(at_s: float | None, form: Form) -> str:
    """The time of day; with its date where that is not today's."""
    when, today = split_time(at_s, in_utc=form.utc), split_time(clock.now(), in_utc=form.utc)
    if when is None or today is None or at_s is None:
        return NO_TIME
    told = of_day(when, at_s)
    if when[:3] == today[:3]:
        return told
    return f"{time.strftime('%b %d' if when[0] == today[0] else '%Y-%m-%d', when)} {told}"


def of_day(when: time.struct_time, at_s: float) -> str:
    """``13:51:02.114``"""
    return f"{time.strftime('%H:%M:%S', when)}.{int(at_s % 1 * 1000):03}"


def json_line(entry: LogEntry) -> str:
    """An object on one line; see docs/logs.schema.json."""
    if isinstance(entry, LogGap):
        told: dict[str, object] = {
            "type": "gap",
            "at": utc_if_known(entry.at_s, "microseconds"),
            "since": utc_if_known(entry.from_s, "microseconds"),
            "dropped": entry.dropped or None,
            "why": entry.why,
        }
    else:
        told = _record(entry)
    return json.dumps({"schema": SCHEMA, "host": entry.host, "source": entry.source, **told})


def _record(record: LogRecord) -> dict[str, object]:
    return {
        "type": "line",
        "at": utc_if_known(record.at_s, "microseconds"),
        "priority": None if record.priority is None else PRIORITIES[record.priority],
        "program": record.program or None,
        "unit": record.unit or None,
        "pid": record.pid,
        "boot": record.boot or None,
        "text": record.text,
    }


def clock_notice(state: LogState) -> str:
    """That a host's clock is off, and what that means for its lines."""
    way = "ahead" if state.ahead_s > 0 else "behind"
    off = duration(abs(state.ahead_s)) if abs(state.ahead_s) >= 10 else f"{abs(state.ahead_s):.1f}s"
    text = f"{state.host}: its clock is {off} {way}"
    return f"{text}: its lines are put where they belong, with the times that it gave them"
