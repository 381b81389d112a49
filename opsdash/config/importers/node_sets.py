"""ClusterShell's node sets: ``node[1-10,15]``, ``@group``, and what lies between them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import product

from opsdash.config.importers.found import shown
from opsdash.config.importers.work import Work
from opsdash.config.ranges import MAX_HOSTS
from opsdash.core.target import LONGEST as LONGEST_NAME

Names = dict[str, None]
"""Names in order, each once."""

LONGEST = 262_144
"""A node set may be this long: 10,000 names fit."""

MOST_NAMES = 1_000_000
"""Names that all groups of an import may take to work out: 10,000 hosts in 100 groups each."""

_TERM = re.compile(r"([,!&^]*)((?:[^,!&^\[\]]|\[[^\[\]]*\])+)")
_BRACKET = re.compile(r"\[([^\[\]]*)\]")
_PART = re.compile(r"([0-9]{1,9})(?:-([0-9]{1,9})(?:/([0-9]{1,9}))?)?")


def expand(text: str, group: Callable[[str], Names], work: Work | None = None) -> Names:
    """The names that a node set means; `group` gives those of a group (its name without ``@``).

    Operators hold from left to right, as in ClusterShell: ``,`` adds, ``!`` takes away, ``&`` keeps
    what both have, ``^`` what only one has. What blanks divide is added in the end. ValueError says
    what is wrong. `work` is what all groups have together; None: all of it is for this one.
    """
    work = work or Work(MOST_NAMES)
    found: Names = {}
    for part in _parts(text):
        found.update(_worked_out(part, group, work))
    if len(found) > MAX_HOSTS:
        raise ValueError(f"{shown(text)} means more than {MAX_HOSTS:,} hosts")
    return found


def groups_in(text: str, work: Work) -> Names:
    """The groups that a node set names, as it writes them (without ``@``); ValueError as above."""
    found: Names = {}
    for part in _parts(text):
        for _, term in _terms(part):
            if term.startswith("@"):
                names = folded(term[1:])
                work.spend(len(names))
                found.update(dict.fromkeys(names))
    return found


def _parts(text: str) -> list[str]:
    """What blanks divide that stand beside no operator."""
    if len(text) > LONGEST:
        raise ValueError(f"{shown(text)}: is longer than {LONGEST:,} characters")
    return re.sub(r" ?([,!&^]) ?", r"\1", " ".join(text.split())).split()


def _terms(text: str) -> Iterator[tuple[str, str]]:
    """Every name or group of a part, with the operator before it (empty: it is added)."""
    end = 0
    # from where the last one ended: a search would try every place of a long text
    while matched := _TERM.match(text, end):
        end = matched.end()
        if set(matched[2]) & {"*", "?"}:
            raise ValueError(f"{shown(text)}: wildcards are not understood: write the names")
        yield matched[1].strip(",")[:1], matched[2]
    if text[end:].strip(","):
        raise ValueError(f"{shown(text)}: a node set is written node[1-10,15] or @group")


def _worked_out(text: str, group: Callable[[str], Names], work: Work) -> Names:
    found: Names = {}
    for operator, term in _terms(text):
        names = _meant(term, group, work)
        work.spend(len(found) if operator else 0)
        match operator:
            case "!":
                found = {name: None for name in found if name not in names}
            case "&":
                found = {name: None for name in found if name in names}
            case "^":
                both = found.keys() & names.keys()
                found = {name: None for name in (*found, *names) if name not in both}
            case _:
                found.update(names)
    return found


def _meant(term: str, group: Callable[[str], Names], work: Work) -> Names:
    if not term.startswith("@"):
        own = folded(term)
        work.spend(len(own))
        return dict.fromkeys(own)
    found: Names = {}
    for name in folded(term[1:]):
        names = group(name)
        work.spend(len(names))
        found.update(names)
    return found


def folded(text: str) -> list[str]:
    """Every name that a folded one means, in order; ValueError if it is none, or too many."""
    parts = _BRACKET.split(text)
    fixed, sets, many = parts[0::2], [], 1
    for inside in parts[1::2]:
        sets.append(_numbers(inside))
        many *= len(sets[-1])
        if many > MAX_HOSTS:  # at once: each of 30,000 brackets could hold 10,000 numbers
            raise ValueError(f"{shown(text)} means more than {MAX_HOSTS:,} hosts")
    longest = sum(map(len, fixed)) + sum(len(numbers[-1]) for numbers in sets)
    if many > 1 and longest > LONGEST_NAME:  # or 10,000 names of 200 KB each
        raise ValueError(f"{shown(text)} means names of more than {LONGEST_NAME} characters")
    return ["".join(_woven(fixed, chosen)) for chosen in product(*sets)]


def _woven(fixed: list[str], chosen: tuple[str, ...]) -> Iterator[str]:
    yield fixed[0]
    for number, piece in zip(chosen, fixed[1:], strict=True):
        yield number
        yield piece


def _numbers(inside: str) -> list[str]:
    found: list[str] = []
    for part in inside.split(","):
        matched = _PART.fullmatch(part.strip())
        if matched is None:
            raise ValueError(f"[{shown(inside)}]: a range is written [1-10,15] or [0-8/2]")
        first, last, step = matched[1], matched[2] or matched[1], int(matched[3] or 1)
        numbers = range(int(first), int(last) + 1, step) if step else range(0)
        if not numbers:
            raise ValueError(f"[{shown(part)}] is empty: a range runs from low to high")
        if len(numbers) + len(found) > MAX_HOSTS:
            raise ValueError(f"[{shown(part)}] means more than {MAX_HOSTS:,} hosts")
        width = len(first) if first.startswith("0") else 0
        found += [f"{number:0{width}d}" if width else str(number) for number in numbers]
    return found
