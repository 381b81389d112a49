"""What a session offers for a person to do by hand on a host: a shell, forwarded ports, jobs."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from pathlib import Path

from opsdash.config.person import user_name
from opsdash.config.runbook_files import RunbookFiles
from opsdash.core.fleet import Fleet
from opsdash.core.jobs import Jobs
from opsdash.core.shell import ShellCommand, ShellEnd
from opsdash.core.snapshot import Snapshot
from opsdash.engine.fleet_hands import FleetHands
from opsdash.engine.forwards import Forwards
from opsdash.engine.job_desk import JobDesk
from opsdash.engine.log_desk import LogDesk, LogGround
from opsdash.engine.polling import Polling
from opsdash.engine.runbook_walk import Ground
from opsdash.engine.shells import ShellLog, shell_command
from opsdash.engine.surroundings import Surroundings
from opsdash.engine.walk_desk import WalkDesk
from opsdash.engine.workshop import Workshop
from opsdash.store.log_kinds import LogKindTable
from opsdash.store.store import Store
from opsdash.transport.base import Connection


class ByHand:
    """The part of a session that leads a person to a host."""

    fleet: Fleet
    _known_hosts: Path
    _around: Surroundings
    _polling: Polling
    _hands: FleetHands
    _store: Store
    workshop: Workshop
    snapshot: Callable[[], Snapshot]

    async def shell(self, name: str) -> ShellCommand:
        """What gives a person a shell on a host, written down; HostError says why there is none."""
        return await self._log.begin(await shell_command(self.fleet, name, self._known_hosts))

    async def shell_ended(self, command: ShellCommand, ended: ShellEnd) -> None:
        """Write down how it ended; HostError: that could not be done."""
        await self._log.end(command, ended)

    @property
    def _log(self) -> ShellLog:
        shop, around = self.workshop, self._around
        return ShellLog(shop.audit, shop.guard.refusal, around.clock, around.from_where)

    @cached_property
    def forwards(self) -> Forwards:
        """The ports of this machine that lead to hosts."""
        return Forwards(self._live, self._around.clock)

    @cached_property
    def jobs(self) -> Jobs:
        """What is run on hosts, and was."""
        return JobDesk(self.workshop, self._around.clock)

    @cached_property
    def walks(self) -> WalkDesk:
        """The runbooks that there are, and those that are worked through."""
        shop = self.workshop
        ground = Ground(shop.runner.look, self._around.clock, user_name(), actions=shop.actions)
        files = RunbookFiles(lambda: self.fleet.source)
        return WalkDesk(ground, lambda: self.jobs, self.snapshot, files)

    @cached_property
    def logs(self) -> LogDesk:
        """The logs of the hosts, for a screen."""
        table, clock = LogKindTable(self._store), self._around.clock
        return LogDesk(LogGround(lambda: self.fleet, self._hands, table, clock))

    async def end_work(self) -> None:
        """End all that was begun on hosts from here."""
        if "logs" in self.__dict__:
            await self.logs.end()
        if "walks" in self.__dict__:
            await self.walks.close()
        await self.workshop.runner.close()

    def _live(self, name: str) -> Connection | None:
        return self._polling.poller.live.get(name)
