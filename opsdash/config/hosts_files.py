"""hosts.yaml and all the files that it includes: read, understood, each with its own defaults."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

from opsdash.config.form_faults import understood
from opsdash.config.hosts_schema import HostsForm, Settings
from opsdash.config.importers.imported import made_of
from opsdash.config.marked_yaml import Marked, load_marked
from opsdash.config.source_text import is_folder, refuse_writable
from opsdash.core.errors import ConfigError, Fault

MAX_FILES = 1_000


@dataclass(frozen=True, slots=True)
class HostsFile:
    """One file: what it says, where each part stands, and the defaults that hold in it.

    `defaults` are those of the files that include it, outermost first, with its own last. A list
    is what another program knows (an import, a command's answer): others may declare its groups.
    """

    marked: Marked
    form: HostsForm
    defaults: tuple[tuple[HostsFile, Settings], ...] = ()
    parent: HostsFile | None = None
    is_list: bool = False

    @property
    def folder(self) -> Path:
        """What relative paths in this file start from."""
        return self.marked.path.parent


@dataclass(slots=True)
class Book:
    """All files of a fleet in reading order, and what was found wrong or worth a word.

    `complete` is False when a file could not be read: an unknown name may then stand in it. `asks`
    says that inventory commands are run.
    """

    files: list[HostsFile] = field(default_factory=list)
    marks: list[Marked] = field(default_factory=list)
    unreadable: list[Fault] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)
    asks: bool = True

    @property
    def complete(self) -> bool:
        """Whether every declaration could be read."""
        return not self.unreadable and not any(marked.names_lost for marked in self.marks)

    def faults(self) -> list[Fault]:
        """Every fault, file by file, from top to bottom."""
        found = list(self.unreadable)
        for marked in self.marks:
            found += sorted(marked.faults, key=lambda fault: (fault.line, fault.column))
        return list(dict.fromkeys(found))


def read_book(
    path: Path, parts: Iterable[Path] = (), *, without: Path | None = None, asks: bool = True
) -> Book:
    """Read a hosts file and everything that it includes; never raises, faults are in the book.

    `parts` are read as if its last line included them, those that it does include excepted; with
    them it need not be there itself. `without` is a file that is not read even if it is included;
    then no inventory command is run, either, nor where `asks` says so.
    """
    book = Book(asks=asks and without is None)
    if without is not None:
        book.seen.add(os.path.realpath(without))
    parts = list(parts)
    if not parts or os.path.lexists(path):
        _read_top(book, path, None)
    parent = book.files[0] if book.files and book.files[0].marked.path == path else None
    for part in parts if _are_private(book, parts) else ():
        if os.path.realpath(part) not in book.seen:
            _read_top(book, part, parent)
    return book


def _are_private(book: Book, parts: list[Path]) -> bool:
    """Whether nobody else can put files beside these; it is a fault if others can."""
    for folder in {part.parent for part in parts if is_folder(part.parent)}:
        try:
            refuse_writable(folder, folder.stat().st_mode)
        except ConfigError as error:
            book.unreadable += error.faults
            return False
    return True


def _read_top(book: Book, path: Path, parent: HostsFile | None) -> None:
    try:
        _read(book, path, parent)
    except ConfigError as error:
        book.unreadable += error.faults


def _read(book: Book, path: Path, parent: HostsFile | None) -> None:
    book.seen.add(os.path.realpath(path))
    marked = load_marked(path, private=True)
    book.marks.append(marked)
    if marked.data is None:
        marked.blame((), "is empty: it should declare hosts; see hosts.example.yaml")
    elif not isinstance(marked.data, dict):
        marked.blame((), "should be a mapping with hosts: at its top")
        marked.names_lost = True
    elif (form := understood(HostsForm, marked)) is not None:
        is_import = made_of(path) is not None
        file = _add(book, HostsFile(marked, form, parent=parent, is_list=is_import))
        _follow(book, file)
        if book.asks and "inventory_command" in form.model_fields_set:
            _ask(book, file)


def _add(book: Book, file: HostsFile) -> HostsFile:
    """Put a file into the book, with the defaults that hold in it."""
    defaults = file.parent.defaults if file.parent else ()
    if "defaults" in file.form.model_fields_set:
        defaults = (*defaults, (file, file.form.defaults))
    added = replace(file, defaults=defaults)
    book.files.append(added)
    return added


def _ask(book: Book, file: HostsFile) -> None:
    """Add what the file's inventory command prints, as if the file included it."""
    from opsdash.config.inventory_command import ask  # few have one: asyncio costs 40 ms

    where = ("inventory_command",)
    if file.marked.faults:  # nothing is run for a file that does not say what it should
        file.marked.names_lost = True
        return
    try:
        marked, notices = ask(
            file.form.inventory_command, file.marked.path, file.marked.place(where, key=True)[0]
        )
    except ValueError as reason:
        file.marked.blame(where, str(reason))
        file.marked.names_lost = True
        return
    book.marks.append(marked)
    book.notices += notices
    if (form := understood(HostsForm, marked)) is not None:
        _add(book, HostsFile(marked, form, parent=file, is_list=True))


def _follow(book: Book, file: HostsFile) -> None:
    for position, pattern in enumerate(file.form.include or ()):
        for path in _matches(book, file, position, pattern):
            trouble = _trouble(book, file, path)
            if trouble:
                file.marked.blame(("include", position), f"{path}: {trouble}")
            else:
                _include(book, file, position, path)


def _include(book: Book, file: HostsFile, position: int, path: Path) -> None:
    try:
        _read(book, path, file)
    except ConfigError as error:
        file.marked.names_lost = True
        for fault in error.faults:
            if fault.line:
                book.unreadable.append(fault)
            else:  # the include line is the place to mend
                file.marked.blame(("include", position), str(fault))


def _matches(book: Book, file: HostsFile, position: int, pattern: str) -> list[Path]:
    wanted = str(Path(pattern).expanduser())
    if not glob.has_magic(wanted):
        return [file.folder / wanted]
    names = glob.glob(wanted, root_dir=file.folder)  # noqa: PTH207 - takes absolute patterns too
    found = [file.folder / name for name in sorted(names)]
    if not found:
        line, _ = file.marked.place(("include", position))
        book.notices.append(f"{file.marked.path}:{line}: include matches no file")
    return found


def _trouble(book: Book, file: HostsFile, path: Path) -> str:
    """Why a file can't be included here; empty if it can."""
    real = os.path.realpath(path)
    above: HostsFile | None = file
    while above is not None:
        if os.path.realpath(above.marked.path) == real:
            return "includes itself" if above is file else "is included in a circle"
        above = above.parent
    if real in book.seen:
        return "is included twice"
    return f"more than {MAX_FILES} files" if len(book.seen) >= MAX_FILES else ""
