"""A shell on a host for a person at the terminal: what is started for it, and how it ended."""

from __future__ import annotations

import signal
from dataclasses import dataclass

from opsdash.core.text import clean_line

SSH_FAILED = 255
"""The exit status of ssh when it is ssh that failed."""


@dataclass(frozen=True, slots=True)
class ShellCommand:
    """The program that gives a shell on a host, as an argument list: ssh, or (`by_ssh` False) the
    user's own shell on this machine. `id` names it in the audit log.
    """

    host: str
    argv: tuple[str, ...]
    by_ssh: bool = True
    id: str = ""

    @property
    def banner(self) -> str:
        """What is said before it starts: where one is now, and how to come back."""
        where = f"ssh {self.host}" if self.by_ssh else f"a shell on this machine ({self.host})"
        return f"-- opsdash: {where}; exit comes back"


@dataclass(frozen=True, slots=True)
class ShellEnd:
    """How a program on the terminal ended: its exit status (negative: the signal that killed it;
    None: it is not known), and the last line of its error output, or why it is not known.
    """

    status: int | None
    said: str = ""

    def __post_init__(self) -> None:
        """A server may have chosen the words."""
        object.__setattr__(self, "said", clean_line(self.said, 200))

    def failed(self, command: ShellCommand) -> bool:
        """Whether there was no shell, or its connection broke."""
        return command.by_ssh and self.status == SSH_FAILED

    def sentence(self, command: ShellCommand) -> str:
        """What came of it."""
        where = command.host
        if self.failed(command):
            return f"ssh to {where} failed: {self.said or 'it said nothing'}"
        if self.status is None:
            return f"the shell on {where}: {self.said}"
        if self.status < 0:
            return f"the shell on {where} was killed by {_signal(-self.status)}"
        if self.status:
            return f"back from {where}: its last command ended with status {self.status}"
        return f"back from {where}"


def _signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
