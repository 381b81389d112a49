"""An import, in two steps: what would be written, and writing it."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from opsdash.config import paths
from opsdash.config.declarations import declarations
from opsdash.config.hosts_files import Book, read_book
from opsdash.config.importers import ansible
from opsdash.config.importers.found import Found
from opsdash.config.importers.imported import is_untouched, made_of, rendered, target_name
from opsdash.config.importers.sources import READERS, usual_source
from opsdash.config.source_text import MAX_BYTES, whole_file
from opsdash.core.errors import ConfigError, Fault
from opsdash.core.target import checked_name
from opsdash.core.text import count

_TOLD = 20
"""Reasons that are told when nothing can be imported."""
_ROUTE_FIELDS = (
    "address",
    "jump",
    "keys",
    "known_hosts",
    "port",
    "ssh_config",
    "transport",
    "user",
)


@dataclass(frozen=True, slots=True)
class ImportPlan:
    """What an import would write: `text` into `target`.

    `left_out` has a sentence for each host that is not in it, `notes` what else is worth a word.
    """

    kind: str
    source: Path
    target: Path
    text: str
    hosts: tuple[str, ...]
    groups: tuple[str, ...]
    left_out: tuple[str, ...]
    notes: tuple[str, ...]


def plan_import(
    kind: str, path: Path | None = None, *, name: str = "", by_ansible: bool = True
) -> ImportPlan:
    """What importing a file would write; nothing is written yet. Never call it on an event loop.

    `path` None means the usual one of its kind; `name` is the file name in hosts.d without
    ``.yaml``; `by_ansible` lets ansible-inventory read inventories where it is installed. Hosts
    that the user's own files declare are left out. ConfigError when the source can't be read or
    names no host that could be taken over.
    """
    source = _absolute(path or usual_source(kind))
    helped = by_ansible and kind == ansible.KIND
    found = (ansible.read_with_ansible if helped else READERS[kind])(source)
    file = f"{_checked(name)}.yaml" if name else target_name(found, usual_source(kind))
    target = paths.hosts_parts_dir() / file
    _leave_out_declared(found, target)
    if not found.hosts:
        raise _nothing(found)
    text = rendered(found)
    if len(text.encode()) > MAX_BYTES:
        hosts = count(len(found.hosts), "host")
        why = f"its {hosts} make a file of more than {MAX_BYTES // 1024} KiB"
        raise whole_file(source, f"{why}: import it in parts, or name an inventory_command")
    return ImportPlan(
        kind,
        source,
        target,
        text,
        tuple(found.hosts),
        tuple(found.groups),
        tuple(found.left_out),
        tuple(found.notes),
    )


def _nothing(found: Found) -> ConfigError:
    """Why there is nothing to write: each host and group that is left out, with its place."""
    reasons = [*found.left_out, *found.notes]
    told = [text.partition(": ") for text in reasons[:_TOLD]]
    faults = [Fault(place, 0, 0, reason) for place, _, reason in told]
    out = len(found.left_out)
    why = (
        f": {'its one host is' if out == 1 else f'all its {out} hosts are'} left out" if out else ""
    )
    why += f" (and {len(reasons) - _TOLD} more reasons)" if len(reasons) > _TOLD else ""
    last = Fault(str(found.source), 0, 0, f"names no host to import{why}")
    return ConfigError([*faults, last])


def _absolute(path: Path) -> Path:
    try:
        source = path.expanduser().absolute()
    except RuntimeError:
        raise whole_file(path, "begins with the home directory of nobody here") from None
    if not str(source).isprintable():
        raise whole_file(source, "its path can't be written down: it is not printable")
    try:
        source.stat()
    except OSError as error:
        missing = isinstance(error, FileNotFoundError)
        why = "there is no such file" if missing else f"can't be read: {error.strerror}"
        raise whole_file(source, why) from None
    return source


def _checked(name: str) -> str:
    try:
        return checked_name(name)
    except ValueError as reason:
        raise whole_file(paths.hosts_parts_dir(), f"--name: {reason}") from None


def _leave_out_declared(found: Found, target: Path) -> None:
    """Leave out the hosts that the user's other files declare."""
    parts = [part for part in paths.hosts_parts() if part != target]
    book = read_book(paths.default_hosts_file(), parts, without=target)
    others = declarations(book)
    for name in [name for name in found.hosts if name in others.hosts]:
        del found.hosts[name]
        found.leave_out(name, f"declared in {others.hosts[name].place}", str(found.source))
    for group, members in list(found.groups.items()):
        found.groups[group] = [name for name in members if name in found.hosts]
        if not found.groups[group]:
            del found.groups[group]
    _note_defaults(found, book)


def _note_defaults(found: Found, book: Book) -> None:
    """Say which defaults of hosts.yaml will hold for the imported hosts as well."""
    own = paths.default_hosts_file()
    for file in book.files:
        for holder, defaults in file.defaults if file.marked.path == own else ():
            given = [field for field in _ROUTE_FIELDS if field in defaults.model_fields_set]
            if given and holder.marked.path == own:
                text = f"the defaults there ({', '.join(given)}) hold for these hosts, too"
                found.note(text, str(own))


def write_import(plan: ImportPlan, *, force: bool = False) -> None:
    """Write the file of an import, whole or not at all, for its owner only (0600).

    ConfigError when something is there already that is not the untouched result of an earlier
    import of the same source; `force` replaces what any import wrote, and nothing else.
    """
    target = plan.target
    if os.path.lexists(target):
        _refuse_others(plan, force=force)
    try:
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, draft = tempfile.mkstemp(prefix=".import-", dir=target.parent)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(plan.text)
                file.flush()
                os.fsync(file.fileno())
            Path(draft).replace(target)
        except OSError:
            Path(draft).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise whole_file(target, f"can't be written: {error.strerror}") from None


def _refuse_others(plan: ImportPlan, *, force: bool) -> None:
    target, made = plan.target, made_of(plan.target)
    if target.is_symlink() or made is None:
        raise whole_file(
            target, "is there and is not of an import: move it away, or choose another by --name"
        )
    if force:
        return
    if made != (plan.kind, str(plan.source)):
        was = f"was imported from {made[1]}"
        raise whole_file(target, f"{was}: --name NAME writes another file, --force replaces this")
    if not is_untouched(target):
        raise whole_file(
            target,
            "was changed since it was imported: take the changes to hosts.yaml, then --force",
        )
