"""What a session stands on: where its state is kept, who answers questions, time, ways to hosts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from opsdash.core.clock import now
from opsdash.core.event import Event
from opsdash.core.holder import Role
from opsdash.core.hook import Ring
from opsdash.core.host import Way
from opsdash.core.prompts import Nobody, Prompter
from opsdash.transport.base import Transport


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a session stands on: where its state is kept, who answers questions, whether it may
    become root where it needs no password, time, and ways in place of real ones. A run that `lasts`
    writes down what happens, and `heard` is called with each event. One that has a `role` polls
    only while no other that has one polls for the same store. `ring` is there where somebody sits
    at a screen, for hooks that ring. `from_where` is the machine and terminal of the person.
    `tell_audit` is told each new end of the audit log, so that somebody else knows it, too.
    """

    state_dir: Path
    prompter: Prompter = field(default_factory=Nobody)
    root: bool = True
    clock: Callable[[], float] = now
    jump_s: Callable[[], float] = now.jump_s
    transports: Mapping[Way, Transport] | None = None
    lasts: bool = False
    role: Role | None = None
    heard: Callable[[Event], None] | None = None
    ring: Ring | None = None
    from_where: str = ""
    tell_audit: Callable[[str], None] = lambda text: None
