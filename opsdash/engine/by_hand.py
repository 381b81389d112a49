"""What a session offers for a person to do by hand on a host: a shell, forwarded ports."""

from __future__ import annotations

from pathlib import Path

from opsdash.core.fleet import Fleet
from opsdash.core.shell import ShellCommand
from opsdash.engine.shells import shell_command


class ByHand:
    """The part of a session that leads a person to a host."""

    fleet: Fleet
    _known_hosts: Path

    async def shell(self, name: str) -> ShellCommand:
        """What gives a person a shell on a host; HostError says why there is none."""
        return await shell_command(self.fleet, name, self._known_hosts)
