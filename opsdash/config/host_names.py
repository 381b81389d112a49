"""Names of hosts, tags, groups and logs in the hosts files, read fast and forgivingly: for tab.

The fleet itself is made by config/hosts.py. This starts no command and loads no schema: what it
can't read it leaves out, and so what can be no name: a shell puts it into the line as it is.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from opsdash.config.marked_yaml import load_marked
from opsdash.config.ranges import names_of
from opsdash.core.errors import ConfigError
from opsdash.core.target import checked_name, checked_tag

MOST_FILES = 1_000


@dataclass(slots=True)
class Named:
    """What the files name, each once, in their order."""

    hosts: dict[str, None] = field(default_factory=dict)
    tags: dict[str, None] = field(default_factory=dict)
    groups: dict[str, None] = field(default_factory=dict)
    logs: dict[str, None] = field(default_factory=dict)


def named_in(paths: Iterable[Path]) -> Named:
    """What these files and all that they include name."""
    found, waiting, seen = Named(), list(paths), set[str]()
    while waiting and len(seen) < MOST_FILES:
        path = waiting.pop(0)
        real = os.path.realpath(path)
        if real in seen:
            continue
        seen.add(real)
        with suppress(ConfigError):
            data = load_marked(path, private=True).data
            _take(found, data)
            waiting += _included(path.parent, data)
    return found


def _included(folder: Path, data: Any) -> Iterator[Path]:
    for pattern in _listed(data, "include"):
        with suppress(ValueError, OSError, NotImplementedError):
            wanted = Path(str(pattern)).expanduser()
            base = Path("/") if wanted.is_absolute() else folder
            yield from sorted(base.glob(str(wanted).lstrip("/")))


def _take(found: Named, data: Any) -> None:
    _label(found, _below(data, "defaults"))
    for text, form in _below(data, "hosts").items():
        _host(found, text, form)
    for name, form in _below(data, "groups").items():
        with suppress(ValueError):
            found.groups[checked_name(name)] = None
        _label(found, form)
        for member in _listed(form, "hosts"):
            _host(found, member.get("name") if isinstance(member, dict) else member, member)


def _host(found: Named, text: Any, form: Any) -> None:
    _label(found, form)
    with suppress(ValueError):
        found.hosts.update(dict.fromkeys(names_of(text) if isinstance(text, str) else ()))


def _label(found: Named, form: Any) -> None:
    for tag in _listed(form, "tags"):
        with suppress(ValueError):
            found.tags[checked_tag(str(tag))] = None
    for log in _below(form, "logs"):
        with suppress(ValueError):
            found.logs[checked_name(str(log))] = None


def _below(data: Any, key: str) -> dict[str, Any]:
    part = data.get(key) if isinstance(data, dict) else None
    return part if isinstance(part, dict) else {}


def _listed(data: Any, key: str) -> list[Any]:
    part = data.get(key) if isinstance(data, dict) else None
    return part if isinstance(part, list) else [part] if isinstance(part, str) else []
