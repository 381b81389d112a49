"""Seconds since 1970 that neither jump when somebody sets the clock nor stand still in a suspend.

Ages, holds and since-times are differences: on a clock that jumps, a dead host would look fresh for
an hour, or every hold be over at once. So the wall is read once, and from then on what has elapsed.
"""

from __future__ import annotations

import time
from collections.abc import Callable


def _elapsed_s() -> float:
    """Seconds since the boot, those of a suspend included where the system counts them."""
    boottime = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if boottime is None else time.clock_gettime(boottime)


class SteadyClock:
    """Called, it gives the time; `jump_s` tells how far the wall clock has been set since."""

    def __init__(
        self, wall: Callable[[], float] = time.time, elapsed_s: Callable[[], float] = _elapsed_s
    ) -> None:
        self._wall = wall
        self._elapsed_s = elapsed_s
        self.set()

    def set(self) -> None:
        """Go by the wall clock as it is now: for a time at which nothing has an age."""
        self._origin = self._wall() - self._elapsed_s()

    def __call__(self) -> float:
        """Seconds since 1970, as the wall clock would say if nobody had set it meanwhile."""
        return self._origin + self._elapsed_s()

    def jump_s(self) -> float:
        """Seconds by which the wall clock is ahead of this one; negative: behind."""
        return self._wall() - self()


now = SteadyClock()
"""The one clock of a run: whatever has an age takes its time from here."""
