"""Whose turn it is to poll: one program per store, a screen before a watch, and nobody who hangs.

Two leases lie beside the store. Who polls holds the first; the screen that polls, or waits for it,
holds the second as well, and a watch that sees it held hands the polling over. The kernel lets go
of both when their holder dies; one that hangs loses them after a while, and sees it when it wakes.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import monotonic
from typing import Protocol, TypeVar

from opsdash.core.holder import Holder, Role
from opsdash.store.lease import Lease

T = TypeVar("T")

LOG = logging.getLogger(__name__)

LOOK_S = 0.25
BEAT_S = 2.0
HUNG_S = 15.0
"""A holder that has shown no life for so long hangs: its place is taken."""

FREE_LOOKS = 2
"""A watch takes what is free when it has seen so twice: another screen, if there is one, goes
first, and would only take it away again."""


POLLER, SCREEN = "poller.lock", "screen.lock"


class Work(Protocol):
    """What begins and ends with the turn."""

    async def take_up(self) -> None:
        """It is our turn."""
        ...

    async def hand_over(self, to: Holder | None, *, lost: bool) -> None:
        """It is over; what was learnt is in the store when this returns. `lost`: it was taken from
        us, and another one writes by now.
        """
        ...

    def stand_by(self, holder: Holder | None, silent_s: float) -> None:
        """Another has it, and has shown no life for so many seconds."""
        ...


class Watched:
    """A lease, and for how long its holder has shown no life; by our own clock, as far as we saw:
    neither a clock that is set nor another machine's matters.
    """

    def __init__(self, path: Path, clock: Callable[[], float]) -> None:
        self.lease = Lease(path)
        self._clock = clock
        self._seen = 0
        self._seen_at = clock()

    def silent_s(self) -> float:
        """Seconds without a sign of life."""
        now, beaten = self._clock(), self.lease.beaten()
        if beaten != self._seen:
            self._seen, self._seen_at = beaten, now
        return now - self._seen_at

    def get(self, me: Holder) -> bool:
        """Hold it, if nobody does or its holder hangs."""
        silent_s = self.silent_s()
        if self.lease.take(me):
            return True
        if silent_s < HUNG_S:
            return False
        LOG.warning("taken from %s, silent for %.0f s", self.lease.holder(), silent_s)
        return self.lease.seize(me)

    def waiting(self) -> Holder | None:
        """Who holds it, unless they hang; None: nobody who matters."""
        holder = self.lease.holder()
        if holder is None:
            self._seen = 0
            return None
        return holder if self.silent_s() < HUNG_S else None


class Turns:
    """Has `work` begin when it is our turn, and end when it is another's; a folder that takes no
    locks makes it our turn for good.
    """

    def __init__(
        self, folder: Path, me: Holder, work: Work, clock: Callable[[], float] = monotonic
    ) -> None:
        self._me = me
        self._work = work
        self._clock = clock
        self._poller = Watched(folder / POLLER, clock)
        self._screen = Watched(folder / SCREEN, clock)
        self._free = 0
        self._beaten_at = float("-inf")
        self._locks = True
        self._stopped = False
        self._looking = asyncio.Lock()
        # its own: resolvers that hang fill the loop's, and who does not beat seems to hang
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="opsdash-turns")
        self._task: asyncio.Task[None] | None = None
        self.ours = False
        self.died_at: float | None = None
        self._folder = folder

    async def start(self, ended: Callable[[asyncio.Task[None]], None]) -> None:
        """Take the turn at once if it is free; `ended` hears of a bug that ends all this.
        `died_at` is known from then on.
        """
        self.died_at = await died_at(self._folder)
        await self._look()
        self._task = asyncio.create_task(self._run(), name="turns")
        self._task.add_done_callback(ended)

    async def stop(self) -> None:
        """Wait for no turn any more, and end the one that there is; twice is once."""
        if self._stopped:
            return
        self._stopped = True
        task, self._task = self._task, None
        if task is not None:
            async with self._looking:  # what has begun is brought to its end
                task.cancel()
            await asyncio.wait([task])
        if self.ours:
            await self._end(None)
        await self._run_in_thread(self._screen.lease.release)
        self._thread.shutdown(wait=False)

    @property
    def lost(self) -> bool:
        """Whether the turn was taken from us, and we may not know yet."""
        return self._locks and not self._poller.lease.held

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(LOOK_S)
            async with self._looking:
                await self._look()

    async def _look(self) -> None:
        """What is new: it may be our turn, or no longer."""
        if not self._locks:
            return
        try:
            if self.ours:
                await self._heed()
            elif await self._run_in_thread(self._get):
                self.ours = True
                await self._work.take_up()
            else:
                self._work.stand_by(*await self._run_in_thread(self._holder))
        except OSError as error:
            await self._do_without(error)

    async def _heed(self) -> None:
        if await self._run_in_thread(lambda: self.lost):
            LOG.warning("the polling was taken from us: this process did not move for a while")
            await self._end(await self._run_in_thread(self._poller.lease.holder))
        elif self._me.role is Role.WATCH and (other := await self._run_in_thread(self._wanted)):
            await self._end(other)
        else:
            await self._run_in_thread(self._beat)

    async def _end(self, to: Holder | None) -> None:
        self.ours, lost = False, self.lost
        try:
            await self._work.hand_over(to, lost=lost)
        finally:
            self._free = 0
            await self._run_in_thread(self._poller.lease.release)

    async def _do_without(self, error: OSError) -> None:
        """No locks can be had: rather polled twice than not at all."""
        LOG.warning("no lock can be had, another opsdash would poll too: %s", error)
        self._locks = False
        if not self.ours:
            self.ours = True
            await self._work.take_up()

    async def _run_in_thread(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    # -- in a thread: a folder may hang ---------------------------------------------------------

    def _get(self) -> bool:
        self._beat()
        if self._me.role is Role.SCREEN:
            return self._screen.get(self._me) and self._poller.get(self._me)
        if self._wanted() is not None:
            self._free = 0
            return False
        if self._poller.waiting() is None:
            self._free += 1
        return self._free >= FREE_LOOKS and self._poller.get(self._me)

    def _wanted(self) -> Holder | None:
        """The screen that wants to poll."""
        return self._screen.waiting()

    def _holder(self) -> tuple[Holder | None, float]:
        return self._poller.lease.holder() or self._wanted(), self._poller.silent_s()

    def _beat(self) -> None:
        now = self._clock()
        if now - self._beaten_at >= BEAT_S:
            self._beaten_at = now
            for one in (self._poller, self._screen):
                one.lease.beat()


async def somebody_polls(folder: Path, fleet: str) -> bool:
    """Whether somebody polls the hosts of this file, for whoever only looks."""
    try:
        holder = await asyncio.to_thread(Lease(folder / POLLER).holder)
    except OSError:
        return False
    return holder is not None and holder.fleet == fleet


async def died_at(folder: Path) -> float | None:
    """When the last program that polled gave its last sign of life, in seconds since 1970; None:
    one polls now, or none ever did.
    """
    lease = Lease(folder / POLLER)

    def look() -> float | None:
        if lease.holder() is not None:
            return None
        try:
            return (folder / POLLER).stat().st_mtime
        except FileNotFoundError:
            return None

    try:
        return await asyncio.to_thread(look)
    except OSError:
        return None
