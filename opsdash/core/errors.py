"""Every error that opsdash raises on purpose.

OpsdashError                 a sentence for the user, and a next step
├── ConfigError              the user's files: all faults of a file at once, each with its place
├── SelectionError           a SELECT or filter that means nothing, or selects nothing
├── PluginError              a plug-in that can't be loaded, or two with one id
├── BadOutput                a parser met text that it does not know
├── Refused                  a plan that may not be run: read-only, a guardrail, not confirmed
├── AuditError               the audit log can't be written or read: nothing may be changed
└── HostError                a host could not be reached or asked; carries a Problem
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from opsdash.core.problem import Problem


class OpsdashError(Exception):
    """The root of the tree; ``str()`` is a sentence that a user can read."""

    hint = ""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong in a file: where (1-based line and column; 0: all of it), and what."""

    file: str
    line: int
    column: int
    text: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        return f"{place}: {self.text}"


class ConfigError(OpsdashError):
    """A file of the user's does not say what it should; holds every fault that was found."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(str(fault) for fault in self.faults))


class SelectionError(OpsdashError):
    """A selection of hosts that can't be understood, or that selects none."""


class PluginError(OpsdashError):
    """A plug-in file that can't be loaded, or an id that two of them claim."""


class BadOutput(OpsdashError):
    """Raised by a parser for text that it does not know; becomes a Problem, never a crash."""


class Refused(OpsdashError):
    """A plan that may not be run; `hint` is what to do about it. Nothing was done."""

    def __init__(self, text: str, hint: str = "") -> None:
        super().__init__(text)
        self.hint = hint


class AuditError(OpsdashError):
    """The audit log can't be written, so nothing may be changed; or it can't be read.

    `hint` is the next step.
    """

    def __init__(self, text: str, hint: str = "") -> None:
        super().__init__(text)
        self.hint = hint


class HostError(OpsdashError):
    """A host could not be reached or asked.

    `partial` is what a command had put out when its time was over: all of it is whole, but it is
    not all. `ended` is the exit status of one that had ended itself by then, but left its output
    open (None: it had not).
    """

    def __init__(self, problem: Problem, partial: bytes = b"", *, ended: int | None = None) -> None:
        self.problem = problem
        self.partial = partial
        self.ended = ended
        self.hint = problem.hint
        super().__init__(problem.text)
