"""YAML as plain data that remembers where each part stands, for faults as file:line:column.

Built from the parser's events, with a limit on depth: composing a file of 100,000 brackets ends
the process by a segmentation fault in the C parser's recursion.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from opsdash.config.scalars import resolve, trap
from opsdash.config.source_text import read_text
from opsdash.core.errors import ConfigError, Fault
from opsdash.core.text import clean_line, shorten

MAX_DEPTH = 24
MAX_NODES = 250_000
"""Values of a file with all aliases written out: a bomb of aliases is refused, not built."""

MAX_KEYS = 20_000
"""Keys of one mapping: a fleet has half as many hosts, and each costs time."""

MOST_FAULTS = 1_000
"""Of one file so many are told: whoever mends them runs it again."""

Where = tuple[str | int, ...]
"""The path to a value from the top: keys and list positions."""

Place = tuple[int, int]
"""Line and column, both from 1."""

SECRET_KEY = re.compile(r"(?:\w*_)?(?:password|passwd|passphrase|pass)", re.ASCII | re.IGNORECASE)
_SECRET_VALUE = re.compile(r"\$ANSIBLE_VAULT|-----BEGIN [A-Z ]*PRIVATE KEY|ENC\[AES256_GCM")
NO_SECRETS = "opsdash keeps no passwords or keys: use an agent or a key file"


@dataclass(slots=True)
class Marked:
    """A file's plain data, where each key and value stands, and what was found wrong with it.

    `names_lost` says that declarations of hosts or groups had to be left out: a name that is not
    known may then be a consequence, not a fault.
    """

    path: Path
    data: Any = None
    keys: dict[Where, Place] = field(default_factory=dict)
    values: dict[Where, Place] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    blamed: set[tuple[Where, bool]] = field(default_factory=set)
    names_lost: bool = False

    def place(self, where: Where, *, key: bool = False) -> Place:
        """Where a value (or its key) stands; inside an alias: where the alias stands."""
        if key and where in self.keys:
            return self.keys[where]
        while where and where not in self.values:
            where = where[:-1]
        return self.values.get(where, (1, 1))

    @property
    def full(self) -> bool:
        """Whether so much is wrong that no more is listed."""
        return len(self.faults) >= MOST_FAULTS

    def blame(self, where: Where, text: str, *, key: bool = False) -> None:
        """Note a fault of the value (or the key) at a path."""
        self.blamed.add((where, key))
        if self.full:
            return
        line, column = self.place(where, key=key)
        said = f"{dotted(where)}: {text}" if where else text
        if len(self.faults) == MOST_FAULTS - 1:
            said += f" (and more: no file has more than {MOST_FAULTS} faults listed)"
        self.faults.append(Fault(str(self.path), line, column, said))


def looks_secret(text: str) -> bool:
    """Whether text holds a key or what a vault has locked up: no file here may keep such."""
    return _SECRET_VALUE.search(text) is not None


def dotted(where: Where) -> str:
    """A path as people write it: ``groups.web.hosts[1].address``."""
    text = ""
    for part in where:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += f"{'.' if text else ''}{shorten(clean_line(part), 60)}"
    return text


def load_marked(path: Path, *, private: bool) -> Marked:
    """Read a YAML file; ConfigError if it can't be read at all, else faults are in the result."""
    return parse_marked(path, read_text(path, private=private))


def parse_marked(path: Path, text: str) -> Marked:
    """Understand YAML text; ConfigError if its syntax is broken, else faults are in the result."""
    marked = Marked(path)
    try:
        _Builder(marked, yaml.parse(text, Loader=_loader())).document()
    except yaml.MarkedYAMLError as error:
        raise ConfigError([*marked.faults, _syntax_fault(path, error)]) from None
    except yaml.YAMLError as error:
        raise ConfigError(
            [Fault(str(path), 0, 0, f"is not YAML: {clean_line(str(error))}")]
        ) from None
    return marked


def _loader() -> Any:
    return getattr(yaml, "CSafeLoader", yaml.SafeLoader)


_KINDER = {
    "found character that cannot start any token": (
        "a value can't begin with this character (tabs don't indent; quote @ ` % and the like)"
    ),
    "mapping values are not allowed in this context": "a second colon: quote the value",
    "mapping keys are not allowed in this context": 'what begins with ? must be in quotes: "?"',
    "did not find expected key": (
        "a key was expected here (a value that begins with { or a quote ends too early: "
        "quote all of it)"
    ),
}


def _syntax_fault(path: Path, error: yaml.MarkedYAMLError) -> Fault:
    problem = error.problem or "not YAML"
    mark = error.problem_mark or error.context_mark
    text = _KINDER.get(problem, clean_line(problem))
    if mark is None:
        return Fault(str(path), 0, 0, text)
    return Fault(str(path), mark.line + 1, mark.column + 1, text)


def _place_of(event: Any) -> Place:
    return event.start_mark.line + 1, event.start_mark.column + 1


class _Builder:
    """Turns parser events into plain data, and notes places and faults on the way."""

    def __init__(self, marked: Marked, events: Iterator[Any]) -> None:
        self._marked = marked
        self._events = events
        self._anchors: dict[str, tuple[Any, int]] = {}
        self._nodes = 0

    def document(self) -> None:
        """Read the one document of a file; an empty file leaves None."""
        next(self._events)  # the stream's start
        event = next(self._events)
        if isinstance(event, yaml.StreamEndEvent):
            return
        self._marked.data = self._node(next(self._events), ())
        next(self._events)  # the document's end
        event = next(self._events)
        if not isinstance(event, yaml.StreamEndEvent):
            self._stop(event, "a second document (---) begins here: one file holds one")

    def _node(self, event: Any, where: Where) -> Any:
        self._marked.values[where] = _place_of(event)
        self._count(event, 1)
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event)
        if event.tag is not None:
            self._refuse_tag(event, where)
        if len(where) > MAX_DEPTH:
            self._stop(event, f"is nested deeper than {MAX_DEPTH} levels")
        before = self._nodes
        if isinstance(event, yaml.ScalarEvent):
            value: Any = self._scalar(event, where)
        elif isinstance(event, yaml.SequenceStartEvent):
            value = self._sequence(where)
        else:
            value = self._mapping(where)
        if event.anchor:
            self._anchors[event.anchor] = (value, self._nodes - before + 1)
        return value

    def _alias(self, event: Any) -> Any:
        if event.anchor not in self._anchors:
            self._stop(event, f"*{shorten(event.anchor, 40)} stands before its anchor, or has none")
        value, nodes = self._anchors[event.anchor]
        self._count(event, nodes)
        return value

    def _count(self, event: Any, nodes: int) -> None:
        self._nodes += nodes
        if self._nodes > MAX_NODES:
            self._stop(event, f"more than {MAX_NODES:,} values with all aliases written out")

    def _refuse_tag(self, event: Any, where: Where) -> None:
        vault = "vault" in event.tag
        text = NO_SECRETS if vault else f"tags ({shorten(event.tag, 40)}) mean nothing here"
        self._marked.blame(where, text)

    def _scalar(self, event: Any, where: Where) -> Any:
        if looks_secret(event.value):
            self._marked.blame(where, NO_SECRETS)
            return None
        if not event.implicit[0]:
            return event.value
        if meaning := trap(event.value):
            self._blame_trap(where, event.value, meaning)
            return event.value
        return resolve(event.value)

    def _blame_trap(self, where: Where, word: str, meaning: str, *, key: bool = False) -> None:
        word = shorten(word, 40)
        text = f'{word} could be read as {meaning}: quote it ("{word}") if it is text'
        self._marked.blame(where, text, key=key)

    def _sequence(self, where: Where) -> list[Any]:
        items: list[Any] = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            items.append(self._node(event, (*where, len(items))))
        return items

    def _mapping(self, where: Where) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            if not isinstance(event, yaml.ScalarEvent):
                self._stop(
                    event, "a key should be a word (a value that begins with { or [: quote it)"
                )
            if len(found) >= MAX_KEYS:
                self._stop(event, f"more than {MAX_KEYS:,} keys in one mapping")
            key = (*where, event.value)
            self._key(event, key)
            found[event.value] = self._node(next(self._events), key)
        return found

    def _key(self, event: Any, where: Where) -> None:
        word = event.value
        known = self._marked.keys.get(where)
        self._marked.keys[where] = _place_of(event)
        if known is not None:
            text = f"stands here twice (first in line {known[0]})"
            self._marked.blame(where, text, key=True)
        if SECRET_KEY.fullmatch(word):
            self._marked.blame(where, NO_SECRETS, key=True)
        elif word == "<<":
            self._marked.blame(where, "merge keys are not read: use defaults: or a group", key=True)
        elif event.implicit[0]:
            self._check_bare_key(where, word)

    def _check_bare_key(self, where: Where, word: str) -> None:
        if not word:
            self._marked.blame(where[:-1], "a key is empty: give it a name", key=True)
            return
        meaning = trap(word)
        value = resolve(word)
        if not meaning and (value is None or isinstance(value, bool)):
            meaning = "empty" if value is None else "true or false"
        if meaning:
            self._blame_trap(where, word, meaning, key=True)

    def _stop(self, event: Any, text: str) -> None:
        """Give up on a file that can't be read on."""
        line, column = _place_of(event)
        raise ConfigError([*self._marked.faults, Fault(str(self._marked.path), line, column, text)])
