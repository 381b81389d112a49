"""Runbooks for tests of screens: real walks, whose looks give what a test says."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from opsdash.config.runbook_files import Books
from opsdash.core.job import HostRun, Job, JobState, Result, RunState
from opsdash.core.jobs import Jobs
from opsdash.core.plan import Plan
from opsdash.core.runbook import Runbook
from opsdash.core.snapshot import Snapshot
from opsdash.engine.runbook_walk import Ground
from opsdash.engine.walk_desk import WalkDesk


@dataclass
class KeptFiles:
    """Runbooks' files that a test has put in."""

    books: Books = field(default_factory=Books)
    saved: bool = True

    def read(self) -> Books:
        """As they are now."""
        self.saved = False
        return self.books

    def changed(self) -> bool:
        """Whether the test has put in others."""
        return self.saved

    def put(self, *books: Runbook) -> None:
        """These are there now."""
        self.books, self.saved = Books({one.id: one for one in books}), True


@dataclass
class KeptLooks:
    """What each look gives, by its words: its output, or why it is not made; others wait."""

    says: dict[str, Result | str] = field(default_factory=dict)
    looked: list[str] = field(default_factory=list)

    async def look(self, plan: Plan) -> Job:
        """One look."""
        (one,) = plan.hosts
        self.looked.append(plan.title)
        await asyncio.sleep(0)
        said = self.says.get(plan.title)
        if said is None:
            await asyncio.Event().wait()
        if isinstance(said, Result):
            run = HostRun(one.host, RunState.DONE, (said,))
        else:
            run = HostRun(one.host, RunState.UNREACHABLE, (), said or "")
        return Job(plan, {one.host: run}, JobState.FINISHED)


def kept_walks(
    files: KeptFiles, looks: KeptLooks, source: Callable[[], tuple[Jobs, Snapshot]], at: float
) -> WalkDesk:
    """Walks over a made fleet; nobody waits between two looks."""

    async def pause(seconds: float) -> None:
        await asyncio.sleep(0)

    ground = Ground(looks.look, lambda: at, "eve", pause)
    return WalkDesk(ground, lambda: source()[0], lambda: source()[1], files)
