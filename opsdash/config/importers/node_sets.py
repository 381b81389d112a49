"""ClusterShell's node sets: ``node[1-10,15]``, ``@group``, and what lies between them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import product
from math import prod

from opsdash.config.importers.found import shown
from opsdash.config.ranges import MAX_HOSTS

Names = dict[str, None]
"""Names in order, each once."""

LONGEST = 262_144
"""A node set may be this long: 10,000 names fit."""

_TERM = re.compile(r"([,!&^]*)((?:[^,!&^\[\]]|\[[^\[\]]*\])+)")
_BRACKET = re.compile(r"\[([^\[\]]*)\]")
_PART = re.compile(r"([0-9]{1,9})(?:-([0-9]{1,9})(?:/([0-9]{1,9}))?)?")


def expand(text: str, group: Callable[[str], Names]) -> Names:
    """The names that a node set means; `group` gives those of a group (its name without ``@``).

    Operators hold from left to right, as in ClusterShell: ``,`` adds, ``!`` takes away, ``&`` keeps
    what both have, ``^`` what only one has. What blanks divide is added in the end. ValueError says
    what is wrong.
    """
    if len(text) > LONGEST:
        raise ValueError(f"{shown(text)}: is longer than {LONGEST:,} characters")
    found: Names = {}
    for part in re.sub(r"\s*([,!&^])\s*", r"\1", text).split():
        found.update(_worked_out(part, group))
    if len(found) > MAX_HOSTS:
        raise ValueError(f"{shown(text)} means more than {MAX_HOSTS:,} hosts")
    return found


def _worked_out(text: str, group: Callable[[str], Names]) -> Names:
    found: Names = {}
    end = 0
    for matched in _TERM.finditer(text):
        if matched.start() != end:
            break
        end = matched.end()
        names = _term(matched[2], group)
        match matched[1].strip(",")[:1]:
            case "!":
                found = {name: None for name in found if name not in names}
            case "&":
                found = {name: None for name in found if name in names}
            case "^":
                both = found.keys() & names.keys()
                found = {name: None for name in (*found, *names) if name not in both}
            case _:
                found.update(names)
    if text[end:].strip(","):
        raise ValueError(f"{shown(text)}: a node set is written node[1-10,15] or @group")
    return found


def _term(text: str, group: Callable[[str], Names]) -> Names:
    if "*" in text or "?" in text:
        raise ValueError(f"{shown(text)}: wildcards are not understood: write the names")
    if not text.startswith("@"):
        return dict.fromkeys(folded(text))
    found: Names = {}
    for name in folded(text[1:]):
        found.update(group(name))
    return found


def folded(text: str) -> Iterator[str]:
    """Every name that a folded one means, in order; ValueError if it is none, or too many."""
    parts = _BRACKET.split(text)
    fixed, sets = parts[0::2], [_numbers(inside) for inside in parts[1::2]]
    if prod(map(len, sets)) > MAX_HOSTS:
        raise ValueError(f"{shown(text)} means more than {MAX_HOSTS:,} hosts")
    for chosen in product(*sets):
        yield fixed[0] + "".join(
            piece for pair in zip(chosen, fixed[1:], strict=True) for piece in pair
        )


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
