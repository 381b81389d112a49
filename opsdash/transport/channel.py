"""What a way to a host gives for a command: a shell that was started, and who listens to it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

from opsdash.transport.frames import BOOT


class Listener(Protocol):
    """Who takes in what a talking program says; `status` is set before `end` is called: its exit
    status, or the signal that killed it as a negative number. It stays what it was where none came.
    """

    status: int

    def feed(self, data: bytes) -> None:
        """Some of its output."""

    def complain(self, data: bytes) -> None:
        """Some of its error output."""

    def end(self) -> None:
        """It has ended, and all that it said has been heard."""


class Talk(Protocol):
    """The input of a program that runs. What is said to one that has ended is lost quietly: its
    listener is told that it has.
    """

    def write(self, data: bytes) -> None:
        """Some of its input; it is kept until the program takes it."""

    async def drain(self) -> None:
        """Wait until little of what was written is still kept, or nobody will take it."""

    def write_eof(self) -> None:
        """The end of its input."""

    def terminate(self) -> None:
        """Ask it to end, where there is a way to."""

    def pause(self) -> None:
        """Hear nothing more for now: what it says is kept on the way until that is full, and then
        it has to wait.
        """

    def resume(self) -> None:
        """Hear it again."""


@dataclass(frozen=True, slots=True)
class Shell:
    """What is started: a command for a login shell of any kind, and whether on a terminal. Of what
    it says, so many bytes may be on the way while it is not heard.
    """

    command: str = BOOT
    on_tty: bool = False
    window_bytes: int = 2_097_152


READS_BOOT = Shell()

Start = Callable[[Listener, Shell], AbstractAsyncContextManager[Talk]]
"""Starts a shell; it is gone, or going, when the block is left. HostError when it can't be started.
"""
