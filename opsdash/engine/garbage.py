"""How seldom Python looks for dead cycles while a fleet is watched."""

from __future__ import annotations

import gc

GARBAGE_AFTER = (10_000, 20, 20)
"""A sample makes hundreds of objects and no cycle. With Python's own figures the search is a
twentieth of all work, and a pause of 0.1 s with a thousand hosts."""


def seldom_collect() -> None:
    """From now on look seldom, and never at what is loaded by now: that stays loaded."""
    gc.freeze()
    gc.set_threshold(*GARBAGE_AFTER)
