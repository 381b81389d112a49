"""What happens to this machine while it watches others: its clock is set, or it sleeps."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field

from opsdash.core.text import duration
from opsdash.engine.state import State

LOG = logging.getLogger(__name__)

JUMP_S = 5.0
"""A clock that is set by less than this is being corrected, and nobody has to know."""

SLEPT_S = 10.0
"""A look that is due every second and comes so late was not late: this program did not run."""

GRACE_S = 15.0
"""After a sleep nothing is said of hosts that have not answered yet: nobody has asked them."""

NOTICE_S = 120.0


@dataclass
class OwnMachine:
    """Looked at every second; `clock` is steady, `jump_s` how far the wall clock is off it."""

    state: State
    clock: Callable[[], float]
    jump_s: Callable[[], float]
    _last: float | None = None
    _jumped_s: float = 0.0
    _awake_at: float = -GRACE_S
    _said: dict[str, float] = field(default_factory=dict)

    def look(self) -> bool:
        """Whether this program has just come back from a sleep: everything must be asked anew."""
        now = self.clock()
        slept_s = 0.0 if self._last is None else now - self._last
        self._last = now
        self._heed_jump(now)
        for text in [text for text, at in self._said.items() if now - at > NOTICE_S]:
            del self._said[text]
            self.state.withdraw(text)
        if slept_s < SLEPT_S:
            return False
        self._awake_at = now
        self._say(f"this machine slept for {duration(slept_s)}: every host is asked again", now)
        return True

    @property
    def just_awake(self) -> bool:
        """Whether hosts have not had the time yet to answer after a sleep."""
        return self.clock() - self._awake_at < GRACE_S

    def _heed_jump(self, now: float) -> None:
        jumped_s = self.jump_s()
        by_s = jumped_s - self._jumped_s
        if abs(by_s) < JUMP_S:
            return
        self._jumped_s = jumped_s
        way = "forward" if by_s > 0 else "back"
        text = f"the clock of this machine was set {way} by {duration(abs(by_s))}: ages still hold"
        self._say(text, now)

    def _say(self, text: str, now: float) -> None:
        LOG.warning("%s", text)
        self._said[text] = now
        self.state.notice(text)
