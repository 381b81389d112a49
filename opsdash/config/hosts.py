"""hosts.yaml turned into a fleet, or into the list of all that is wrong with it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from opsdash.config import paths
from opsdash.config.actions_file import own_actions
from opsdash.config.cross_checks import check_jumps, check_numbers, check_scope
from opsdash.config.declarations import Declarations, Scope, declarations
from opsdash.config.guardrails_file import read_guardrails
from opsdash.config.hosts_files import Book, HostsFile, read_book
from opsdash.config.layers import Layer, layer, merged
from opsdash.config.read_only import asked_read_only
from opsdash.config.trail import Trail
from opsdash.config.watch_rules_file import own_watch_rules, watched
from opsdash.core.errors import ConfigError
from opsdash.core.fleet import Fleet
from opsdash.core.host import Host


def load_fleet(
    path: Path,
    known_checks: Mapping[str, bool] | None = None,
    trail: Trail | None = None,
) -> Fleet:
    """The fleet that a hosts file and its includes declare, in the file's order.

    A host's own fields win over its groups' (a later group over an earlier one), those over the
    defaults (an included file's own over those of the file that includes it); tags, thresholds,
    probes and logs add up. `known_checks` has the ids that may stand under thresholds, and whether
    lower is worse there; None: any, and higher is. `trail` takes note of every file that was read,
    broken ones too. The user's own file (paths.default_hosts_file()) includes what is in hosts.d.
    ConfigError holds all faults of all files, each with its place.
    """
    usual = path == paths.default_hosts_file()
    book = read_book(path, paths.hosts_parts() if usual else ())
    source = path if os.path.lexists(path) else paths.hosts_parts_dir()
    _note(trail, book, str(source))
    found = declarations(book)
    hosts = _hosts(found)
    for scope in found.scopes():
        check_scope(scope, known_checks)
    check_jumps(found, hosts, complete=book.complete)
    check_numbers(found, hosts)
    if not hosts and not book.faults():
        book.marks[0].blame((), "declares no hosts: write at least one name under hosts:")
    if faults := book.faults():
        raise ConfigError(faults)
    return _fleet(book, hosts, str(source))


def _fleet(book: Book, hosts: Mapping[str, Host], source: str) -> Fleet:
    """These hosts, with all that stands beside the file that declares them."""
    own, rules = own_actions(source), own_watch_rules(source, hosts)
    return Fleet(
        MappingProxyType(watched(hosts, rules)),
        source,
        tuple(filter(None, [*book.notices, own.notice, rules.notice])),
        alerts_file=_alerts_file(book),
        guardrails=read_guardrails(paths.guardrails_file(source)),
        read_only=asked_read_only() or _read_only(book),
        own_actions=own,
        watch_rules=rules,
    )


def _note(trail: Trail | None, book: Book, source: str) -> None:
    """All that is read, or would be if it were there."""
    if trail is None:
        return
    trail.follow(book)
    trail.files.update(str(one) for one in paths.beside(source))


def _read_only(book: Book) -> str:
    """Which of the files wants nothing changed."""
    for file in book.files:
        if "read_only" in file.form.model_fields_set and file.form.read_only:
            return f"read_only in {file.marked.path.name}"
    return ""


def _alerts_file(book: Book) -> str:
    """Where alerts are shared: what the first file says that says it, or the user's own file."""
    for file in book.files:
        if "alerts_file" in file.form.model_fields_set:
            return str(file.folder.absolute() / Path(file.form.alerts_file).expanduser())
    own = paths.alerts_file()
    return str(own) if own.exists() else ""


def _hosts(found: Declarations) -> dict[str, Host]:
    groups_of = found.groups_of()
    group_layers = {name: _layer(scope) for name, scope in found.groups.items()}
    defaults = _default_layers(found)
    own = {id(scope): _layer(scope) for scope in found.host_scopes()}
    hosts: dict[str, Host] = {}
    for name, scope in found.hosts.items():
        groups = tuple(groups_of[name])
        layers = [
            *defaults[id(scope.file)],
            *(group_layers[group] for group in groups),
            own[id(scope)],
        ]
        hosts[name] = merged(name, groups, layers)
    return hosts


def _layer(scope: Scope) -> Layer:
    return layer(scope.form, scope.file.folder)


def _default_layers(found: Declarations) -> dict[int, list[Layer]]:
    files: dict[int, HostsFile] = {id(scope.file): scope.file for scope in found.host_scopes()}
    return {
        key: [layer(form, holder.folder) for holder, form in file.defaults]
        for key, file in files.items()
    }
