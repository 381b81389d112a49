"""Runbooks: what somebody does who has seen this problem before, step by step, on one host."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from opsdash.core.plan import Danger
from opsdash.core.runbook_condition import Condition, value_fault
from opsdash.core.text import clean_line

LOOK_TIMEOUT_S = 30.0
VERIFY_WITHIN_S = 60.0

END = "end"
"""Where a step goes to that ends it all."""

HOST = "host"
"""The variable that is always there: the host's name in hosts.yaml."""

VARIABLE = re.compile(r"[a-z][a-z0-9_]{0,39}")
TAKEN_NAMES = frozenset(
    ("cdpath", "fpath", "home", HOST, "ifs", "manpath", "path", "prompt", "status", "term")
)
"""Names that some shell gives a meaning, or that this program sets itself."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """An argument of a runbook: what it is, whether a finding's subject may be it, what it is if
    nobody says (None: it is asked), and the pattern that all of a value must match.
    """

    name: str
    help: str
    from_subject: bool = False
    default: str | None = None
    pattern: re.Pattern[str] | None = None

    def fault(self, value: str) -> str:
        """What is wrong with a value; empty: nothing."""
        return pattern_fault(value, self.pattern)


def pattern_fault(value: str, pattern: re.Pattern[str] | None) -> str:
    """What is wrong with a value that somebody gave; empty: nothing."""
    if wrong := value_fault(value):
        return wrong
    if pattern is not None and not pattern.fullmatch(value):
        return f"it should match {pattern.pattern}"
    return ""


@dataclass(frozen=True, slots=True)
class Look:
    """Runs a script there that only reads. `key` is what its output is called (empty: nothing
    asks for it), `go` the step that follows (empty: the next one).
    """

    words: str
    script: str
    name: str = ""
    key: str = ""
    root: bool = False
    timeout_s: float = LOOK_TIMEOUT_S
    when: Condition | None = None
    go: str = ""


@dataclass(frozen=True, slots=True)
class Case:
    """One way to go on: if `when` holds (None: in any case) `say` is said and `go` is next."""

    when: Condition | None
    say: str = ""
    go: str = ""


@dataclass(frozen=True, slots=True)
class Decide:
    """Goes the way of the first case that holds; if none does, on to the next step."""

    words: str
    cases: tuple[Case, ...]
    name: str = ""
    when: Condition | None = None

    @property
    def key(self) -> str:
        """It has no output and sets no variable of its own."""
        return ""


@dataclass(frozen=True, slots=True)
class Ask:
    """A person chooses what the variable `key` is: one of the lines of an output (`pick` finds in
    a line what is `value`d and what is told `about` it), one of `options` (value, words), or free
    text that `pattern` matches. `ways` says for some answers where they lead, `else_go` where it
    goes when there is nothing to choose from or nobody chooses (empty: it ends).
    """

    words: str
    key: str
    name: str = ""
    lines_of: str = ""
    pick: re.Pattern[str] | None = None
    options: tuple[tuple[str, str], ...] = ()
    pattern: re.Pattern[str] | None = None
    ways: tuple[tuple[str, str], ...] = ()
    go: str = ""
    else_go: str = ""
    when: Condition | None = None


@dataclass(frozen=True, slots=True)
class Do:
    """An action: planned, shown, confirmed, audited as any other. `given` are its arguments, with
    places for variables. Where it is declined or fails, `else_go` is next (empty: it ends).
    """

    action: str
    given: tuple[tuple[str, str], ...] = ()
    words: str = ""
    name: str = ""
    go: str = ""
    else_go: str = ""
    when: Condition | None = None

    @property
    def key(self) -> str:
        """It has no output that could be asked for."""
        return ""


@dataclass(frozen=True, slots=True)
class Verify:
    """A look that is repeated until its own output fulfils `until`, at most `within_s` seconds."""

    words: str
    script: str
    until: Condition
    name: str = ""
    key: str = ""
    root: bool = False
    within_s: float = VERIFY_WITHIN_S
    timeout_s: float = LOOK_TIMEOUT_S
    go: str = ""
    else_go: str = ""
    when: Condition | None = None


@dataclass(frozen=True, slots=True)
class End:
    """Ends it, with these words."""

    words: str
    name: str = ""
    when: Condition | None = None

    @property
    def key(self) -> str:
        """It has no output."""
        return ""


BookStep: TypeAlias = Look | Decide | Ask | Do | Verify | End


def called(step: BookStep) -> str:
    """What a step is called where somebody goes to it, or a case tells its output."""
    if isinstance(step, Do):
        return step.name or step.action
    return step.name or step.key or (END if isinstance(step, End) else step.words)


@dataclass(frozen=True, slots=True)
class Runbook:
    """A runbook: `checks` are those whose findings it is for, `danger` the worst that the actions
    can do that it may propose, `place` the file that it comes from (`own`: one of the user's).
    """

    id: str
    title: str
    steps: tuple[BookStep, ...]
    about: str = ""
    checks: tuple[str, ...] = ()
    arguments: tuple[Wanted, ...] = ()
    danger: Danger = Danger.READS
    place: str = ""
    own: bool = False

    def find(self, name: str) -> int | None:
        """The position of the step of that name; None if there is none."""
        for position, step in enumerate(self.steps):
            if name in (step.name, step.key):
                return position
        return None

    def variables(self) -> tuple[str, ...]:
        """Every variable that may be set on the way."""
        found = {HOST: None, **{one.name: None for one in self.arguments}}
        for step in self.steps:
            conditions = [step.when]
            if isinstance(step, Ask):
                found[step.key] = None
            elif isinstance(step, Decide):
                conditions += [case.when for case in step.cases]
            elif isinstance(step, Verify):
                conditions.append(step.until)
            for one in conditions:
                found.update(dict.fromkeys(one.captures() if one is not None else ()))
        return tuple(found)

    def actions(self) -> tuple[str, ...]:
        """The actions that it may propose."""
        return tuple(dict.fromkeys(one.action for one in self.steps if isinstance(one, Do)))

    def understood(
        self, given: Mapping[str, str], subject: str = ""
    ) -> tuple[dict[str, str], list[str]]:
        """The arguments by name, and those that have to be asked. ValueError says what is wrong
        with one that was given; a finding's `subject` that does not fit is not taken.
        """
        known = {one.name: one for one in self.arguments}
        for name in given:
            if name not in known:
                takes = ", ".join(known) or "no arguments"
                raise ValueError(f"{self.id} has no {clean_line(name, 40)!r}: it takes {takes}")
        found: dict[str, str] = {}
        missing: list[str] = []
        for name, one in known.items():
            value = given.get(name)
            if value is not None:
                if wrong := one.fault(value):
                    raise ValueError(f"{name}={clean_line(value, 60)!r}: {wrong}")
            elif one.from_subject and subject and not one.fault(subject):
                value = subject
            else:
                value = one.default
            if value is None:
                missing.append(name)
            else:
                found[name] = value
        return found, missing
