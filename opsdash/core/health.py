"""How well a host is: five states in order, the worst of several wins."""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum


class Health(IntEnum):
    """Ordered from best to worst, so that ``max()`` is the worst. UNKNOWN is never green."""

    OK = 0
    UNKNOWN = 1
    WARN = 2
    CRIT = 3
    DOWN = 4


def worst(healths: Iterable[Health]) -> Health:
    """The worst of all given; OK when none is given."""
    return max(healths, default=Health.OK)


def exit_code(healths: Iterable[Health]) -> int:
    """What a reading command exits with: 2 for CRIT or DOWN, 1 WARN, 3 UNKNOWN, 0 all OK."""
    match worst(healths):
        case Health.CRIT | Health.DOWN:
            return 2
        case Health.WARN:
            return 1
        case Health.UNKNOWN:
            return 3
        case Health.OK:
            return 0
