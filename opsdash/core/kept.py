"""What screens remember between runs: how lists were looked at, what was typed, what was chosen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol, TypeVar

from opsdash.core.view import View

T = TypeVar("T")

HISTORY = 50
"""Lines of each kind that are remembered."""

NAME_LIMIT = 40
"""Characters that the name of a saved view or of a choice may have."""

CHOICES, CHOICE_LIMIT = 100, 100
"""How many choices are remembered, and how many characters each of them may have."""


@dataclass(frozen=True, slots=True)
class Kept:
    """The last view of each page, saved views by name, and what was typed, newest first.

    `choices` are small things that a person chose once, by name: a theme, a hint that is not to
    be shown again.
    """

    last: Mapping[str, View]
    saved: Mapping[str, View]
    history: Mapping[str, tuple[str, ...]]
    choices: Mapping[str, str] = field(default_factory=dict)


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


def keep_typed(keeper: Keeper, kind: str, text: str) -> None:
    """Remember a line that was typed, among those of its kind."""
    kept = keeper.kept
    typed = with_typed(kept.history.get(kind, ()), text)
    keeper.keep(replace(kept, history={**kept.history, kind: typed}))


@dataclass(frozen=True, slots=True)
class Changes:
    """What one program did to what is kept, since its start.

    A saved view or a choice of None is forgotten.
    """

    last: Mapping[str, View]
    saved: Mapping[str, View | None]
    history: Mapping[str, tuple[str, ...]]
    choices: Mapping[str, str | None] = field(default_factory=dict)

    def after(self, old: Kept, new: Kept) -> Changes:
        """These, and what makes `new` out of `old`."""
        typed = {
            name: _once((*_fresh(old.history.get(name, ()), lines), *self.history.get(name, ())))
            for name, lines in new.history.items()
        }
        return Changes(
            {**self.last, **_other(old.last, new.last)},
            {**self.saved, **_gone(old.saved, new.saved), **_other(old.saved, new.saved)},
            {**self.history, **{name: lines for name, lines in typed.items() if lines}},
            {**self.choices, **_gone(old.choices, new.choices), **_other(old.choices, new.choices)},
        )

    def over(self, kept: Kept) -> Kept:
        """What others may have kept meanwhile, with these changes made to it."""
        history = {
            name: _once((*lines, *kept.history.get(name, ())))
            for name, lines in self.history.items()
        }
        return Kept(
            {**kept.last, **self.last},
            _left({**kept.saved, **self.saved}),
            {**kept.history, **history},
            _left({**kept.choices, **self.choices}),
        )


NO_CHANGES = Changes({}, {}, {})


def _other(old: Mapping[str, T], new: Mapping[str, T]) -> dict[str, T]:
    return {name: value for name, value in new.items() if old.get(name) != value}


def _gone(old: Mapping[str, T], new: Mapping[str, T]) -> dict[str, None]:
    return dict.fromkeys(name for name in old if name not in new)


def _left(found: Mapping[str, T | None]) -> dict[str, T]:
    return {name: value for name, value in found.items() if value is not None}


def _fresh(old: tuple[str, ...], new: tuple[str, ...]) -> tuple[str, ...]:
    """The lines that were typed between two histories; an old line typed again is the first."""
    again = new[:1] if new[:1] != old[:1] else ()
    return _once((*again, *(text for text in new if text not in old)))


def _once(history: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(history))[:HISTORY]
