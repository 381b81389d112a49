"""Actions: what can be done to a host, as data and a pure function from its state to steps."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from opsdash.core.errors import OpsdashError
from opsdash.core.job import HostRun
from opsdash.core.plan import Danger, HostSteps, LeftOut, OnFailure, Plan, Rollout, Step
from opsdash.core.snapshot import HostState
from opsdash.core.text import clean_line, did_you_mean


class ArgumentError(OpsdashError):
    """An argument that is missing, or means nothing."""


class NotHere(OpsdashError):
    """This host is left out of the plan, for this reason."""


def any_text(value: str) -> str:
    """What is wrong with a value: nothing but that it is empty, or can't stand in a script."""
    if not value:
        return "it is empty"
    return "it holds a NUL" if "\0" in value else ""


@dataclass(frozen=True, slots=True)
class Argument:
    """Something that an action wants to know.

    `names` says what of a host it names, so that names can be offered: ``unit``, ``process``.
    Without a `default` it has to be given. `check` says what is wrong with a value, empty: nothing.
    One that `stands_alone` needs no ``NAME=`` among names of hosts: none of them looks like it.
    """

    name: str
    help: str
    default: str | None = None
    choices: tuple[str, ...] = ()
    names: str = ""
    check: Callable[[str], str] = any_text
    stands_alone: bool = False

    def fault(self, value: str) -> str:
        """What is wrong with a value, as a sentence; empty: nothing."""
        if self.choices and value not in self.choices:
            return f"{clean_line(value, 40)!r} is none of {', '.join(self.choices)}"
        wrong = "" if value == self.default else any_text(value) or self.check(value)
        return f"{clean_line(value, 60)!r}: {wrong}" if wrong else ""


Arguments = Mapping[str, str]
Steps = Callable[[HostState, Arguments], Iterable[Step]]
Look = Callable[[Step], Awaitable[Mapping[str, HostRun]]]
"""Takes a step that only reads on all hosts of a plan to be: what came of it on each of them."""


@dataclass(frozen=True, slots=True)
class Ahead:
    """What an action has that looks before it can say what it would do: the id of the plan that
    will be made, its arguments, and how it looks.
    """

    plan_id: str
    arguments: Arguments
    look: Look


def _not_planned(state: HostState, arguments: Arguments) -> Iterable[Step]:
    raise NotHere("it has to be looked at first: opsdash do does that")


ONE_BY_FIVE = Rollout(canary=1, at_a_time=5, gate=True, on_failure=OnFailure.STOP)
"""How what interrupts something goes over many hosts, unless somebody says otherwise."""


@dataclass(frozen=True, slots=True)
class Action:
    """One thing that can be done: ``noun.verb``.

    `steps` is pure: what would be done on a host that is in this state, with these arguments;
    NotHere leaves the host out. `target` names the argument that says what it is done to (empty:
    the host itself), `danger` is the worst that it can do, `rollout` how it usually goes over
    several hosts. `reads` names the collectors of which `steps` wants to know something; `prepare`
    looks at what no collector knows, and gives the steps that follow from it; ArgumentError.
    """

    id: str
    title: str
    danger: Danger
    steps: Steps = _not_planned
    arguments: tuple[Argument, ...] = ()
    target: str = ""
    rollout: Rollout = ONE_BY_FIVE
    reads: tuple[str, ...] = ()
    prepare: Callable[[Ahead], Awaitable[Steps]] | None = None

    def usage(self) -> str:
        """What it takes, as it is typed; in brackets what may be left out."""
        words = [
            f"{one.name}={'|'.join(one.choices) or one.name.upper()}" for one in self.arguments
        ]
        may = [one.default is not None for one in self.arguments]
        return " ".join(
            f"[{word}]" if left else word for word, left in zip(words, may, strict=True)
        )

    def typed(self, words: Iterable[str]) -> dict[str, str]:
        """What was typed behind its name: ``NAME=VALUE``, and what stands alone is the target.

        ArgumentError for a word that is neither; whether all is there is for understood() to say.
        """
        names = {one.name for one in self.arguments}
        found: dict[str, str] = {}
        for word in words:
            name, equals, value = word.partition("=")
            if not equals or name not in names:
                name, value = self.target, word
            if not name:
                raise ArgumentError(f"{self.id} is done to the host itself: not to {word!r}")
            if name in found:
                raise ArgumentError(f"{self.id}: {name} is given twice")
            found[name] = value
        return found

    def alone(self, words: Iterable[str], given: Arguments) -> str:
        """The word among these that is the target, where it may stand alone; empty: none is."""
        for one in self.arguments:
            if one.name == self.target and one.stands_alone and one.name not in given:
                return next((word for word in words if not one.fault(word)), "")
        return ""

    def understood(self, given: Arguments) -> dict[str, str]:
        """All arguments by name, defaults included; ArgumentError."""
        known = {one.name: one for one in self.arguments}
        for name in given:
            if name not in known:
                near = did_you_mean(name, known)
                takes = ", ".join(known) or "no arguments"
                raise ArgumentError(
                    f"{self.id} has no {clean_line(name, 40)!r}{near}: it takes {takes}"
                )
        found: dict[str, str] = {}
        for name, one in known.items():
            value = given.get(name, one.default)
            if value is None:
                raise ArgumentError(f"{self.id} needs {name}=…: {one.help}")
            if fault := one.fault(value):
                raise ArgumentError(f"{name}={fault}")
            found[name] = value
        return found


@dataclass(frozen=True, slots=True)
class Wish:
    """Who wants an action to be done, when it was said, under which id, and how it is to go over
    the hosts (None: as usual for the action).
    """

    id: str
    who: str
    at: float
    rollout: Rollout | None = None
    note: str = ""


def plan_action(action: Action, states: Sequence[HostState], given: Arguments, wish: Wish) -> Plan:
    """What the action would do on these hosts, as they are known now: pure. ArgumentError."""
    arguments = action.understood(given)
    hosts: list[HostSteps] = []
    left_out: list[LeftOut] = []
    for state in states:
        try:
            hosts.append(HostSteps(state.name, tuple(action.steps(state, arguments))))
        except NotHere as reason:
            left_out.append(LeftOut(state.name, str(reason)))
    target = arguments.get(action.target, "")
    rollout = wish.rollout or _fitting(action.rollout, len(hosts))
    return Plan(
        id=wish.id,
        action=action.id,
        title=f"{action.title} {clean_line(target, 80)}".strip(),
        danger=action.danger,
        hosts=tuple(hosts),
        target=target,
        rollout=rollout,
        left_out=tuple(left_out),
        at=wish.at,
        who=wish.who,
        note=wish.note,
    )


def _fitting(rollout: Rollout, hosts: int) -> Rollout:
    """The usual way, for so many hosts: one alone is no canary and needs no gate."""
    if hosts > 1:
        return rollout
    return Rollout(at_a_time=1, on_failure=rollout.on_failure)


def grouped(plan: Plan) -> list[tuple[tuple[Step, ...], list[str]]]:
    """The steps of a plan, the same ones once, with the hosts on which they would be done."""
    found: dict[tuple[Step, ...], list[str]] = {}
    for one in plan.hosts:
        found.setdefault(one.steps, []).append(one.host)
    return list(found.items())
