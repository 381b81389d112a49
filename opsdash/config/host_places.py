"""Where each field of one host was declared: for whoever asks why a host is reached as it is."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from opsdash.config import paths
from opsdash.config.declarations import Declarations, Scope, declarations
from opsdash.config.hosts_files import read_book
from opsdash.config.hosts_schema import Settings
from opsdash.core.errors import ConfigError


def host_places(path: Path, names: Iterable[str]) -> dict[str, dict[str, str]]:
    """By host and field the file and line that decided it; under "" where the host itself stands.

    Hosts that the files do not declare are left out, those of an inventory command among them.
    ConfigError when the files are wrong by now.
    """
    own = path == paths.default_hosts_file()
    book = read_book(path, paths.hosts_parts() if own else (), asks=False)
    found = declarations(book)
    if faults := book.faults():
        raise ConfigError(faults)
    groups_of = found.groups_of()
    return {name: _places(found, groups_of[name], name) for name in names if name in found.hosts}


def _places(found: Declarations, groups_of: Iterable[str], name: str) -> dict[str, str]:
    scope = found.hosts[name]
    places = {"": scope.place}
    defaults = [Scope(holder, ("defaults",), form) for holder, form in scope.file.defaults]
    groups = [found.groups[group] for group in groups_of]
    for layer in (*defaults, *groups, scope):
        for field in layer.form.model_fields_set & Settings.model_fields.keys():
            line, _ = layer.file.marked.place((*layer.where, field), key=True)
            places[field] = f"{layer.file.marked.path}:{line}"
    return places
