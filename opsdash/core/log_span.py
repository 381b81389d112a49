"""The words that open the logs of a time, as the page of logs understands them."""

from __future__ import annotations

import time

AROUND_S = 600.0
"""So long before something began its cause may stand in a log."""

MOST_S = 24 * 3600.0
"""Further back nothing is read at once: it could be millions of lines."""


def log_words(since: float, now: float, *, until: float | None = None, unit: str = "") -> str:
    """``unit:nginx.service since:2026-11-28T13:40 until:…``: from a while before a moment (seconds
    since 1970) on, of a service if it is about one.
    """
    begin = max(since - AROUND_S, now - MOST_S)
    words = [f"since:{typed(begin)}"]
    if until is not None and until + AROUND_S < now:
        words.append(f"until:{typed(max(until + AROUND_S, begin + 60))}")
    if unit and not any(blank in unit for blank in " \t"):
        words.insert(0, f"unit:{unit}")
    return " ".join(words)


def typed(at: float) -> str:
    """A moment, in seconds since 1970, as it is typed."""
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.localtime(at))
