"""Actions that are made of scripts: look, change, see that it worked, take it back.

A script gets its arguments as shell variables that are set in front of it, each quoted: they are
never pasted into its text. Those that come with opsdash and the user's own are made alike.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from opsdash.core.action import Action, Argument, Arguments, NotHere
from opsdash.core.plan import Danger, OnFailure, Rollout, Step, StepKind
from opsdash.core.quoting import assignments
from opsdash.core.snapshot import HostState
from opsdash.core.text import clean_line

QUIETLY = Rollout(at_a_time=20, on_failure=OnFailure.STOP)
"""How what interrupts nothing goes over many hosts."""

LONGEST_WORD = 80
_NAME = re.compile(r"\{([a-z][a-z0-9_]*)\}")


@dataclass(frozen=True, slots=True)
class Scripts:
    """What is run on a host, as POSIX sh; an empty one is left out.

    `look` runs as the login and changes nothing. `already` exits with 0 where there is nothing to
    do: then the change says ``unchanged``. What `run` says in lines of the form ``was_NAME=VALUE``
    its `undo` has as variables. `verify` sees that it worked.
    """

    run: str
    look: str = ""
    already: str = ""
    verify: str = ""
    undo: str = ""


@dataclass(frozen=True, slots=True)
class Doing:
    """What is said and run on each host.

    `does` says it in a few words, ``{name}`` stands for an argument. `root` wants the change as
    root, `timeout_s` is how long it may take. `why_not` says why a host is left out, empty: it is
    not.
    """

    does: str
    scripts: Scripts
    root: bool = True
    timeout_s: float = 60.0
    why_not: Callable[[HostState], str] = lambda state: ""


def placeholders(text: str) -> set[str]:
    """The arguments that stand in a text as ``{name}``."""
    return set(_NAME.findall(text))


def in_words(text: str, values: Mapping[str, str]) -> str:
    """A text with its arguments in it, fit to be shown."""
    return _NAME.sub(lambda found: clean_line(values.get(found[1], found[0]), LONGEST_WORD), text)


def scripted(
    name: str,
    title: str,
    danger: Danger,
    doing: Doing,
    *,
    arguments: tuple[Argument, ...] = (),
    target: str = "",
    rollout: Rollout = QUIETLY,
) -> Action:
    """The action that does this; what only reads has one step."""

    def steps(state: HostState, given: Arguments) -> tuple[Step, ...]:
        if why := doing.why_not(state):
            raise NotHere(why)
        values = {"host": state.name, **given}
        if danger is Danger.READS:
            return (_step(doing, values, doing.scripts.run, reads_only=True),)
        return _changing(doing, values)

    reads = ("units",) if doing.why_not is only_systemd else ()
    return Action(name, title, danger, steps, arguments, target, rollout, reads)


def _changing(doing: Doing, values: Mapping[str, str]) -> tuple[Step, ...]:
    scripts, words = doing.scripts, in_words(doing.does, values)
    ahead = assignments(values)
    change = scripts.run
    if scripts.already:
        change = (
            f"if (\n{scripts.already}) >/dev/null 2>&1; then echo unchanged; exit 0; fi\n{change}"
        )
    found = []
    if scripts.look:
        does = f"look before: {words}"
        found.append(Step(StepKind.RUN, does, ahead + scripts.look, reads_only=True))
    found.append(
        Step(
            StepKind.RUN,
            words,
            ahead + change,
            root=doing.root,
            timeout_s=doing.timeout_s,
            undo=ahead + scripts.undo if scripts.undo else "",
        )
    )
    if scripts.verify:
        found.append(
            _step(doing, values, scripts.verify, reads_only=True, before="see that it worked: ")
        )
    return tuple(found)


def _step(
    doing: Doing, values: Mapping[str, str], script: str, *, reads_only: bool, before: str = ""
) -> Step:
    return Step(
        StepKind.RUN,
        before + in_words(doing.does, values),
        assignments(values) + script,
        root=doing.root,
        timeout_s=doing.timeout_s,
        reads_only=reads_only,
    )


def manager_of(state: HostState) -> str:
    """What manages the services of a host: ``systemctl`` or ``rc-status``; NotHere."""
    reading = state.readings.get("units")
    if reading is None or (not reading.source and reading.problem is None):
        raise NotHere("it is not known what manages its services: it has not answered yet")
    if reading.source in ("systemctl", "rc-status"):
        return reading.source
    problem = reading.problem
    raise NotHere(problem.text if problem else "there is neither systemd nor OpenRC")


def only_systemd(state: HostState) -> str:
    """Why it is left out: there is no systemd."""
    return "" if manager_of(state) == "systemctl" else "there is no systemd"
