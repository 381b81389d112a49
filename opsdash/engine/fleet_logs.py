"""Logs of many hosts as one stream, in the order of time: read once, or followed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from types import TracebackType

from opsdash.core.clock import now
from opsdash.core.host import Host
from opsdash.core.log_record import LogEntry, LogNotice, LogQuery
from opsdash.core.log_state import LogState
from opsdash.engine.fleet_hands import FleetHands
from opsdash.engine.log_merger import Merger
from opsdash.engine.log_reader import Desk, HostReader

TICK_S = 0.1
"""How often it is looked what may be given out: that is ten times a second for 200 hosts, not once
for each line."""


class FleetLogs:
    """The logs of these hosts, as far as a query wants them, from the block's begin to its end."""

    def __init__(
        self,
        hosts: Sequence[Host],
        hands: FleetHands,
        query: LogQuery,
        clock: Callable[[], float] = now,
    ) -> None:
        self._merger = Merger(clock)
        self._notices: list[LogNotice] = []
        self._told: set[LogNotice] = set()
        self._untold = False
        self._desk = Desk(query, hands, self._merger, clock, self._tell)
        self._desk.heard.set()
        self._readers = {host.name: HostReader(host, self._desk) for host in hosts}
        self._tasks: list[asyncio.Task[None]] = []
        self._ending: set[asyncio.Task[None]] = set()
        self._resting = False

    def _tell(self, notice: LogNotice) -> None:
        if notice not in self._told:
            self._told.add(notice)
            self._notices.append(notice)
            self._untold = True
            self._desk.news.set()

    async def __aenter__(self) -> FleetLogs:
        """Begin to read."""
        self._tasks = [
            asyncio.create_task(reader.run(), name=f"logs of {name}")
            for name, reader in self._readers.items()
        ]
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """End it; nothing that it started is left on any host."""
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait({*self._tasks, *self._ending})

    def pause(self) -> None:
        """Take nothing from the hosts for now: they have to wait, and nothing is lost."""
        self._desk.heard.clear()

    def resume(self) -> None:
        """Go on."""
        self._desk.heard.set()

    def rest(self) -> None:
        """Let go of the hosts: nothing of this is left on them. Those that are read to their end
        are not begun again.
        """
        self._resting = True
        for task in self._tasks:
            task.cancel()

    def wake(self) -> None:
        """Go on where each was left."""
        self._resting = False
        readers = zip(self._tasks, self._readers.items(), strict=True)
        self._tasks = [self._woken(task, name, reader) for task, (name, reader) in readers]
        self._desk.news.set()

    def _woken(self, task: asyncio.Task[None], name: str, reader: HostReader) -> asyncio.Task[None]:
        if task.done() and not task.cancelled():
            return task
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)
        return asyncio.create_task(_once_more(task, reader), name=f"logs of {name}")

    def states(self) -> list[LogState]:
        """How each host stands."""
        return [reader.state for reader in self._readers.values()]

    def notices(self) -> list[LogNotice]:
        """What has to be said, each once; those that were taken before are not among them."""
        taken, self._notices = self._notices, []
        return taken

    async def batches(self) -> AsyncGenerator[list[LogEntry], None]:
        """The lines in their order, some at a time, and an empty batch where there are notices
        alone; until all hosts are read.
        """
        while True:
            self._raise_bugs()
            over = self._all_read()
            batch = self._merger.take()
            self._desk.moved.set()
            if batch or self._untold:
                self._untold = False
                yield batch
                continue
            if over and self._merger.idle:
                return
            await self._wait()

    async def _wait(self) -> None:
        """Until something came; while lines wait for their time, a tick."""
        if self._merger.idle:
            self._desk.news.clear()
            if not self._all_read():
                await self._desk.news.wait()
        await asyncio.sleep(TICK_S)

    def _all_read(self) -> bool:
        return not self._resting and all(task.done() for task in self._tasks)

    def _raise_bugs(self) -> None:
        for task in self._tasks:
            if task.done() and not task.cancelled():
                task.result()


async def _once_more(before: asyncio.Task[None], reader: HostReader) -> None:
    """Read a host again, after the task that was told to let go of it has done so."""
    await asyncio.wait((before,))
    if before.cancelled():
        await reader.run()
    else:
        before.result()
