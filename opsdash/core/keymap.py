"""Keys as data: what they do and where they count, and which ones a person gave to what.

Screens make their bindings of this; ``opsdash keys``, the docs and keys.yaml need no screen for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property


class Place(StrEnum):
    """What has the keyboard when a key is pressed."""

    PAGE = "page"
    FIELD = "field"
    PICKER = "picker"
    TEXT = "text"
    PROMPT = "prompt"


PLACES = {
    Place.FIELD: "while you type",
    Place.PICKER: "in the palette",
    Place.TEXT: "on a page of text",
    Place.PROMPT: "in a question",
}
"""In words, where else than on a page keys count."""


@dataclass(frozen=True, slots=True)
class Key:
    """One thing that keys do: its id, its usual keys (parted by spaces), and the action behind it.

    `words` stand behind the key in the last line where `hint` says so, `about` explains it.
    `opens` something to type in: it acts before the next key is looked at, and is text while
    somebody types. `first` acts before all others, whoever types. `turn` names those of which only
    one is in force at a time, so that they may share a key. `keeps` says what would be lost if no
    key were left.
    """

    id: str
    usual: str
    action: str
    words: str
    about: str = ""
    hint: bool = False
    opens: bool = False
    first: bool = False
    turn: str = ""
    keeps: str = ""

    @property
    def keys(self) -> tuple[str, ...]:
        """The usual keys, as they are written on keyboards."""
        return tuple(self.usual.split())

    @property
    def does(self) -> str:
        """What it does, in words for a list."""
        return self.about or self.words


@dataclass(frozen=True, slots=True)
class KeySet:
    """The keys of one part of the screen, by a name; `title` heads them in help.

    `pages` are the slugs of the pages that have them; none: every page has. With `typing` letters
    are text there, and can't be keys.
    """

    id: str
    title: str
    places: tuple[Place, ...]
    keys: tuple[Key, ...]
    pages: tuple[str, ...] = ()
    typing: bool = False


@dataclass(frozen=True, slots=True)
class Registry:
    """Every key of every part of the program."""

    sets: tuple[KeySet, ...]

    def __iter__(self) -> Iterator[Key]:
        """Every key, each once."""
        return (key for one in self.sets for key in one.keys)

    def by_id(self) -> dict[str, Key]:
        """Every key by its id."""
        return {key.id: key for key in self}

    def home(self, name: str) -> KeySet:
        """The set that a key belongs to; KeyError for an id that is none."""
        return next(one for one in self.sets if any(key.id == name for key in one.keys))

    def contexts(self) -> dict[str, tuple[Key, ...]]:
        """The keys that count at the same time, by what has the keyboard, in words."""
        pages = dict.fromkeys(page for one in self.sets for page in one.pages)
        found = {f"on the page {page}": tuple(self._on_page(page)) for page in pages}
        for place, words in PLACES.items():
            own = [key for one in self.sets if place in one.places for key in one.keys]
            found[words] = (*own, *self._over(place))
        return found

    def _over(self, place: Place) -> Iterator[Key]:
        """What acts first counts over everything; what opens a field only where nobody types."""
        for one in self.sets:
            if place not in one.places and not one.pages:
                yield from (k for k in one.keys if k.first or (k.opens and place is Place.TEXT))

    def _on_page(self, page: str) -> Iterator[Key]:
        for one in self.sets:
            if Place.PAGE in one.places and (not one.pages or page in one.pages):
                yield from one.keys


@dataclass(frozen=True)
class Keymap:
    """The keys that are in force: `given` are those that differ from the usual ones, by id."""

    registry: Registry
    given: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @cached_property
    def keys(self) -> Mapping[str, tuple[str, ...]]:
        """The keys of every id; none where it has no key."""
        return {key.id: self.given.get(key.id, key.keys) for key in self.registry}

    def of(self, name: str) -> str:
        """The first key of an id as it is written on a keyboard; empty where it has none."""
        return next(iter(self.keys.get(name, ())), "")

    def sentence(self, name: str, before: str = "", after: str = "") -> str:
        """A piece of a sentence round a key; empty where there is no such key."""
        return f"{before}{key}{after}" if (key := self.of(name)) else ""

    def clashes(self) -> dict[tuple[str, str], tuple[str, tuple[str, ...]]]:
        """Two ids on one key, with that key and the contexts in which both count."""
        found: dict[tuple[str, str], tuple[str, tuple[str, ...]]] = {}
        for context, keys in self.registry.contexts().items():
            for key, one, other in _twice(self.keys, keys):
                _, before = found.get((one, other), ("", ()))
                found[one, other] = (key, (*before, context))
        return found

    def lost(self) -> dict[str, tuple[str, ...]]:
        """What nothing leads to any more, in words, with the ids that would."""
        keeping: dict[str, list[str]] = {}
        for key in self.registry:
            if key.keeps:
                keeping.setdefault(key.keeps, []).append(key.id)
        return {
            kept: tuple(names)
            for kept, names in keeping.items()
            if not any(self.keys[name] for name in names)
        }


def _twice(
    keymap: Mapping[str, tuple[str, ...]], keys: Iterable[Key]
) -> Iterator[tuple[str, str, str]]:
    """Each key that two ids claim, which do not take turns."""
    owners: dict[str, list[Key]] = {}
    for one in keys:
        for key in keymap[one.id]:
            for other in owners.setdefault(key, []):
                if not (one.turn and one.turn == other.turn):
                    yield key, other.id, one.id
            owners[key].append(one)
