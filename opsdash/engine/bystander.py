"""A session while another program polls: it shows what that one stores, and says who it is."""

from __future__ import annotations

import asyncio
import os
import platform
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from time import monotonic

from opsdash.config.person import user_name
from opsdash.core.discover import checks
from opsdash.core.fleet import Fleet
from opsdash.core.holder import Holder, Role
from opsdash.core.snapshot import Snapshot
from opsdash.engine.last_known import LastKnown
from opsdash.engine.rewind import Rewind, clock_words
from opsdash.engine.state import State
from opsdash.store.store import Store

RECALL_S = 2.0
"""How often it is looked at what another one has stored."""

REST = 10
"""It rests so many times longer than it looks."""

SILENT_S = 5.0
"""A holder that has shown no life for so long is said to hang."""


class Bystander:
    """`shown` is what is known from others; it goes on being shown until hosts answer us."""

    def __init__(
        self, state: State, store: Store, fleet: Callable[[], Fleet], clock: Callable[[], float]
    ) -> None:
        self._state = state
        self._fleet = fleet
        self._clock = clock
        self._rewind = Rewind(store, fleet, checks())
        self._moment: Snapshot | None = None
        self.shown = LastKnown()
        self.polled_by = ""
        self._notice = ""
        self._others = ""
        self._task: asyncio.Task[None] | None = None

    def stand_by(self, role: Role, holder: Holder, silent_s: float) -> None:
        """Another polls, and has shown no life for so many seconds."""
        self.polled_by = holder.words(host_name())
        self._others = holder.fleet if holder.role is Role.WATCH else ""
        self._say(_words(holder, role, self.polled_by, silent_s))
        if self._task is None and role is Role.SCREEN:
            self._task = asyncio.create_task(self._recall(), name="bystander")

    async def end(self) -> None:
        """Nobody else polls any more."""
        task, self._task = self._task, None
        self.polled_by, self._moment = "", None
        self._say("")
        if self._others not in ("", self._fleet().source):
            self._state.notice(f"meanwhile nobody watches {self._others}: the watch stands by")
        self._others = ""
        if task is not None:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        self.shown.keep_known()

    def over(self, snapshot: Snapshot) -> Snapshot:
        """The fleet with what is known from others, and who they are."""
        moment, snapshot = self._moment, self.shown.over(snapshot)
        if moment is None:
            return replace(snapshot, polled_by=self.polled_by) if self.polled_by else snapshot
        notices = dict.fromkeys((*snapshot.notices, *moment.notices))
        return replace(
            snapshot, polled_by=self.polled_by, notices=tuple(notices), changes=moment.changes
        )

    async def _recall(self) -> None:
        while True:
            began = monotonic()
            self._moment = moment = await self._rewind.at(self._clock())
            self.shown.take(moment.hosts)
            self._state.blank()
            await asyncio.sleep(max(RECALL_S, REST * (monotonic() - began)))

    def _say(self, text: str) -> None:
        if text == self._notice:
            return
        if self._notice:
            self._state.withdraw(self._notice)
        if text:
            self._state.notice(text)
        self._notice = text


def _words(holder: Holder, role: Role, who: str, silent_s: float) -> str:
    """What a person must know of it, and can do."""
    if silent_s >= SILENT_S:
        return f"{who} does not move: kill -9 {holder.pid} ends it, or wait until it is taken over"
    if holder.role is Role.WATCH and role is Role.SCREEN:
        return f"taking the polling over from {who}: shown is what it has stored"
    since = clock_words(holder.since)
    if role is Role.WATCH:
        return f"{who} polls since {since}: this watch stands by until it ends"
    return f"{who} polls since {since}: this shows what it stores"


def host_name() -> str:
    """This machine, as others that share the store know it."""
    return platform.node() or "localhost"


def own_holder(role: Role, since: float, fleet: str) -> Holder:
    """What this program is to others."""
    return Holder(os.getpid(), role, user_name(), host_name(), since, fleet)
