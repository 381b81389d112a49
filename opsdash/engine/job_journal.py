"""Where a job is written down while it runs."""

from __future__ import annotations

from typing import Protocol

from opsdash.core.job import HostRun, Job


class JobJournal(Protocol):
    """Where a job is written down, so that a crash loses nothing. All of it may raise OSError: it
    can't be written.
    """

    async def begin(self, job: Job) -> None:
        """The plan, and the hosts as far as they have come. BlockingIOError: another runs it."""
        ...

    async def run(self, run: HostRun) -> None:
        """Return when it is on disk for good that a host has come so far."""
        ...

    async def end(self, job: Job) -> None:
        """How it ended; nothing is written after that."""
        ...


class NoJournal:
    """The journal of a job that is not remembered."""

    async def begin(self, job: Job) -> None:
        """Nothing is written."""

    async def run(self, run: HostRun) -> None:
        """Nothing is written."""

    async def end(self, job: Job) -> None:
        """Nothing is written."""
