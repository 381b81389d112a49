"""How checks with limits judge and word a share: one place, so that all say it alike."""

from __future__ import annotations

from collections.abc import Callable

from opsdash.core.health import Health
from opsdash.core.plugin import Inquiry
from opsdash.core.text import clean_label, middle, percent
from opsdash.core.thresholds import level, level_below, limit_crossed

NAME_WIDTH = 32
"""Characters that a mount's or a unit's name gets in a summary: figure and limit must fit too."""


def crossed(
    inquiry: Inquiry,
    value: float,
    *,
    subject: str = "",
    margin: float,
    word: Callable[[float], str] = percent,
) -> tuple[Health, str] | None:
    """How bad a value is (a share of 0 to 1, if `word` does not say it otherwise), and the limit
    in words; None while it is fine.

    A state is left only when the value has come back by `margin` below the limit.
    """
    lowest = inquiry.limits.crit if inquiry.limits.warn is None else inquiry.limits.warn
    if lowest is None or value < lowest - margin:
        return None  # far from any limit, as nearly always: this runs with every pulse
    health = level(value, inquiry.limits, inquiry.before(clean_label(subject)), margin=margin)
    return _worded(inquiry, health, word)


def fallen(
    inquiry: Inquiry,
    value: float,
    *,
    subject: str = "",
    margin: float,
    word: Callable[[float], str],
) -> tuple[Health, str] | None:
    """crossed() for values of which less is worse."""
    before = inquiry.before(clean_label(subject))
    return _worded(inquiry, level_below(value, inquiry.limits, before, margin=margin), word)


def _worded(
    inquiry: Inquiry, health: Health, word: Callable[[float], str]
) -> tuple[Health, str] | None:
    limit = limit_crossed(health, inquiry.limits)
    if health is Health.OK or limit is None:
        return None
    return health, f"limit {word(limit)}"


def plain(value: float) -> str:
    """A number without more digits than it needs: ``5``, ``0.1``."""
    return f"{value:g}"


def fine_percent(ratio: float) -> str:
    """A small share of 0 to 1 in percent with two digits: ``0.12%``, ``3.1%``, ``42%``."""
    return f"{ratio * 100:.0f}%" if ratio >= 0.0995 else f"{ratio * 100:.2g}%"


def short(name: str) -> str:
    """A mount or unit short enough for a summary, its middle left out."""
    return middle(clean_label(name), NAME_WIDTH)
