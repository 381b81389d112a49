"""Runbooks as YAML files, one each: those that come with opsdash, and the user's own."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

from opsdash.config import runbook_parts as parts
from opsdash.config.actions_file import own_actions
from opsdash.config.marked_entry import Entry
from opsdash.config.marked_yaml import Marked, Where, load_marked
from opsdash.config.paths import actions_files, runbook_folders, shipped_runbooks_folder
from opsdash.config.runbook_faults import Known, blame_whole, danger_of
from opsdash.config.runbook_steps import step
from opsdash.config.source_text import is_folder, whole_file
from opsdash.config.stamps import Stamp, stamp_of, stamps_in
from opsdash.core.discover import checks, every_action
from opsdash.core.errors import ConfigError, Fault
from opsdash.core.runbook import BookStep, Runbook, Wanted
from opsdash.core.text import clean_line

MOST_STEPS = 100
MOST_FILES = 500
MOST_ARGUMENTS = 20
_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_ENDINGS = (".yaml", ".yml")
_TOP = ("title", "about", "checks", "arguments", "steps")
_KINDER = {
    "id": " (the file's name is its id)",
    "danger": " (it is the worst of its actions')",
    "when": " (did you mean checks?)",
}


def runbook_from(path: Path, known: Known, *, own: bool = False) -> Runbook:
    """The runbook that a file holds; ConfigError has all faults."""
    if not _ID.fullmatch(path.stem):
        raise whole_file(path, "its name is its id: small letters, digits and -, then .yaml")
    marked = load_marked(path, private=own)
    book = _runbook(marked, path.stem, own=own)
    if book is not None and not marked.faults:
        blame_whole(marked, book, known)
    if book is None or marked.faults:
        raise ConfigError(sorted(marked.faults, key=lambda fault: (fault.line, fault.column)))
    return replace(book, danger=danger_of(book, known.actions))


def _runbook(marked: Marked, name: str, *, own: bool) -> Runbook | None:
    if not isinstance(marked.data, dict):
        marked.blame((), "should be a mapping with title: and steps:")
        return None
    top = Entry(marked, (), marked.data)
    top.check_keys(_TOP, _KINDER)
    for key in ("title", "steps"):
        if key not in marked.data:
            marked.blame((), f"needs {key}:")
    return Runbook(
        name,
        top.value("title", parts.sentence) or "",
        _steps(marked),
        about=top.value("about", parts.sentence) or "",
        checks=top.value("checks", _names) or (),
        arguments=_arguments(marked),
        place=str(marked.path),
        own=own,
    )


def _names(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise ValueError("should be a list of checks: [disk-full]")
    return tuple(value)


def _steps(marked: Marked) -> tuple[BookStep, ...]:
    listed = marked.data.get("steps", [])
    if not isinstance(listed, list) or len(listed) > MOST_STEPS:
        marked.blame(("steps",), f"should be a list of at most {MOST_STEPS} steps")
        return ()
    found: list[BookStep | None] = []
    for place, data in enumerate(listed):
        where: Where = ("steps", place)
        if not isinstance(data, dict):
            marked.blame(where, "should be a step: look, decide, ask, do, verify or end")
            continue
        found.append(step(Entry(marked, where, data)))
    return tuple(one for one in found if one is not None)


def _arguments(marked: Marked) -> tuple[Wanted, ...]:
    listed = marked.data.get("arguments") or {}
    if not isinstance(listed, dict) or len(listed) > MOST_ARGUMENTS:
        marked.blame(("arguments",), f"should be a mapping of at most {MOST_ARGUMENTS} by name")
        return ()
    return tuple(_wanted(marked, name, data) for name, data in listed.items())


def _wanted(marked: Marked, name: str, data: Any) -> Wanted:
    where: Where = ("arguments", name)
    try:
        parts.variable(name)
    except ValueError as error:
        marked.blame(where, str(error), key=True)
    if not isinstance(data, dict):
        marked.blame(where, "should be a mapping: {help: what it is, default: …}")
        return Wanted(name, "")
    form = Entry(marked, where, data)
    form.check_keys(("help", "from", "default", "matches"))
    if "help" not in data:
        marked.blame(where, "needs help: what it is, for who is asked", key=True)
    if data.get("from", "subject") != "subject":
        form.blame("from", "should be subject: what the finding is about")
    one = Wanted(
        name,
        form.value("help", parts.sentence) or "",
        "from" in data,
        form.value("default", parts.plain),
        form.value("matches", parts.pattern),
    )
    if one.default and (wrong := one.fault(one.default)):
        form.blame("default", wrong)
    return one


@dataclass(frozen=True, slots=True)
class Books:
    """The runbooks that can be used, by id, and the faults of files that can't."""

    books: dict[str, Runbook] = field(default_factory=dict)
    faults: tuple[Fault, ...] = ()


def runbook_paths(folder: Path) -> Sequence[Path]:
    """The files of a folder of runbooks, by name; a folder that is not there has none."""
    if not is_folder(folder):
        return ()
    try:
        found = [path for path in folder.iterdir() if path.suffix in _ENDINGS]
    except OSError as error:
        raise whole_file(folder, f"can't be read: {error.strerror}") from None
    return sorted(path for path in found if path.name[0] != ".")[:MOST_FILES]


def read_runbooks(shipped: Path, own: Iterable[Path], known: Known) -> Books:
    """All of these folders: a later file of one id replaces an earlier one. A file with a fault is
    left out, and its faults are told.
    """
    books: dict[str, Runbook] = {}
    faults: list[Fault] = []
    for folder in (shipped, *own):
        try:
            paths = runbook_paths(folder)
        except ConfigError as error:
            faults += error.faults
            continue
        for path in paths:
            try:
                books[path.stem] = runbook_from(path, known, own=folder != shipped)
            except ConfigError as error:
                faults += error.faults
    return Books(books, tuple(faults))


def known_things(source: str | None = None) -> Known:
    """The checks and actions that there are; with the hosts file in force (empty: none) the user's
    own actions, too. Reads files.
    """
    own = own_actions(source).actions if source is not None else {}
    return Known(checks(), every_action(own))


@cache
def shipped_runbooks() -> Books:
    """The runbooks that come with opsdash."""
    return read_runbooks(shipped_runbooks_folder(), (), known_things())


class RunbookFiles:
    """The runbooks that come with opsdash and the user's own over them, read as often as these
    change. `source` gives the hosts file in force.
    """

    def __init__(self, source: Callable[[], str]) -> None:
        self._source = source
        self._stamps: dict[str, Stamp] | None = None

    def read(self) -> Books:
        """All of them. Reads files."""
        self._stamps = self._look()  # before they are read: what is saved meanwhile is news
        source = self._source()
        own = runbook_folders(source)
        return read_runbooks(shipped_runbooks_folder(), own, known_things(source))

    def changed(self) -> bool:
        """Whether one was saved, came or went since they were read: a few stats."""
        return self._look() != self._stamps

    def _look(self) -> dict[str, Stamp]:
        source = self._source()
        named = {str(path): stamp_of(path) for path in actions_files(source)}
        return named | stamps_in(runbook_folders(source), _ENDINGS)


def one_line(fault: Fault) -> str:
    """A fault for a line of the screen: the file's name instead of its path."""
    return clean_line(str(replace(fault, file=Path(fault.file).name)))
