"""What everything that runs by itself needs besides hosts: time and chance."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rhythm:
    """The time, how far the wall clock was set meanwhile, and chance; all replaced in tests."""

    clock: Callable[[], float]
    random: Callable[[], float] = random.random
    jump_s: Callable[[], float] = lambda: 0.0
