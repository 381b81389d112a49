"""How much work an import may be: groups of groups can mean more than any file could hold."""

from __future__ import annotations

from dataclasses import dataclass


class TooMuchWork(Exception):
    """The groups mean so many names together that no fleet can be meant."""


@dataclass(slots=True)
class Work:
    """How many names may still be looked at, for all groups of an import together."""

    left: int

    def spend(self, names: int) -> None:
        """Note that so many names are looked at; TooMuchWork when it is too much."""
        self.left -= names
        if self.left < 0:
            raise TooMuchWork
