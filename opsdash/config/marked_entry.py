"""One mapping of a YAML file, each of its values checked where it stands."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from opsdash.config.marked_yaml import Marked, Where
from opsdash.core.text import clean_line, did_you_mean

T = TypeVar("T")

LONGEST_NAME = 40


def check_name(marked: Marked, where: Where) -> None:
    """Blame the name of a mapping, the last part of its place, if people could not read it."""
    name = str(where[-1])
    if not name.isprintable() or len(name) > LONGEST_NAME or name != clean_line(name):
        text = f"a name has at most {LONGEST_NAME} characters, all of them to be seen"
        marked.blame(where, text, key=True)


@dataclass(frozen=True, slots=True)
class Entry:
    """A mapping and its place; None stands for a value that is not there or no good."""

    marked: Marked
    where: Where
    data: Mapping[str, Any]

    def blame(self, key: str, text: str) -> None:
        """Note a fault of a value."""
        self.marked.blame((*self.where, key), text)

    def check_keys(self, known: Sequence[str], kinder: Mapping[str, str] | None = None) -> None:
        """Blame those that mean nothing; `kinder` has better words for some of them."""
        for key in self.data:
            if key not in known:
                said = (kinder or {}).get(key) or did_you_mean(key, known)
                self.marked.blame((*self.where, key), f"unknown key{said}", key=True)

    def value(self, key: str, understand: Callable[[Any], T]) -> T | None:
        """A value, understood; None where there is none, or a bad one."""
        if key not in self.data:
            return None
        try:
            return understand(self.data[key])
        except ValueError as error:
            self.blame(key, str(error))
        return None
