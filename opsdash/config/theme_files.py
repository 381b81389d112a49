"""The theme files while the program runs: read again when one of them was saved."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from opsdash.config.stamps import Stamp, stamps_in
from opsdash.config.themes import find_themes, told, usable
from opsdash.core.theme import Theme


class ThemeFiles:
    """The themes of some folders, a later folder's over an earlier one's."""

    def __init__(self, folders: Sequence[Path]) -> None:
        self._folders = folders
        self._stamps: dict[str, Stamp] = {}
        self.broken: tuple[tuple[str, str], ...] = ()

    def read(self) -> tuple[dict[str, Theme], tuple[str, ...]]:
        """All themes by name, and what is wrong with any file, as load_themes().

        `broken` names those that can't be used from then on, each with its first fault.
        """
        self._stamps = self._look()  # before it is read: what is saved meanwhile is news
        found, notices = find_themes([folder for folder in self._folders if folder.is_dir()])
        unusable = (one for one in found if one.theme is None)
        self.broken = tuple((one.name, self.short(one.faults[0])) for one in unusable)
        return usable(found), (*notices, *told(found))

    def changed(self) -> bool:
        """Whether a file was saved, came or went since they were read: a few stats, no reading."""
        return self._look() != self._stamps

    def short(self, fault: str) -> str:
        """A fault without its folder: on a screen there is no room for that."""
        for folder in self._folders:
            fault = fault.removeprefix(f"{folder}{os.sep}")
        return fault

    def _look(self) -> dict[str, Stamp]:
        return stamps_in(self._folders, (".yaml", ".yml"))
