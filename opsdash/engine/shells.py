"""What gives a person a shell on a host, by the way that opsdash itself goes; and the audit log of
it: what is done in there is not known, so that it counts as a change.
"""

from __future__ import annotations

import os
import pwd
import shlex
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from opsdash.config.person import user_name
from opsdash.core.audit import AuditEntry, AuditLog, Phase
from opsdash.core.errors import AuditError, HostError
from opsdash.core.fleet import Fleet
from opsdash.core.host import Host, Way
from opsdash.core.plan import Danger, HostSteps, Plan, Step, StepKind, plan_id
from opsdash.core.problem import Problem, ProblemKind
from opsdash.core.shell import ShellCommand, ShellEnd
from opsdash.engine.ways import reachable

ACTION = "shell.open"
"""Its name in the audit log and in guardrails."""


async def shell_command(fleet: Fleet, name: str, known_hosts: Path) -> ShellCommand:
    """The program that gives a shell on a host; HostError says why there is none."""
    host = fleet.hosts.get(name)
    if host is None:
        text = f"{name} is none of these hosts"
        raise HostError(Problem(ProblemKind.CONFIG, text, "opsdash hosts list names them"))
    if host.way is Way.REPLAY:
        text = f"{name} is a host of the demo, which has no shells"
        hint = "start without --demo"
        raise HostError(Problem(ProblemKind.UNSUPPORTED, text, hint))
    if host.way is Way.LOCAL:
        return ShellCommand(name, (own_shell(), "-l"), by_ssh=False)
    return await _by_ssh(host, fleet, known_hosts)


async def _by_ssh(host: Host, fleet: Fleet, known_hosts: Path) -> ShellCommand:
    from opsdash.transport.openssh.arguments import by_hand
    from opsdash.transport.ssh.resolve import resolve

    route = await resolve(host)
    return ShellCommand(host.name, tuple(by_hand(host, route, reachable(fleet), known_hosts)))


def own_shell() -> str:
    """The user's login shell: what $SHELL says, else the password file."""
    said = os.environ.get("SHELL", "")
    if said.startswith("/") and os.access(said, os.X_OK):
        return said
    try:
        return pwd.getpwuid(os.getuid()).pw_shell or "/bin/sh"
    except KeyError:
        return "/bin/sh"


@dataclass(frozen=True, slots=True)
class ShellLog:
    """Lets shells be opened, and writes down that they were: `refusal` says why a plan may not be
    run at a moment, `clock` the time.
    """

    audit: AuditLog
    refusal: Callable[[Plan, float], str]
    clock: Callable[[], float]
    from_where: str = ""

    async def begin(self, command: ShellCommand) -> ShellCommand:
        """The command as it may be run now; HostError: it may not, or it can't be written down."""
        now = self.clock()
        command = replace(command, id=plan_id(now))
        why = self.refusal(plan_of(command, now), now)
        if why:
            await self._write(command, Phase.REFUSED, text=why)
            hint = "what is done in a shell can't be known: it counts as a change"
            raise HostError(Problem(ProblemKind.DENIED, f"no shell: {why}", hint))
        await self._write(command, Phase.BEGIN)
        return command

    async def end(self, command: ShellCommand, ended: ShellEnd) -> None:
        """It has ended; HostError: that can't be written down."""
        text = ended.said if ended.status is None or ended.failed(command) else ""
        await self._write(command, Phase.END, ended.status, text)

    async def _write(
        self, command: ShellCommand, phase: Phase, status: int | None = None, text: str = ""
    ) -> None:
        entry = AuditEntry(
            at=self.clock(),
            who=user_name(),
            from_where=self.from_where,
            host=command.host,
            action=ACTION,
            phase=phase,
            plan_id=command.id,
            step=1,
            command=shlex.join(command.argv),
            exit_status=status,
            text=text,
        )
        try:
            await self.audit.write(entry)
        except AuditError as error:
            text = f"a shell that can't be written down is not opened: {error}"
            raise HostError(Problem(ProblemKind.FILES, text, error.hint)) from error


def plan_of(command: ShellCommand, at: float) -> Plan:
    """What a guard is asked about: a change of a kind that is not known."""
    step = Step(StepKind.LOCAL, "a shell for a person", shlex.join(command.argv))
    return Plan(
        command.id,
        ACTION,
        f"a shell on {command.host}",
        Danger.CHANGES,
        (HostSteps(command.host, (step,)),),
        at=at,
        who=user_name(),
    )
