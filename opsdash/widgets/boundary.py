"""The boundary "panel show": a fault in drawing costs one panel a sentence, not the program."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Undrawable:
    """Why something could not be drawn, as a sentence."""

    text: str


def attempt(draw: Callable[[], T]) -> T | Undrawable:
    """What `draw` returns, or why it could not."""
    try:
        return draw()
    except Exception as error:  # noqa: BLE001 - the named boundary "panel show"
        return Undrawable(
            f"this can't be drawn ({type(error).__name__}: {error}): please report it"
        )
