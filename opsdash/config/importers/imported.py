"""The file that an import leaves in hosts.d: its head says of what it was made."""

from __future__ import annotations

import hashlib
import json
import re
import shlex
from pathlib import Path

from opsdash.config.importers.found import Fields, Found, Value
from opsdash.config.scalars import resolve, trap
from opsdash.config.source_text import read_text
from opsdash.core.errors import ConfigError
from opsdash.core.text import clean_line

_HEAD = "# opsdash import: "
_SUM = "# checksum of the rest: "
_PLAIN = re.compile(r"[A-Za-z_/~][\w./@~+-]*|[0-9]+(?:\.[0-9]+){3}", re.ASCII)
_COMMENTS = 500
"""Remarks that are kept in the file."""
_SHARED = ("user", "port", "keys", "ssh_config")
_GENERIC = frozenset({"hosts", "inventory", "config", "groups", "nodes"})
"""File names that say nothing: the folder's does. What is called as its kind is, neither."""


def target_name(found: Found, usual: Path) -> str:
    """The name of an import in hosts.d: of its kind, and of its source unless that is `usual`."""
    kind, source = found.kind, found.source
    if source == usual:
        return f"{kind}.yaml"
    words = [source.parent.name, source.stem] if source.stem in _GENERIC else [source.stem]
    if _slug(source.stem) == kind:
        words = [source.parent.name]
    return f"{kind}-{_slug('-'.join(words)) or 'hosts'}.yaml"


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def rendered(found: Found) -> str:
    """The hosts file of an import."""
    body = "\n".join(_body(found)) + "\n"
    head = [
        f"{_HEAD}{found.kind} {found.source}",
        f"{_SUM}{_checksum(body)}",
    ]
    return "\n".join(head) + "\n" + body


def made_of(path: Path) -> tuple[str, str] | None:
    """Kind and source of an imported file, None if it is none."""
    first = _lines(path)[:1]
    if not first or not first[0].startswith(_HEAD):
        return None
    kind, _, source = first[0].removeprefix(_HEAD).partition(" ")
    return kind, source


def is_untouched(path: Path) -> bool:
    """Whether an imported file is still as the import wrote it."""
    lines = _lines(path)
    body = "\n".join(lines[2:])
    return len(lines) > 2 and lines[1] == f"{_SUM}{_checksum(body)}"


def command_again(path: Path) -> str:
    """The command that makes an imported file anew in its place; empty if it is none."""
    made = made_of(path)
    if made is None:
        return ""
    kind, source = made
    if path.name == f"{kind}.yaml":
        return f"opsdash hosts import {kind} --write"
    named = [] if path.stem.startswith(f"{kind}-") else ["--name", path.stem]
    return shlex.join(["opsdash", "hosts", "import", kind, source, "--write", *named])


def _lines(path: Path) -> list[str]:
    try:
        return read_text(path, private=False).split("\n")
    except ConfigError:
        return []


def _checksum(body: str) -> str:
    return hashlib.sha256(body.encode()).hexdigest()[:16]


def _body(found: Found) -> list[str]:
    again = shlex.join(["opsdash", "hosts", "import", found.kind, str(found.source), "--write"])
    lines = [
        "# Changes of your own belong into hosts.yaml. To make this file anew:",
        f"#   {again}",
        "version: 1",
    ]
    defaults = _shared(found)
    lines += [f"defaults: {_flow(defaults)}"] if defaults else []
    lines += ["groups:"] if found.groups else []
    for name, members in found.groups.items():
        lines += [f"  {_scalar(name)}:", "    hosts:"]
        lines += [f"      - {_scalar(member)}" for member in members]
    lines.append("hosts:")
    for name, fields in found.hosts.items():
        own = {key: value for key, value in fields.items() if key not in defaults}
        lines.append(f"  {_scalar(name)}:" + (f" {_flow(own)}" if own else ""))
    return [*lines, *_comments(found)]


def _comments(found: Found) -> list[str]:
    said = [f"# left out: {text}" for text in found.left_out]
    said += [f"# note: {text}" for text in found.notes]
    if len(said) > _COMMENTS:
        said = [*said[:_COMMENTS], f"# and {len(said) - _COMMENTS} more: the import prints them"]
    return ["".join(c if c.isprintable() else "?" for c in clean_line(text)) for text in said]


def _shared(found: Found) -> Fields:
    """The fields that all hosts have alike: they stand once, as defaults."""
    shared = dict(found.defaults)
    every = list(found.hosts.values())
    for key in _SHARED if len(every) > 1 else ():
        value = every[0].get(key)
        if value is not None and all(fields.get(key) == value for fields in every):
            shared[key] = value
    return shared


def _flow(fields: Fields) -> str:
    return "{" + ", ".join(f"{key}: {_value(value)}" for key, value in fields.items()) + "}"


def _value(value: Value) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_scalar, value))}]"
    return str(value) if isinstance(value, int) else _scalar(value)


def _scalar(text: str) -> str:
    """Text that every reader of YAML takes for this text."""
    plain = _PLAIN.fullmatch(text) and resolve(text) == text and not trap(text)
    return text if plain else json.dumps(text, ensure_ascii=False)
