"""What is wrong with a runbook as a whole: steps that are not there, outputs that nobody makes,
variables that nobody sets, checks and actions that do not exist.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from opsdash.config.marked_yaml import Marked, Where
from opsdash.core.action import Action
from opsdash.core.plan import Danger
from opsdash.core.runbook import END, Ask, Decide, Do, Look, Runbook, Verify
from opsdash.core.runbook_condition import Condition, places_in
from opsdash.core.text import clean_line, did_you_mean

_WORSE = tuple(Danger)


@dataclass(frozen=True, slots=True)
class Known:
    """What there is that a runbook can name: ids of checks, and actions."""

    checks: Collection[str]
    actions: Mapping[str, Action]


def blame_whole(marked: Marked, book: Runbook, known: Known) -> None:
    """Note what is wrong with a runbook each of whose parts was understood."""
    for place, check in enumerate(book.checks):
        if check not in known.checks:
            near = did_you_mean(check, known.checks)
            marked.blame(("checks", place), f"no check is called so{near}")
    _blame_names(marked, book)
    _blame_goes(marked, book)
    _blame_conditions(marked, book)
    _blame_places(marked, book)
    _blame_actions(marked, book, known.actions)
    for kind, what in ((Look, "looks at nothing"), (Decide, "decides nothing")):
        if not any(isinstance(step, kind) for step in book.steps):
            text = f"it {what}: it needs a {kind.__name__.lower()}: step"
            marked.blame(("steps",), text, key=True)


def danger_of(book: Runbook, actions: Mapping[str, Action]) -> Danger:
    """The worst that its actions can do."""
    found = [actions[name].danger for name in book.actions() if name in actions]
    return max(found, key=_WORSE.index, default=Danger.READS)


def _blame_names(marked: Marked, book: Runbook) -> None:
    seen: dict[str, int] = {}
    for place, step in enumerate(book.steps):
        for name in {step.name, step.key} - {""}:
            if seen.setdefault(name, place) != place:
                text = f"{name} is what another step is called, too (step {seen[name] + 1})"
                key = "name" if name == step.name else "as"
                marked.blame(("steps", place, key), text)


def _goes(data: Any, where: Where) -> Iterator[tuple[Where, str]]:
    """Every place in a step of a file that names another step."""
    for key in ("go", "else_go"):
        name = data.get(key)
        if isinstance(name, str):
            yield (*where, key), name
        elif isinstance(name, dict):
            yield from (((*where, key, answer), str(to)) for answer, to in name.items())
    for place, case in enumerate(data.get("cases") or ()):
        if isinstance(case, dict):
            yield from _goes(case, (*where, "cases", place))


def _blame_goes(marked: Marked, book: Runbook) -> None:
    names = [name for step in book.steps for name in (step.name, step.key) if name]
    for place, data in enumerate(marked.data["steps"]):
        for where, name in _goes(data, ("steps", place)):
            if name != END and name not in names:
                near = did_you_mean(name, [*names, END])
                marked.blame(where, f"no step is called {clean_line(name, 40)}{near}")


def _conditions(data: Any, where: Where, step: Any) -> Iterator[tuple[Where, Condition]]:
    """Every condition of a step, with its place."""
    if step.when is not None:
        yield from _flat((*where, "if"), step.when)
    if isinstance(step, Verify):
        yield from _flat((*where, "until"), step.until)
    if isinstance(step, Decide):
        for place, case in enumerate(step.cases):
            if case.when is not None:
                yield from _flat((*where, "cases", place, "if"), case.when)


def _flat(where: Where, one: Condition) -> Iterator[tuple[Where, Condition]]:
    yield where, one
    for more in one.also:
        yield from _flat(where, more)


def _blame_conditions(marked: Marked, book: Runbook) -> None:
    keys = {step.key for step in book.steps if isinstance(step, Look | Verify)} - {""}
    variables = book.variables()
    for place, (data, step) in enumerate(zip(marked.data["steps"], book.steps, strict=True)):
        for where, one in _conditions(data, ("steps", place), step):
            if one.source and one.source not in keys:
                near = did_you_mean(one.source, keys)
                marked.blame(where, f"no look is called {one.source} (as: names it){near}")
            if one.variable and one.variable not in variables:
                near = did_you_mean(one.variable, variables)
                marked.blame(where, f"nothing sets a variable {one.variable}{near}")
        if isinstance(step, Ask) and step.lines_of and step.lines_of not in keys:
            near = did_you_mean(step.lines_of, keys)
            marked.blame(("steps", place, "lines_of"), f"no look is called so (as: names it){near}")


def _texts(data: Any, where: Where) -> Iterator[tuple[Where, str]]:
    """Every text of a step of a file in which variables have places."""
    for key in ("look", "decide", "ask", "verify", "end", "say"):
        if isinstance(data.get(key), str):
            yield (*where, key), data[key]
    for key in ("with", "options"):
        for name, text in (data.get(key) or {}).items():
            yield (*where, key, name), str(text)
    for place, case in enumerate(data.get("cases") or ()):
        yield from _texts(case, (*where, "cases", place))


def _blame_places(marked: Marked, book: Runbook) -> None:
    variables = book.variables()
    for place, data in enumerate(marked.data["steps"]):
        for where, text in _texts(data, ("steps", place)):
            for name in places_in(text):
                if name not in variables:
                    near = did_you_mean(name, variables)
                    marked.blame(where, f"nothing sets the variable {{{name}}}{near}")


def _blame_actions(marked: Marked, book: Runbook, actions: Mapping[str, Action]) -> None:
    for place, step in enumerate(book.steps):
        if not isinstance(step, Do):
            continue
        where: Where = ("steps", place)
        action = actions.get(step.action)
        if action is None:
            near = did_you_mean(step.action, actions)
            marked.blame((*where, "do"), f"no action is called so{near}")
            continue
        _blame_given(marked, where, action, dict(step.given))


def _blame_given(marked: Marked, where: Where, action: Action, given: Mapping[str, str]) -> None:
    known = {one.name: one for one in action.arguments}
    for name, text in given.items():
        one = known.get(name)
        if one is None:
            takes = ", ".join(known) or "no arguments"
            text = f"{action.id} takes {takes}{did_you_mean(name, known)}"
            marked.blame((*where, "with", name), text, key=True)
        elif not places_in(text) and (wrong := one.fault(text)):
            marked.blame((*where, "with", name), wrong)
    lacking = [one.name for one in action.arguments if one.default is None]
    for name in lacking:
        if name not in given:
            marked.blame((*where, "do"), f"{action.id} needs {name}: give it by with:")
