"""What a fleet was read from, so that it can be told when any of it has changed."""

from __future__ import annotations

import glob
from dataclasses import dataclass, field
from pathlib import Path

from opsdash.config.hosts_files import Book
from opsdash.config.stamps import Stamp, stamp_of


@dataclass(slots=True)
class Trail:
    """Files by their paths, and patterns whose matches count; those not there count as well."""

    files: set[str] = field(default_factory=set)
    patterns: set[str] = field(default_factory=set)

    def follow(self, book: Book) -> None:
        """All files of a book, and all that it would include if they were there."""
        self.files |= book.seen
        for file in book.files:
            for pattern in file.form.include or ():
                wanted = str(file.folder / Path(pattern).expanduser())
                (self.patterns if glob.has_magic(wanted) else self.files).add(wanted)

    def stamps(self) -> dict[str, Stamp]:
        """How everything on the trail looks now; cheap, but not for the event loop."""
        found = {path: stamp_of(path) for path in self.files}
        for pattern in self.patterns:
            found[pattern] = tuple(sorted(glob.glob(pattern)))  # noqa: PTH207 - patterns are absolute
        return found


def unchanged_since(before: dict[str, Stamp], after: dict[str, Stamp]) -> dict[str, Stamp]:
    """The later stamps, but of what was known before the earlier ones: whatever changed while it
    was being read still counts as changed.
    """
    return {name: before.get(name, stamp) for name, stamp in after.items()}
