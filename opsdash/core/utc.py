"""Moments as documents for programs have them: ISO 8601, in UTC."""

from __future__ import annotations

from datetime import UTC, datetime


def utc(at: float, precision: str = "seconds") -> str:
    """``2026-11-28T13:50:20+00:00`` for seconds since 1970; `precision` is ``seconds``,
    ``milliseconds`` or ``microseconds``.
    """
    return datetime.fromtimestamp(at, UTC).isoformat(timespec=precision)


def utc_if_known(at: float | None, precision: str = "seconds") -> str | None:
    """The same; None for a moment that is not known, or that no calendar has: a host told it."""
    if at is None:
        return None
    try:
        return utc(at, precision)
    except (OverflowError, OSError, ValueError):
        return None
