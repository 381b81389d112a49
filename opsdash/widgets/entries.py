"""What can be picked from a list: commands of the palette, hosts to jump to, columns to copy."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from opsdash.core.fuzzy import Fit, fit


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing to pick. `run` gets what was typed behind the title, where it `takes` anything; in
    brackets: it may be left out.

    `key` is the key that does the same, `disabled` the reason why it can't be picked now.
    `preview` shows what picking it would do while it is pointed at (True), and takes that back.
    """

    title: str
    run: Callable[[str], None]
    about: str = ""
    key: str = ""
    takes: str = ""
    disabled: str = ""
    preview: Callable[[bool], None] | None = None

    @property
    def needs_argument(self) -> bool:
        """Whether it means nothing without something behind its title."""
        return bool(self.takes) and not self.takes.startswith("[")


@dataclass(frozen=True, slots=True)
class Match:
    """An entry that fits what was typed, the argument in it, and the letters that were meant."""

    entry: Entry
    argument: str
    places: tuple[int, ...]


def matches(entries: Sequence[Entry], typed: str) -> list[Match]:
    """The entries that fit, the best first, those that fit alike in their own order."""
    found: list[tuple[int, Match]] = []
    for entry in entries:
        hit = _hit(entry, typed)
        if hit is not None:
            score, match = hit
            found.append((score, match))
    found.sort(key=lambda pair: -pair[0])
    return [match for _, match in found]


RECALLED = 8
"""So many entries that were picked before come first."""


def recalled(entries: Sequence[Entry], lines: Sequence[str]) -> list[Entry]:
    """The entries, those first that were picked before: `lines` are their titles, with what was
    typed behind them, the latest first. One that was picked with words can be picked with the same.
    """
    by_title = {entry.title: entry for entry in entries}
    found = [one for text in lines if (one := _again(by_title, text)) is not None][:RECALLED]
    titles = {entry.title for entry in found}
    return [*found, *(entry for entry in entries if entry.title not in titles)]


def _again(by_title: Mapping[str, Entry], text: str) -> Entry | None:
    """What a remembered line stands for; None: there is no such entry any more."""
    if (whole := by_title.get(text)) is not None:
        return whole
    spaces = [place for place, letter in enumerate(text) if letter == " "]
    for place in reversed(spaces):  # a title may have several words
        head, argument = text[:place], text[place + 1 :]
        entry = by_title.get(head)
        if entry is not None and entry.takes:
            return replace(entry, title=text, run=_with(entry, argument), takes="", key="")
    return None


def _with(entry: Entry, argument: str) -> Callable[[str], None]:
    return lambda _: entry.run(argument)


ALL_OF_IT = 1_000


def _hit(entry: Entry, typed: str) -> tuple[int, Match] | None:
    if entry.takes:
        head, argument = typed.strip()[: len(entry.title)], typed.strip()[len(entry.title) :]
        if argument[:1] == " " and head.lower() == entry.title.lower():
            return ALL_OF_IT, Match(entry, argument.strip(), tuple(range(len(head))))
    hit: Fit | None = fit(typed, entry.title)
    return None if hit is None else (hit.score, Match(entry, "", hit.places))
