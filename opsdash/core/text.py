"""Text that a host sent, made safe to show; and numbers made short enough to read."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches
from functools import lru_cache

LINE_LIMIT = 4096
"""Characters that clean() keeps of one text unless told otherwise."""

_ESCAPES = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # CSI: colours, cursor moves, clear screen
    r"|\x1b[\]PX^_].*?(?:\x07|\x1b\\|\x9c|$)"  # OSC, DCS, SOS, PM, APC with their payload
    r"|\x1b[ -/]*[0-~]",  # two-character escapes
    re.DOTALL,
)
_FORBIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f"  # C0 except tab and newline, DEL, C1
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # bidi marks, overrides, isolates
    "\u2028\u2029\ufeff\ud800-\udfff]"  # line separators, BOM, lone surrogates
)


def clean(text: str, limit: int = LINE_LIMIT) -> str:
    """Remote text without anything that a terminal would obey.

    Drops escape sequences with their payload, control characters except tab and newline, and
    bidirectional overrides; caps the length at `limit` characters and marks the cut with an
    ellipsis. Cleaning twice changes nothing.
    """
    if text.isprintable() and len(text) <= limit:
        return text
    text = text[: limit * 4]
    text = _FORBIDDEN.sub("", _ESCAPES.sub("", text))
    return text if len(text) <= limit else text[: limit - 1] + "…"


def clean_line(text: str, limit: int = LINE_LIMIT) -> str:
    """clean(), with newlines and tabs turned into single spaces: for cells and sentences."""
    if text.isprintable() and len(text) <= limit:
        return text
    return " ".join(clean(text, limit * 2).split())[:limit].rstrip()


@lru_cache(maxsize=8192)
def clean_label(text: str) -> str:
    """clean_line() for names that repeat with every sample: interfaces, disks, mounts."""
    return clean_line(text, 256)


def shorten(text: str, width: int) -> str:
    """`text` in at most `width` characters, the cut marked with an ellipsis."""
    if len(text) <= width:
        return text
    return text[: max(0, width - 1)] + "…" if width > 0 else ""


def middle(text: str, width: int) -> str:
    """`text` in at most `width` characters with its middle left out: paths, unit names."""
    if len(text) <= width:
        return text
    head = (width - 1) // 2
    tail = width - 1 - head
    return f"{text[:head]}…{text[len(text) - tail :]}" if width > 1 else text[: max(0, width)]


_UNITS = ("B", "K", "M", "G", "T", "P", "E")


def size(count: float) -> str:
    """Bytes in powers of 1024, at most five characters: ``812B``, ``9.8G``, ``512M``."""
    value = float(count)
    for unit in _UNITS:
        if abs(value) < 999.5 or unit == _UNITS[-1]:
            short = f"{value:.1f}" if abs(value) < 9.95 and unit != "B" else f"{value:.0f}"
            return short + unit
        value /= 1024
    raise AssertionError("unreachable: the last unit always returns")


def percent(ratio: float) -> str:
    """A ratio of 0 to 1 as whole percent; 99.6 % is not yet 100 %."""
    value = ratio * 100
    return f"{99 if 99 < value < 100 else value:.0f}%"


def duration(seconds: float) -> str:
    """A time span in its largest unit, at most four characters: ``2s``, ``6m``, ``81d``."""
    seconds = max(0.0, seconds)
    if seconds < 99.5:
        return f"{seconds:.0f}s"
    if seconds < 99.5 * 60:
        return f"{seconds / 60:.0f}m"
    if seconds < 99.5 * 3600:
        return f"{seconds / 3600:.0f}h"
    days = seconds / 86400
    return f"{days:.0f}d" if days < 999.5 else f"{days / 365.25:.0f}y"


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`` (did you mean X?)`` when something known looks like the word, else nothing."""
    return _did_you_mean(word, frozenset(known))


@lru_cache(maxsize=256)  # the same mistake on 10,000 hosts is looked up once
def _did_you_mean(word: str, known: frozenset[str]) -> str:
    near = get_close_matches(word, sorted(known), n=1)
    return f" (did you mean {near[0]}?)" if near else ""


def count(number: int, noun: str, plural: str = "") -> str:
    """``1 host``, ``3 hosts``, ``2 processes``."""
    return f"{number} {noun}" if number == 1 else f"{number} {plural or noun + 's'}"
