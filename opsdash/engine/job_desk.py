"""The jobs of a session, as screens see them: those of its workshop, and those that are on disk."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence

from opsdash.config.person import user_name
from opsdash.core.action import Action, Arguments, Wish
from opsdash.core.automation import Automated
from opsdash.core.confirm import Asked
from opsdash.core.job import Job, Result
from opsdash.core.plan import Plan, plan_id
from opsdash.core.snapshot import HostState
from opsdash.engine.preparing import planned
from opsdash.engine.workshop import Workshop
from opsdash.store.jobs import JobsError

MOST_REMEMBERED = 100
"""So many jobs of earlier runs are listed, the newest."""


class JobDesk:
    """Begins jobs, and knows all of them."""

    def __init__(self, workshop: Workshop, clock: Callable[[], float]) -> None:
        self._workshop = workshop
        self._clock = clock

    def actions(self) -> Mapping[str, Action]:
        """Those that come with opsdash, and the fleet's own."""
        return self._workshop.actions()

    @property
    def rev(self) -> int:
        """Grows with every change of any job that was begun here."""
        handles = self._workshop.runner.jobs.values()
        return len(handles) + sum(handle.rev for handle in handles)

    def here(self) -> Sequence[Job]:
        """The jobs of this run, the newest first."""
        return [handle.job() for handle in reversed(list(self._workshop.runner.jobs.values()))]

    async def remembered(self) -> Sequence[Job]:
        """The jobs on disk, the newest first; one that can't be read is left out."""

        def read() -> list[Job]:
            found: list[Job] = []
            for one in self._workshop.jobs.all():
                if isinstance(one, Job):
                    found.append(one)
                if len(found) == MOST_REMEMBERED:
                    break
            return found

        return await asyncio.to_thread(read)

    async def recall(self, job_id: str) -> Job | None:
        """A job with all that its hosts put out."""
        if handle := self._workshop.runner.jobs.get(job_id):
            return handle.job()
        try:
            return await asyncio.to_thread(self._workshop.jobs.read, job_id)
        except JobsError:
            return None

    def tail(self, job_id: str, host: str, most: int) -> Result | None:
        """The last bytes of what the step that runs on a host has put out by now."""
        handle = self._workshop.runner.jobs.get(job_id)
        return handle.tail(host, most) if handle is not None else None

    def asked(self, plan: Plan) -> Asked:
        """What the fleet's rules want before this plan runs."""
        return self._workshop.guard.asked(plan)

    def refusal(self, plan: Plan) -> str:
        """Why the Runner would refuse it now."""
        return self._workshop.guard.refusal(plan, self._clock())

    async def note_refusal(self, plan: Plan, why: str) -> None:
        """Write it into the audit log."""
        await self._workshop.runner.note_refusal(plan, why)

    async def planned(self, action: Action, states: Sequence[HostState], given: Arguments) -> Plan:
        """The plan; a password that root takes is asked for when the first host wants it."""
        at = self._clock()
        return await planned(
            action, states, given, Wish(plan_id(at), user_name(), at), look=self._look
        )

    async def _look(self, plan: Plan) -> Job:
        if self._workshop.wants_root(plan):
            self._workshop.privilege.want()
        return await self._workshop.runner.look(plan)

    async def automated(self, wish: Automated, hosts: Sequence[str]) -> Plan:
        """The plan, by the fleet as it is now."""
        return await self._workshop.automated(wish, hosts)

    async def begin(self, plan: Plan) -> Job:
        """Apply a plan; a password that root takes is asked for when the first host wants it."""
        if self._workshop.wants_root(plan):
            self._workshop.privilege.want()
        handle = await self._workshop.runner.begin(plan)
        return handle.job()

    def cancel(self, job_id: str, hosts: Iterable[str] = ()) -> None:
        """Call a job off."""
        if handle := self._workshop.runner.jobs.get(job_id):
            handle.cancel(hosts)
