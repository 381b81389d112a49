"""Host names in short: ``web[01:12]`` is twelve hosts, ``rack[1:3]-node[1:20:2]`` is thirty."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import product
from math import prod

from opsdash.core.target import checked_name

MAX_HOSTS = 10_000
"""Hosts that a fleet may have, and that one range may mean."""

_SPAN = re.compile(r"\[([0-9]{1,9}):([0-9]{1,9})(?::([0-9]{1,9}))?\]")
RESERVED = frozenset({"all", "none"})
"""Words that mean something else where a host's name stands: SELECT's all, jump: none."""


def names_of(text: str) -> tuple[str, ...]:
    """Every name that a name or range means, in order; ValueError says what is wrong with it.

    A leading zero in the first number pads all numbers to its width. The end is included.
    """
    if "[" not in text and "]" not in text:  # nearly every name
        return (_single(text),)
    parts = _SPAN.split(text)
    fixed = parts[0::4]
    spans = [_span(*found) for found in zip(parts[1::4], parts[2::4], parts[3::4], strict=True)]
    if any("[" in piece or "]" in piece for piece in fixed):
        raise ValueError("a range is written web[01:12] or web[1:20:2], with digits")
    if prod(len(numbers) for numbers, _ in spans) > MAX_HOSTS:
        raise ValueError(f"means more than {MAX_HOSTS:,} hosts")
    for end in (0, -1):  # the others differ in digits only; a long one is never made 10,000 times
        checked_name(next(_joined(fixed, [(one[end:][:1], width) for one, width in spans])))
    return tuple(_joined(fixed, spans))


def _single(name: str) -> str:
    if name in RESERVED:
        raise ValueError(f"{name!r} is a word of its own in selections and jump: not a host's name")
    return checked_name(name)


def _span(start: str, end: str, step: str | None) -> tuple[range, int]:
    width = len(start) if start.startswith("0") else 0
    if step is not None and int(step) == 0:
        raise ValueError("a range needs a step of 1 or more")
    numbers = range(int(start), int(end) + 1, int(step or 1))
    if not numbers:
        raise ValueError(f"the range [{start}:{end}] is empty: it runs from low to high")
    return numbers, width


def _joined(fixed: list[str], spans: list[tuple[range, int]]) -> Iterator[str]:
    for chosen in product(*(numbers for numbers, _ in spans)):
        text = fixed[0]
        for number, (_, width), piece in zip(chosen, spans, fixed[1:], strict=True):
            text += f"{number:0{width}d}{piece}" if width else f"{number}{piece}"
        yield text
