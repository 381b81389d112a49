"""What all filters are made of: words of text, ``/expression/``, and ``!`` before them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TypeVar

from opsdash.core.errors import SelectionError

LONGEST = 1000
"""Characters that a filter may have: nobody types more, and a pasted file is none."""

_WORD = re.compile(r'!?(?:/(?:[^/\\]|\\.)*/?(?=\s|$)|(?:[^\s"]|"[^"]*("|$))+)')

Test = TypeVar("Test")
Search = Callable[[str], bool]
Compile = Callable[[str], Search]
"""Makes a regular expression; SelectionError where it is none. It must take linear time whatever
is typed: it is searched in every host or line, at every key, by the loop that also polls."""


class FilterError(SelectionError):
    """A filter that means nothing: which part of the text (from, to), why, and what would do."""

    def __init__(self, text: str, start: int, end: int) -> None:
        self.start, self.end = start, end
        super().__init__(text)


def understood(text: str, test: Callable[[str], Test]) -> Iterator[Test]:
    """What `test` makes of each word of a filter; FilterError says which word is wrong, where, and
    why: it raises SelectionError.
    """
    if len(text) > LONGEST:
        raise FilterError(f"a filter has at most {LONGEST} characters", LONGEST, len(text))
    for found in _WORD.finditer(text):
        try:
            yield test(found.group())
        except SelectionError as error:
            raise FilterError(str(error), found.start(), found.end()) from error


def split_words(text: str) -> list[str]:
    """The words of a text as a filter has them: an expression or what is in quotes is one."""
    return [found.group() for found in _WORD.finditer(text)]


def turned(word: str) -> tuple[str, bool]:
    """A word without the ``!`` that turns it round, and whether there is one."""
    if not word.startswith("!"):
        return word, False
    if len(word) == 1 or word[1] == "!":
        raise SelectionError("one '!' turns the word behind it round: !staging")
    return word[1:], True


def between_slashes(word: str) -> str:
    """The expression in ``/…/``; the second slash may be missing."""
    body = word[1:-1] if len(word) > 1 and word.endswith("/") else word[1:]
    if not body:
        raise SelectionError("there is no expression between the slashes: /^web/")
    return body


def unquoted(text: str) -> str:
    """Without the quotes that kept its spaces together."""
    return text.replace('"', "")


def alternatives(text: str) -> list[str]:
    """The parts of ``a|b``, in lower case."""
    parts = [part for part in text.lower().split("|") if part]
    if not parts:
        raise SelectionError("there is no text to look for")
    return parts
