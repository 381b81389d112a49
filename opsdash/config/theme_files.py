"""The theme files while the program runs: read again when one of them was saved."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from opsdash.config.themes import load_themes
from opsdash.core.theme import Theme

Stamps = dict[str, tuple[int, int, int]]


class ThemeFiles:
    """The themes of some folders, a later folder's over an earlier one's."""

    def __init__(self, folders: Sequence[Path]) -> None:
        self._folders = folders
        self._stamps: Stamps = {}

    def read(self) -> tuple[dict[str, Theme], tuple[str, ...]]:
        """All themes by name, and what is wrong with any file, as load_themes()."""
        self._stamps = self._look()  # before it is read: what is saved meanwhile is news
        return load_themes([folder for folder in self._folders if folder.is_dir()])

    def changed(self) -> bool:
        """Whether a file was saved, came or went since they were read: a few stats, no reading."""
        return self._look() != self._stamps

    def short(self, fault: str) -> str:
        """A fault without its folder: on a screen there is no room for that."""
        for folder in self._folders:
            fault = fault.removeprefix(f"{folder}{os.sep}")
        return fault

    def _look(self) -> Stamps:
        found: Stamps = {}
        for folder in self._folders:
            try:
                with os.scandir(folder) as entries:
                    for entry in entries:
                        if entry.name.endswith((".yaml", ".yml")):
                            at = entry.stat()
                            found[entry.path] = (at.st_mtime_ns, at.st_size, at.st_ino)
            except OSError:
                continue  # a folder that is not there yet, or a file that is just being replaced
        return found
