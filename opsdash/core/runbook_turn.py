"""What a runbook's course wants to be done next, and what it has gone through."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from opsdash.core.runbook_condition import Output


@dataclass(frozen=True, slots=True)
class LookNow:
    """A script is to be run there; `key` names its output. With `within_s` it is run again until
    the course has what it waits for, at most so many seconds.
    """

    words: str
    key: str
    script: str
    root: bool
    timeout_s: float
    within_s: float = 0.0


@dataclass(frozen=True, slots=True)
class AskNow:
    """Somebody is to say what `key` is: one of `choices` (value, what is told about it), or text
    where there are none.
    """

    words: str
    key: str
    choices: tuple[tuple[str, str], ...] = ()
    help: str = ""


@dataclass(frozen=True, slots=True)
class DoNow:
    """An action is to be planned with these arguments, and confirmed."""

    words: str
    action: str
    given: Mapping[str, str]

    def line(self) -> str:
        """As `opsdash do` is given it, without the hosts."""
        return " ".join([self.action, *(f"{name}={value}" for name, value in self.given.items())])


@dataclass(frozen=True, slots=True)
class Ended:
    """Nothing more is to be done; `words` say what came of it."""

    words: str


Turn: TypeAlias = LookNow | AskNow | DoNow | Ended


class Went(StrEnum):
    """How a step went: it looked, chose a way, was skipped, …"""

    LOOKED = "looked"
    DECIDED = "decided"
    ANSWERED = "answered"
    DONE = "done"
    NOT_DONE = "not done"
    HELD = "held"
    NOT_HELD = "not held"
    SKIPPED = "skipped"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Passed:
    """A step that was gone through: what it is, how it went, `said` about it, and its output; of a
    decision the number of the case that held, from 0 (-1: none).
    """

    step: str
    words: str
    went: Went
    said: str = ""
    output: Output | None = None
    way: int = -1
