"""What gives a person a shell on a host, by the way that opsdash itself goes."""

from __future__ import annotations

import os
import pwd
from pathlib import Path

from opsdash.core.errors import HostError
from opsdash.core.fleet import Fleet
from opsdash.core.host import Host, Way
from opsdash.core.problem import Problem, ProblemKind
from opsdash.core.shell import ShellCommand
from opsdash.engine.ways import reachable


async def shell_command(fleet: Fleet, name: str, known_hosts: Path) -> ShellCommand:
    """The program that gives a shell on a host, or on a bastion that one only passes through.

    HostError says why there is none.
    """
    host = reachable(fleet).get(name)
    if host is None:
        text = f"{name} is none of these hosts"
        raise HostError(Problem(ProblemKind.CONFIG, text, "opsdash hosts list names them"))
    if host.way is Way.REPLAY:
        text = f"{name} is made up for the demo: there is no host to open a shell on"
        hint = "start opsdash without --demo, on hosts of your own"
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
