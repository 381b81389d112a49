"""Who polls: one program per store, and whoever else comes says which one."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from opsdash.core.text import clean_line


class Role(StrEnum):
    """What a program that polls is: somebody's screen, or a watch without one."""

    SCREEN = "screen"
    WATCH = "watch"


@dataclass(frozen=True, slots=True)
class Holder:
    """A program that polls: its process, what it is, whose, and since when (seconds since 1970).

    `machine` is where it runs: a store may lie in a home that several machines share. `fleet` is
    the file that declares its hosts; empty: that machine alone.
    """

    pid: int
    role: Role
    user: str = ""
    machine: str = ""
    since: float = field(default=0.0, compare=False)
    fleet: str = ""

    def __post_init__(self) -> None:
        """Clean: it is read from a file that others write."""
        for name in ("user", "machine", "fleet"):
            object.__setattr__(self, name, clean_line(getattr(self, name), 200))

    def words(self, here: str) -> str:
        """Who it is, for people on the machine named `here`: ``a screen of ops (pid 4711)``."""
        place = f" on {self.machine}" if self.machine not in ("", here) else ""
        return f"a {self.role} of {self.user or 'somebody'} (pid {self.pid}{place})"
