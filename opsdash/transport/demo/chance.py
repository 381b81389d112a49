"""Chance that can be repeated, and waves whose sum over time is known: nothing has to be kept."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from math import cos, sin, tau
from typing import TypeVar

T = TypeVar("T")

_PERIODS_S = ((86_400.0, 0.40), (1_747.0, 0.22), (311.0, 0.18), (47.3, 0.12), (5.9, 0.08))
"""How long each part of a wave is, and its share: a day, and what looks like noise every 2 s."""


def chance(*words: object) -> float:
    """A number from 0 to 1 (never 1 itself), for the same words always the same."""
    digest = blake2b(repr(words).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64


def between(low: float, high: float, *words: object) -> float:
    """A number from `low` to `high`, for the same words always the same."""
    return low + (high - low) * chance(*words)


def pick(choices: tuple[T, ...], *words: object) -> T:
    """One of several, for the same words always the same."""
    return choices[int(chance(*words) * len(choices))]


@dataclass(frozen=True, slots=True)
class Wave:
    """A slow day with quicker waves on it, between -1 and 1.

    `parts` are amplitude, angular speed (1/s) and phase of its sines.
    """

    parts: tuple[tuple[float, float, float], ...]

    def value(self, at_s: float) -> float:
        """Its height at a moment."""
        return sum([height * sin(speed * at_s + phase) for height, speed, phase in self.parts])

    def area(self, at_s: float) -> float:
        """Its height summed over time, but for a constant: two areas tell what lies between."""
        return sum(
            [-height / speed * cos(speed * at_s + phase) for height, speed, phase in self.parts]
        )


def wave(*words: object) -> Wave:
    """The wave of these words."""
    return Wave(
        tuple(
            (
                share,
                tau / (period_s * between(0.9, 1.1, number, *words)),
                tau * chance(number, words),
            )
            for number, (period_s, share) in enumerate(_PERIODS_S)
        )
    )
