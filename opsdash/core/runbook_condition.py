"""Conditions of runbooks: what must hold of an output or of a variable, and the variables that an
output fills. What a host printed is data here, whatever it holds.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from opsdash.core.action import any_text
from opsdash.core.text import clean_line

MOST_TEXT = 262_144
"""Characters of an output that conditions look at: a pattern that backtracks is slow on more."""

LONGEST_VALUE = 4096
"""Characters of a variable: longer than any path. What is longer is not taken."""

WORDS_WIDTH = 200
"""Characters of a variable where it stands in a sentence."""

_PLACE = re.compile(r"\{([a-z][a-z0-9_]{0,39})\}")
_NUMBER = re.compile(r"\s*[-+]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)\s*", re.ASCII)


def places_in(text: str) -> tuple[str, ...]:
    """The variables that a text has places for: ``{name}``."""
    return tuple(_PLACE.findall(text))


def filled(text: str, variables: Mapping[str, str]) -> str:
    """A text with its variables as they are: for arguments, which are quoted later. What has no
    value yet is empty.
    """
    return _PLACE.sub(lambda found: variables.get(found[1], ""), text)


def in_words(text: str, variables: Mapping[str, str]) -> str:
    """A sentence with its variables, made safe to show."""
    safe = {name: clean_line(value, WORDS_WIDTH) for name, value in variables.items()}
    return clean_line(filled(text, safe))


def value_fault(value: str) -> str:
    """Why a text can't be a variable's value; empty: it can."""
    if wrong := any_text(value):
        return wrong
    if len(value) > LONGEST_VALUE:
        return f"it is longer than {LONGEST_VALUE} characters"
    try:
        value.encode()
    except UnicodeEncodeError:
        return "it is not valid UTF-8"
    return ""


@dataclass(frozen=True, slots=True)
class Output:
    """What a look printed: `status` is its exit status (None: it was cut off, and has none),
    `truncated` says that there was more.
    """

    status: int | None = 0
    stdout: str = ""
    stderr: str = ""
    truncated: bool = False


@dataclass(frozen=True, slots=True)
class Condition:
    """What must hold, all parts of it.

    `source` names the look whose output is meant (empty: the one at hand): `matches` is found in
    it, `lacks` is not, `status` is its exit status (`not_status`: it is another), it is `empty` or
    not. `variable` is compared: as a number (`at_least`, `below`), as text (`equals`, `differs`).
    `also` holds, too.
    """

    source: str = ""
    matches: re.Pattern[str] | None = None
    lacks: re.Pattern[str] | None = None
    status: int | None = None
    not_status: int | None = None
    empty: bool | None = None
    variable: str = ""
    at_least: float | None = None
    below: float | None = None
    equals: str | None = None
    differs: str | None = None
    also: tuple[Condition, ...] = ()

    @property
    def reads_output(self) -> bool:
        """Whether it asks something of an output, not only of a variable."""
        return any(
            part is not None
            for part in (self.matches, self.lacks, self.status, self.not_status, self.empty)
        )

    def captures(self) -> tuple[str, ...]:
        """The variables that its patterns' named groups set, when it holds."""
        own = tuple(self.matches.groupindex) if self.matches is not None else ()
        return own + tuple(name for one in self.also for name in one.captures())

    def held(
        self, outputs: Mapping[str, Output], variables: Mapping[str, str]
    ) -> dict[str, str] | None:
        """The variables that it sets if it holds, else None. Of a look that was not run nothing
        holds, and of an output that was cut off neither `lacks` nor that it is empty.
        """
        found: dict[str, str] = {}
        if self.reads_output:
            output = outputs.get(self.source)
            taken = None if output is None else self._taken(output)
            if taken is None:
                return None
            found.update(taken)
        if self.variable and not self._compared({**variables, **found}.get(self.variable)):
            return None
        for one in self.also:
            more = one.held(outputs, {**variables, **found})
            if more is None:
                return None
            found.update(more)
        return found

    def _taken(self, output: Output) -> dict[str, str] | None:
        if self.status is not None and output.status != self.status:
            return None
        if self.not_status is not None and output.status == self.not_status:
            return None
        text = output.stdout[:MOST_TEXT]
        whole = not output.truncated and len(text) == len(output.stdout)
        if self.empty is not None and (self.empty != (not text.strip()) or (self.empty > whole)):
            return None
        if self.lacks is not None and (not whole or self.lacks.search(text)):
            return None
        if self.matches is None:
            return {}
        match = self.matches.search(text)
        if match is None:
            return None
        groups = {name: value or "" for name, value in match.groupdict().items()}
        return None if any(value and value_fault(value) for value in groups.values()) else groups

    def _compared(self, value: str | None) -> bool:
        if value is None:
            return False
        if self.at_least is not None or self.below is not None:
            if not _NUMBER.fullmatch(value):
                return False
            number = float(value)
            if self.at_least is not None and number < self.at_least:
                return False
            if self.below is not None and number >= self.below:
                return False
        if self.equals is not None and value != self.equals:
            return False
        return self.differs is None or value != self.differs
