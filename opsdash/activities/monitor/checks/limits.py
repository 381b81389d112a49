"""How checks with limits judge and word a share: one place, so that all say it alike."""

from __future__ import annotations

from opsdash.core.health import Health
from opsdash.core.plugin import Inquiry
from opsdash.core.text import clean_label, middle, percent
from opsdash.core.thresholds import level, limit_crossed

NAME_WIDTH = 32
"""Characters that a mount's or a unit's name gets in a summary: figure and limit must fit too."""


def crossed(
    inquiry: Inquiry, ratio: float, *, subject: str = "", margin: float
) -> tuple[Health, str] | None:
    """How bad a share of 0 to 1 is, and the limit in words; None while it is fine.

    A state is left only when the share has come back by `margin` below the limit.
    """
    health = level(ratio, inquiry.limits, inquiry.before(clean_label(subject)), margin=margin)
    limit = limit_crossed(health, inquiry.limits)
    if health is Health.OK or limit is None:
        return None
    return health, f"limit {percent(limit)}"


def short(name: str) -> str:
    """A mount or unit short enough for a summary, its middle left out."""
    return middle(clean_label(name), NAME_WIDTH)
