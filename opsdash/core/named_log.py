"""Named logs: what the user calls a log of a host, and where its lines come from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from opsdash.core.text import clean_line, did_you_mean

if TYPE_CHECKING:
    from opsdash.core.host import Host

MOST_NAMED_LOGS = 50
"""Of one host."""


@dataclass(frozen=True, slots=True)
class NamedLog:
    """One log of a host: the file at `path`, or what `command` prints, a command of its shell that
    is run as the user who logs in. One of the two is empty.
    """

    name: str
    path: str = ""
    command: str = ""

    @property
    def origin(self) -> str:
        """Where its lines come from: the path or the command."""
        return self.path or self.command


def nobody_has(wanted: Iterable[str], hosts: Iterable[Host]) -> str:
    """In a sentence which wanted log none of these hosts has, and what was perhaps meant; empty:
    each is some host's.
    """
    known = list(dict.fromkeys(one.name for host in hosts for one in host.logs))
    for name in wanted:
        if name not in known:
            near = did_you_mean(name, known) or said_of(known)
            return f"none of these hosts has a log called {clean_line(name, 60)}{near}"
    return ""


def said_of(known: Iterable[str]) -> str:
    """Which named logs there are instead, to go behind a sentence."""
    names = ", ".join(known)
    return f": there is {names}" if names else ": hosts.yaml names none of theirs under logs:"
