"""How well a few typed letters fit a name: for palettes and jumps."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple


class Fit(NamedTuple):
    """How well something fits (higher is better), and which of its characters were meant."""

    score: int
    places: tuple[int, ...]


def fit(typed: str, name: str) -> Fit | None:
    """Whether the typed letters are in a name, in order; None when they are not.

    The whole before its beginning, that before the beginning of a word, that before any part, and
    scattered letters last. Upper and lower case are alike; spaces part words that may lie apart.
    """
    text = name.lower()
    words = typed.lower().split()
    if not words:
        return Fit(0, ())
    fits = [_word_fit(word, text) for word in words]
    if any(found is None for found in fits):
        return None
    known = [found for found in fits if found is not None]
    places = sorted({place for found in known for place in found.places})
    return Fit(sum(found.score for found in known) - len(text) // 8, tuple(places))


def _word_fit(word: str, text: str) -> Fit | None:
    at = text.find(word)
    if at >= 0:
        starts = [i for i in _starts(word, text) if i == 0 or not text[i - 1].isalnum()]
        at = starts[0] if starts else at
        score = 400 if text == word else 300 if at == 0 else 200 if starts else 100
        return Fit(score, tuple(range(at, at + len(word))))
    places, start = [], 0
    for letter in word:
        start = text.find(letter, start)
        if start < 0:
            return None
        places.append(start)
        start += 1
    spread = places[-1] - places[0] - len(word)
    return Fit(max(1, 50 - spread), tuple(places))


def _starts(word: str, text: str) -> Iterable[int]:
    at = text.find(word)
    while at >= 0:
        yield at
        at = text.find(word, at + 1)
