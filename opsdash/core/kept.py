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

    async def kept_safely(self) -> str:
        """Wait until what was kept last is where it lasts; why it is not, empty: it is."""
        ...

    @property
    def notice(self) -> str:
        """What was wrong with what an earlier run left, one sentence; empty: nothing."""
        ...


class Forgetful:
    """Remembers until the end of the program."""

    notice = ""

    def __init__(self) -> None:
        self.kept = NOTHING_KEPT

    def keep(self, kept: Kept) -> None:
        """Remember this from now on."""
        self.kept = kept

    async def kept_safely(self) -> str:
        """It never lasts longer than the program, so nothing can fail."""
        return ""


def with_typed(history: tuple[str, ...], text: str) -> tuple[str, ...]:
    """The history after one more line was typed: the newest first, each once."""
    return (text, *(old for old in history if old != text))[:HISTORY] if text else history


@dataclass(frozen=True, slots=True)
class Changes:
    """What one program did to what is kept, since its start; a saved view of None is forgotten."""

    last: Mapping[str, View]
    saved: Mapping[str, View | None]
    history: Mapping[str, tuple[str, ...]]

    def after(self, old: Kept, new: Kept) -> Changes:
        """These, and what makes `new` out of `old`."""
        gone = dict.fromkeys(name for name in old.saved if name not in new.saved)
        typed = {
            name: _once((*_fresh(old.history.get(name, ()), lines), *self.history.get(name, ())))
            for name, lines in new.history.items()
        }
        return Changes(
            {**self.last, **_other(old.last, new.last)},
            {**self.saved, **gone, **_other(old.saved, new.saved)},
            {**self.history, **{name: lines for name, lines in typed.items() if lines}},
        )

    def over(self, kept: Kept) -> Kept:
        """What others may have kept meanwhile, with these changes made to it."""
        saved = {**kept.saved, **self.saved}
        history = {
            name: _once((*lines, *kept.history.get(name, ())))
            for name, lines in self.history.items()
        }
        return Kept(
            {**kept.last, **self.last},
            {name: view for name, view in saved.items() if view is not None},
            {**kept.history, **history},
        )


NO_CHANGES = Changes({}, {}, {})


def _other(old: Mapping[str, View], new: Mapping[str, View]) -> dict[str, View]:
    return {name: view for name, view in new.items() if old.get(name) != view}


def _fresh(old: tuple[str, ...], new: tuple[str, ...]) -> tuple[str, ...]:
    """The lines that were typed between two histories; an old line typed again is the first."""
    again = new[:1] if new[:1] != old[:1] else ()
    return _once((*again, *(text for text in new if text not in old)))


def _once(history: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(history))[:HISTORY]
