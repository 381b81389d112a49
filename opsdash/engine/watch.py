"""The fleet watched without a screen, in the foreground, until it is told to end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from opsdash.config.fleet_files import FleetFiles
from opsdash.core.clock import now
from opsdash.core.errors import OpsdashError
from opsdash.core.holder import Holder, Role
from opsdash.core.text import count, duration
from opsdash.engine.bystander import host_name, own_holder
from opsdash.engine.declared import DeclaredFleet
from opsdash.engine.session import Session
from opsdash.engine.surroundings import Surroundings
from opsdash.store.lease import Lease
from opsdash.transport.notify import Notifier

TURN_S = 1.0
FILES_EVERY = 2
"""Turns after which the files of the fleet are looked at."""

SET_S = 5.0
"""A wall clock that was set by more than this is followed: a watch may outlive many such."""

TRIES, TRY_S = 5, 0.1
"""Somebody who just looks at the lock holds it for a moment."""


class AnotherWatches(OpsdashError):
    """There is a watch for this store already."""

    def __init__(self, other: Holder) -> None:
        super().__init__(f"{other.words(host_name())} watches already, and resumes by itself")
        self.hint = f"there is one watch per store: end that one first (kill {other.pid})"


@dataclass(frozen=True, slots=True)
class Outside:
    """Whom a watch speaks to: `say` gets what a person should read, the notifier is systemd's;
    `set_clock` lets the watch's own clock go by the wall again.
    """

    say: Callable[[str], None]
    notifier: Notifier
    set_clock: Callable[[], None] = now.set


class Watch:
    """A session that follows its files, asks nobody, and stands by while a screen polls."""

    def __init__(self, files: FleetFiles, around: Surroundings, outside: Outside) -> None:
        self._files = files
        self._around = around
        self._outside = outside
        self._lease = Lease(around.state_dir / "watch.lock")
        self._status = ""
        self._notices: tuple[str, ...] = ()

    async def run(self, told_to_end: asyncio.Event) -> None:
        """Watch until it is told to end. AnotherWatches; ConfigError if the files are wrong."""
        fleet = await asyncio.to_thread(self._files.read)
        await self._only_one(fleet.source)
        try:
            while not told_to_end.is_set():
                async with Session(fleet, self._around) as session:
                    self._tell(session)
                    await self._go_on(session, told_to_end)
                    if told_to_end.is_set():
                        self._outside.notifier.stopping()
                    fleet = session.fleet
                self._outside.set_clock()
        finally:
            self._lease.release()

    async def _only_one(self, fleet: str) -> None:
        me = own_holder(Role.WATCH, self._around.clock(), fleet)
        with suppress(OSError):  # where no lock can be had, the store says what is wrong
            for _ in range(TRIES):
                if await asyncio.to_thread(self._lease.take, me):
                    return
                await asyncio.sleep(TRY_S)
            other = await asyncio.to_thread(self._lease.holder)
            if other is not None:
                raise AnotherWatches(other)

    async def _go_on(self, session: Session, told_to_end: asyncio.Event) -> None:
        """Until it is told to end, or the clock here was set: all that has an age begins anew."""
        declared = DeclaredFleet(session, self._files)
        turn, turn_s = 0, min(TURN_S, (self._outside.notifier.watchdog_s or TURN_S) / 3)
        set_s = 0.0
        while not told_to_end.is_set() and abs(set_s) < SET_S:
            self._outside.notifier.alive()
            with suppress(TimeoutError):
                async with asyncio.timeout(turn_s):
                    await told_to_end.wait()
            turn += 1
            if turn % FILES_EVERY == 0 and (said := await declared.heed()):
                self._outside.say(": ".join((said, *declared.faults[:3])))
            self._tell(session)
            set_s = self._around.jump_s()
        if abs(set_s) >= SET_S:
            way = "forward" if set_s > 0 else "back"
            self._outside.say(
                f"the clock here was set {way} by {duration(abs(set_s))}: begins anew"
            )

    def _tell(self, session: Session) -> None:
        """How it goes to systemd, and what is new about the program itself to the reader."""
        snapshot = session.snapshot()
        for notice in snapshot.notices:
            if notice not in self._notices:
                self._outside.say(notice)
        self._notices = snapshot.notices
        healths = [f"{n} {one.name}" for one, n in snapshot.counts().items() if n]
        polls = f"polls {count(len(snapshot.hosts), 'host')}: {', '.join(healths)}"
        status = f"stands by: {snapshot.polled_by} polls" if snapshot.polled_by else polls
        if not self._status:
            self._outside.notifier.ready(status)
        elif status != self._status:
            self._outside.notifier.status(status)
        self._status = status
