"""What screens remember between runs: how lists were looked at, and what was typed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from opsdash.core.view import View

HISTORY = 50
"""Lines of each kind that are remembered."""

NAME_LIMIT = 40
"""Characters that the name of a saved view may have."""


@dataclass(frozen=True, slots=True)
class Kept:
    """The last view of each page, saved views by name, and what was typed, newest first."""

    last: Mapping[str, View]
    saved: Mapping[str, View]
    history: Mapping[str, tuple[str, ...]]


NOTHING_KEPT = Kept({}, {}, {})


class Keeper(Protocol):
    """Where it is kept; `keep` returns at once, whatever the disk does."""

    @property
    def kept(self) -> Kept:
        """What is remembered now."""
        ...

    def keep(self, kept: Kept) -> None:
        """Remember this from now on."""
        ...


class Forgetful:
    """Remembers until the end of the program."""

    def __init__(self) -> None:
        self.kept = NOTHING_KEPT

    def keep(self, kept: Kept) -> None:
        """Remember this from now on."""
        self.kept = kept


def with_typed(history: tuple[str, ...], text: str) -> tuple[str, ...]:
    """The history after one more line was typed: the newest first, each once."""
    return (text, *(old for old in history if old != text))[:HISTORY] if text else history
