"""The framer: when a host's health changes, all that is known of it goes into the store."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from opsdash.core.frame import Frame, frame_of
from opsdash.core.happening import SOURCES
from opsdash.core.health import Health
from opsdash.core.snapshot import HostState
from opsdash.engine.state import State
from opsdash.store.frames import Frames

EVERY_S = 1.0

MOST_AT_ONCE = 10
"""Frames of one second: a whole fleet that changes must not be felt at the keyboard."""

APART_S = 60.0
"""A host whose health changes again and again has a frame a minute, and one with its culprits."""

SUSPECTS = ("top", "ps", "procio", "ports", "containers", *SOURCES)
"""What is asked of a host that got worse, so that its frame shows who did it, and what changed
before: it is known when somebody comes to look, also where the host can't be asked any more.
"""

SUSPECTED_S = 8.0
"""Long enough to be asked once: the lists are made every six seconds and more."""

SUSPECTS_COME_S = 30.0
"""What has not come by then does not come any more."""

SETTLED_S = 20.0
"""After its first judgement a host is given so long to tell the rest."""

ROUTINE_S = 6 * 3600.0
"""A host without any change has a frame so often."""


@dataclass(slots=True)
class Due:
    """A frame that is to be taken at a time: of this state, or of what is known by then. `then` is
    when another one is to follow; a `routine` one is of no change.
    """

    at: float
    state: HostState | None = None
    suspects_since: float | None = None
    then: float | None = None
    routine: bool = False


class Framer:
    """Takes frames of hosts that were judged. `want` asks a host for what is on demand."""

    def __init__(self, state: State, frames: Frames, clock: Callable[[], float]) -> None:
        self._state = state
        self._frames = frames
        self._clock = clock
        self._healths: dict[str, Health] = {}
        self._taken: dict[str, float] = {}
        self._turned: dict[str, float] = {}
        self._due: dict[str, Due] = {}
        self._looked: list[str] = []
        self._runs = False
        self.want: Callable[[str, Iterable[str], float], None] = lambda host, names, for_s: None

    async def begin(self) -> None:
        """A run that lasts begins: recall which frames there are."""
        self._runs = True
        self._taken = await self._frames.times()

    async def run(self) -> None:
        """Take what is due every second, until cancelled."""
        while True:
            await asyncio.sleep(EVERY_S)
            await self.look()

    def judged(self, host: str, health: Health) -> None:
        """A host was judged: another health than before is a frame."""
        before = self._healths.get(host)
        if not self._runs or health is before or (before is None and health is Health.UNKNOWN):
            return
        self._healths[host] = health
        now = self._clock()
        if before is None:
            if health is not Health.OK or self._is_old(host, now):
                self._due.setdefault(host, Due(now + SETTLED_S, routine=True))
            self._suspect(host, health, before)
            return
        since = self._suspect(host, health, before)
        # a frame that was only routine must not put off the one that shows who did it
        soon = self._turned.get(host, 0.0) + APART_S
        if not now < soon <= now + APART_S:
            self._due[host] = Due(now, self._state.host(host), since)
        elif host in self._due:
            self._due[host].then = soon  # the suspects of the change before are still to come
        else:
            self._due[host] = Due(soon, suspects_since=since)

    def _suspect(self, host: str, health: Health, before: Health | None) -> float | None:
        """Ask a host that got worse for its suspects; gives since when."""
        if health in (Health.OK, Health.UNKNOWN, Health.DOWN) or health < (before or Health.OK):
            return None
        self.want(host, SUSPECTS, SUSPECTED_S)
        return self._clock()

    def _is_old(self, host: str, now: float) -> bool:
        """Whether a host has had no frame for long; the clock may have been set back."""
        return not 0 <= now - self._taken.get(host, 0.0) < ROUTINE_S

    async def look(self) -> None:
        """Take what is due."""
        now = self._clock()
        self._routine(now)
        taken: list[tuple[HostState, float]] = []
        for host, due in list(self._due.items()):
            if due.at > now or len(taken) >= MOST_AT_ONCE:
                continue
            if not self._state.knows(host):
                del self._due[host]  # it has left the fleet
            elif due.state is None and self._still_comes(host, due, now):
                continue
            else:
                state = due.state or self._state.host(host)
                taken.append((state, now if due.state is None else due.at))
                self._next(host, due, now)
        await self._save(taken)

    def _next(self, host: str, due: Due, now: float) -> None:
        """One frame is taken; another one follows when the suspects have been told."""
        self._taken[host] = now
        if not due.routine:
            self._turned[host] = now
        if due.state is not None and due.suspects_since is not None:
            self._due[host] = Due(now, None, due.suspects_since, due.then)
        elif due.then is not None:
            self._due[host] = Due(due.then)
        else:
            del self._due[host]

    def _still_comes(self, host: str, due: Due, now: float) -> bool:
        """Whether suspects are still to come."""
        since = due.suspects_since
        if since is None or not 0 <= now - since < SUSPECTS_COME_S:
            return False
        known = self._state.host(host).readings
        return any(name not in known or known[name].at <= since for name in ("top", "ps"))

    def _routine(self, now: float) -> None:
        """A few hosts after another: those that have had no frame for long."""
        if not self._looked:
            self._looked = list(self._healths)
        for host in [self._looked.pop() for _ in range(min(MOST_AT_ONCE, len(self._looked)))]:
            if host not in self._due and self._is_old(host, now):
                self._due[host] = Due(now, routine=True)

    async def finish(self) -> None:
        """The run ends: what is due is taken as it is."""
        due, self._due = self._due, {}
        states = [(one.state, one.at) for one in due.values() if one.state is not None]
        await self._save(states)

    async def _save(self, taken: list[tuple[HostState, float]]) -> None:
        if not taken:
            return

        def make() -> list[Frame]:
            return [frame_of(state, at) for state, at in taken]

        await self._frames.add(await asyncio.to_thread(make))
