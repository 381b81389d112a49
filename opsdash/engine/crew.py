"""A task for each host: begun, ended and buried alone, while those of the others run on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Coroutine

from opsdash.core.host import Host

Work = Coroutine[None, None, None]


class Crew:
    """The tasks of all hosts. `work` goes on until it is cancelled: if it ends it met a bug, and
    what `bury` says is done in its place.
    """

    def __init__(
        self,
        work: Callable[[Host], Work],
        bury: Callable[[Host, BaseException | None], Work],
    ) -> None:
        self._work = work
        self._bury = bury
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def begin(self, host: Host) -> None:
        """Start the work for a host that has none."""
        self._start(host, self._work(host))

    def _start(self, host: Host, work: Work) -> None:
        task = asyncio.create_task(work, name=f"poll {host.name}")
        self._tasks[host.name] = task
        task.add_done_callback(lambda ended: self._ended(host, ended))

    def _ended(self, host: Host, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and self._tasks.get(host.name) is task:
            self._start(host, self._bury(host, task.exception()))

    async def end(self, names: Collection[str] | None = None) -> None:
        """End the work for these hosts (None: for all), and wait until it has ended."""
        gone = [name for name in self._tasks if names is None or name in names]
        tasks = [self._tasks.pop(name) for name in gone]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
