"""What a first start can offer: hosts that other programs' files name already."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Offer:
    """Hosts that a file of another program names and that were not imported from it yet.

    `kind` is the importer (``ssh-config``, ``ansible``), `path` the file as people write it,
    `hosts` how many it names, `command` what a shell takes to write them down for opsdash.
    """

    kind: str
    path: str
    hosts: int
    command: str


@dataclass(frozen=True, slots=True)
class Preview:
    """What an import would write: `text` into the file `target`. `hosts` says how many it declares;
    `notes` has what else is worth a word, those that are left out and why among it.
    """

    kind: str
    source: str
    target: str
    text: str
    hosts: int
    notes: tuple[str, ...] = ()


class Importer(Protocol):
    """Takes hosts over that other programs' files name."""

    @property
    def offers(self) -> tuple[Offer, ...]:
        """What was found and not taken over yet; none where it could not be read afterwards."""
        ...

    async def preview(self, kind: str, path: str = "") -> Preview:
        """What importing a file would write (empty: the usual one of its kind); ConfigError."""
        ...

    async def take_over(self, preview: Preview) -> str:
        """Write it, and put it in force; says what came of it. ConfigError if it can't be done."""
        ...
