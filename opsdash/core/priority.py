"""How bad a log line is: syslog's eight priorities, 0 the worst."""

from __future__ import annotations

PRIORITIES = ("emerg", "alert", "crit", "err", "warning", "notice", "info", "debug")
"""Their names, each at the place of its number."""

ERR, WARNING, INFO = 3, 4, 6

_ALSO = {
    "panic": 0,
    "emergency": 0,
    "critical": 2,
    "error": 3,
    "errors": 3,
    "warn": 4,
    "warnings": 4,
    "information": 6,
}


_LETTERS = "CCCEWNID"


def letter(priority: int | None) -> str:
    """One letter: C critical and worse, E, W, N, I, D; ``-`` where the line tells none."""
    return "-" if priority is None else _LETTERS[priority]


def priority_of(name: str) -> int:
    """The number of a priority, which is given by its name or by itself; ValueError."""
    text = name.lower()
    if text.isascii() and text.isdigit() and int(text) < len(PRIORITIES):
        return int(text)
    if text in PRIORITIES:
        return PRIORITIES.index(text)
    if text in _ALSO:
        return _ALSO[text]
    raise ValueError(f"{name!r} is no priority: {', '.join(PRIORITIES)}")
