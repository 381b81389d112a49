"""Moments as people type and read them: ``13:50``, ``2026-11-26 13:50``, ``-2h``, ``now``."""

from __future__ import annotations

import re
import time

from opsdash.core.text import clean_line, duration

FORMS = "13:50, 2026-11-26 13:50, -2h, now"
"""What may be typed, for sentences."""

_SPAN = re.compile(r"-?\s*(\d{1,6}(?:\.\d+)?)\s*([smhdw])(?:\s+ago)?")
_UNIT_S = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 7 * 86400.0}
_CLOCK = re.compile(
    r"(?:(\d{4})-(\d{1,2})-(\d{1,2})(?:[ T]+|$))?(?:(\d{1,2}):(\d{2})(?::(\d{2}))?)?"
)
_YESTERDAY = re.compile(r"yesterday\s+", re.IGNORECASE)
DAY_S = 86400.0


def moment_of(text: str, now: float) -> float:
    """A moment that has been, in seconds since 1970; ValueError says in words what is wrong.

    A time of day is today's, or yesterday's where today's is still to come. A time span is one
    before now.
    """
    text = clean_line(text).strip()
    if text.lower() == "now":
        return now
    span = _SPAN.fullmatch(text)
    if span is not None:
        return now - float(span[1]) * _UNIT_S[span[2]]
    yesterday = _YESTERDAY.match(text)
    found = _CLOCK.fullmatch(text[yesterday.end() :] if yesterday else text)
    if found is None or not text or (yesterday and found[1]):
        raise ValueError(f"{text or 'nothing'} is no moment: {FORMS}")
    moment = _local(found, now - DAY_S if yesterday else now, text)
    if moment > now and not found[1]:
        moment = _local(found, now - DAY_S, text)
    if moment > now:
        raise ValueError(f"{text} is still to come")
    return moment


def two_moments(text: str, now: float, then: float) -> tuple[float, float]:
    """``13:50 now``, ``2026-11-26 13:50 14:10``: two moments, the earlier one first; the second
    may be left out and is `then` in that case. ValueError says in words what is wrong.
    """
    words = text.split()
    for split in range(len(words), 0, -1):
        first, second = " ".join(words[:split]), " ".join(words[split:])
        try:
            one = moment_of(first, now)
            other = moment_of(second, now) if second else then
        except ValueError:
            continue
        return min(one, other), max(one, other)
    moment_of(words[0] if words else "", now)
    raise ValueError(f"{clean_line(text, 60)} are no two moments: 13:50 now")


def _local(found: re.Match[str], day: float, text: str) -> float:
    """A date and a time of this machine's zone, each as far as it is given."""
    given = [int(part) if part else 0 for part in found.groups()]
    date = given[:3] if found[1] else list(time.localtime(day)[:3])
    whole = (*date, *given[3:], 0, 1, -1)
    try:
        time.strptime("{}-{}-{} {}:{}:{}".format(*whole), "%Y-%m-%d %H:%M:%S")
        return time.mktime(whole)  # type: ignore[arg-type]
    except (ValueError, OverflowError):
        raise ValueError(f"there is no {text}") from None


def clock_words(moment: float, now: float) -> str:
    """``13:50:20``, with its date where that is not the date of `now`: ``Nov 26 13:50:20``."""
    when, today = time.localtime(moment), time.localtime(now)
    if when[:3] == today[:3]:
        return time.strftime("%H:%M:%S", when)
    return time.strftime("%b %d %H:%M:%S" if when[0] == today[0] else "%Y-%m-%d %H:%M:%S", when)


def ago_words(moment: float, now: float) -> str:
    """``13:50:20 (2h ago)``."""
    return f"{clock_words(moment, now)} ({duration(now - moment)} ago)"


def split_time(at_s: float | None, *, in_utc: bool = False) -> time.struct_time | None:
    """A host's time, in seconds since 1970, as year, month and so on of this machine's zone or of
    UTC; None where it told none, or one that no calendar has.
    """
    if at_s is None:
        return None
    try:
        return time.gmtime(at_s) if in_utc else time.localtime(at_s)
    except (OverflowError, OSError, ValueError):
        return None
