"""What a first start can offer: hosts that other programs' files name already."""

from __future__ import annotations

from dataclasses import dataclass


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
