"""The words that open the logs of a time, as the page of logs understands them."""

from __future__ import annotations

import re
import time

from opsdash.core.watch_rule import LogPlace, WatchRule

AROUND_S = 600.0
"""So long before something began its cause may stand in a log."""

_SLASH = re.compile(r"(\\.)|/")

MOST_S = 24 * 3600.0
"""Further back nothing is read at once: it could be millions of lines."""


def log_words(since: float, now: float, *, until: float | None = None, of: str = "") -> str:
    """``unit:nginx.service since:2026-11-28T13:40 until:…``: from a while before a moment (seconds
    since 1970) on; `of` are words that say which lines.
    """
    begin = max(since - AROUND_S, now - MOST_S)
    words = [f"since:{typed(begin)}"]
    if until is not None and until + AROUND_S < now:
        words.append(f"until:{typed(max(until + AROUND_S, begin + 60))}")
    return " ".join(filter(None, [of, *words]))


def unit_word(unit: str) -> str:
    """The word that wants a unit's lines; empty: its name can't be typed."""
    return "" if any(blank in unit for blank in " \t") else f"unit:{unit}"


def rule_words(rule: WatchRule) -> str:
    """The words that show the lines that a watch rule means. Those of the kernel stand in the
    host's own log: where there is no journal, its ring may be closed to the account.
    """
    shown = "/" + _SLASH.sub(lambda found: found[1] or r"\/", rule.pattern) + "/"
    place, name = rule.sources[0].place, rule.sources[0].name
    if '"' in name:  # it can't be typed
        return shown
    name = f'"{name}"' if " " in name else name
    if len(rule.sources) > 1 or place not in (LogPlace.FILE, LogPlace.UNIT):
        return shown
    return f"{'file' if place is LogPlace.FILE else 'unit'}:{name} {shown}"


def typed(at: float) -> str:
    """A moment, in seconds since 1970, as it is typed."""
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.localtime(at))
