"""Actions that are made of scripts: look, change, see that it worked, take it back.

A script gets its arguments as shell variables that are set in front of it, each quoted: they are
never pasted into its text. Those that come with opsdash and the user's own are made alike.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from opsdash.core.action import Arguments, NotHere
from opsdash.core.plan import STEP_TIMEOUT_S, OnFailure, Rollout, Step, StepKind
from opsdash.core.quoting import assignments
from opsdash.core.runbook_condition import in_words, places_in
from opsdash.core.snapshot import HostState

HOST = "host"
_HOST = re.compile(r"\$\{?host\b")

QUIETLY = Rollout(at_a_time=20, on_failure=OnFailure.STOP)
"""How what interrupts nothing goes over many hosts."""


@dataclass(frozen=True, slots=True)
class Scripts:
    """What is run on a host, as POSIX sh; an empty one is left out.

    `$host` is the host's name. `look` runs as the login and changes nothing. `already` exits with
    0 where there is nothing to do: then the change says ``unchanged``. What `run` says in lines of
    the form ``was_NAME=VALUE`` its `undo` has as variables. `verify` sees that it worked.
    """

    run: str
    look: str = ""
    already: str = ""
    verify: str = ""
    undo: str = ""


def _nothing_against(state: HostState) -> str:
    return ""


@dataclass(frozen=True, slots=True)
class Doing:
    """What is said and run on each host: `steps` is what an Action wants.

    `does` says it in a few words, ``{name}`` stands for an argument. `root` wants it done as root,
    `timeout_s` is how long it may take. `why_not` says why a host is left out, empty: it is not.
    What `reads_only` is `run` alone.
    """

    does: str
    scripts: Scripts
    root: bool = True
    timeout_s: float = STEP_TIMEOUT_S
    why_not: Callable[[HostState], str] = _nothing_against
    reads_only: bool = False

    def steps(self, state: HostState, arguments: Arguments) -> tuple[Step, ...]:
        """Look at it, change it, see that it worked; NotHere."""
        if why := self.why_not(state):
            raise NotHere(why)
        values = {**arguments, **({"host": state.name} if self._wants_host else {})}
        words, ahead, scripts = in_words(self.does, values), assignments(values), self.scripts
        if self.reads_only:
            return (self._root_step(words, ahead + scripts.run),)
        found = []
        if scripts.look:
            look = ahead + scripts.look
            found.append(Step(StepKind.RUN, f"look before: {words}", look, reads_only=True))
        found.append(
            Step(
                StepKind.RUN,
                words,
                ahead + _unless(scripts.already, scripts.run),
                root=self.root,
                timeout_s=self.timeout_s,
                undo=ahead + scripts.undo if scripts.undo else "",
            )
        )
        if scripts.verify:
            found.append(self._root_step(f"see that it worked: {words}", ahead + scripts.verify))
        return tuple(found)

    @property
    def _wants_host(self) -> bool:
        """Whether the host's name is used: else the steps are the same for all hosts."""
        one = self.scripts
        texts = (one.run, one.look, one.already, one.verify, one.undo)
        return HOST in places_in(self.does) or any(map(_HOST.search, texts))

    def _root_step(self, words: str, script: str) -> Step:
        """A look that may be made as root."""
        return Step(
            StepKind.RUN,
            words,
            script,
            root=self.root,
            timeout_s=self.timeout_s,
            reads_only=True,
        )


def _unless(already: str, change: str) -> str:
    if not already:
        return change
    return f"if (\n{already}) >/dev/null 2>&1; then echo unchanged; exit 0; fi\n{change}"


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
