"""Whether it is the clock of this machine that is wrong, and not those of all hosts."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

from opsdash.core.clock_offset import clock_ahead_s
from opsdash.core.snapshot import LinkState
from opsdash.core.text import duration
from opsdash.engine.state import State

LOG = logging.getLogger(__name__)

EVERY_S = 10.0
FEWEST = 3
"""Fewer hosts than this may well be wrong all alike: set by one hand, or on one machine."""

MOST = 0.8
"""This share of the hosts must say the same."""

OFF_S = 5.0
ALIKE_S = 2.0


@dataclass
class OwnClock:
    """Looked at now and then; `clock` is steady, `jump_s` how far the wall clock is ahead of it."""

    state: State
    clock: Callable[[], float]
    jump_s: Callable[[], float]
    _due_at: float = 0.0
    _said: tuple[float, str] | None = None

    def look(self) -> None:
        """Tell the state what clocks are to be held against, and the user if that is not ours."""
        if self.clock() < self._due_at:
            return
        self._due_at = self.clock() + EVERY_S
        jump_s = self.jump_s()
        hosts = self.state.snapshot().hosts.values()
        heard = [clock_ahead_s(host) for host in hosts if host.link.state is LinkState.UP]
        ahead_s = [one - jump_s for one in heard if one is not None]
        common_s = _in_common(ahead_s)
        self.state.clock_ahead_s = -(jump_s + common_s)
        self._say(common_s, ahead_s)

    def _say(self, common_s: float, ahead_s: Sequence[float]) -> None:
        if self._said is not None and abs(self._said[0] - common_s) > ALIKE_S:
            self.state.withdraw(self._said[1])
            self._said = None
        if common_s and self._said is None:
            alike = sum(abs(one - common_s) <= ALIKE_S for one in ahead_s)
            way = "behind" if common_s > 0 else "ahead"
            text = (
                f"is this machine's clock {duration(abs(common_s))} {way}? "
                f"{alike} of {len(ahead_s)} hosts say so: theirs are held against each other"
            )
            LOG.warning("%s", text)
            self.state.notice(text)
            self._said = (common_s, text)


def _in_common(ahead_s: Sequence[float]) -> float:
    """By how much nearly all hosts are ahead of this machine; 0 where they do not agree on it."""
    if len(ahead_s) < FEWEST:
        return 0.0
    middle = median(ahead_s)
    alike = sum(abs(one - middle) <= ALIKE_S for one in ahead_s)
    enough = alike >= max(FEWEST, MOST * len(ahead_s))
    return middle if enough and abs(middle) >= OFF_S else 0.0
