"""Limits with hysteresis: a value that dances round a limit does not make a finding flap."""

from __future__ import annotations

from opsdash.core.health import Health
from opsdash.core.host import Limits

__all__ = ["Limits", "level", "level_below", "limit_crossed"]


def level(value: float, limits: Limits, before: Health, *, margin: float) -> Health:
    """How bad `value` is when higher is worse: OK, WARN or CRIT.

    A state that was reached is left only when the value has come back by `margin` below its limit;
    `before` is the state at the previous value. Both share the value's unit.
    """
    margin = _narrowed(margin, limits)
    if _beyond(value, limits.crit, before >= Health.CRIT, margin):
        return Health.CRIT
    if _beyond(value, limits.warn, before >= Health.WARN, margin):
        return Health.WARN
    return Health.OK


def level_below(value: float, limits: Limits, before: Health, *, margin: float) -> Health:
    """How bad `value` is when lower is worse: at a limit it is still fine, below it is not.

    A state that was reached is left only when the value is `margin` above its limit.
    """
    margin = _narrowed(margin, limits)
    if _below(value, limits.crit, before >= Health.CRIT, margin):
        return Health.CRIT
    if _below(value, limits.warn, before >= Health.WARN, margin):
        return Health.WARN
    return Health.OK


def _narrowed(margin: float, limits: Limits) -> float:
    """A margin that leaves room between the lowest limit and nothing: the user's limits may be
    smaller than the margin that suits the usual ones, and then a state could never be left.
    """
    lowest = min((one for one in (limits.warn, limits.crit) if one is not None), default=0.0)
    return min(margin, max(0.0, lowest / 2))


def _below(value: float, limit: float | None, held: bool, margin: float) -> bool:
    if limit is None:
        return False
    return value < (limit + margin if held else limit)


def _beyond(value: float, limit: float | None, held: bool, margin: float) -> bool:
    if limit is None:
        return False
    return value >= (limit - margin if held else limit)


def limit_crossed(health: Health, limits: Limits) -> float | None:
    """The limit that a value of this health is beyond: for the words of a finding."""
    return limits.crit if health >= Health.CRIT else limits.warn
