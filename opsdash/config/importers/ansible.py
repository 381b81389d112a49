"""An Ansible inventory as hosts: by ``ansible-inventory`` if it is installed, else by ourselves."""

from __future__ import annotations

import json
import re
import stat
from pathlib import Path
from typing import Any

from opsdash.config.importers.ansible_fields import found_in
from opsdash.config.importers.ansible_ini import read_ini
from opsdash.config.importers.ansible_yaml import VAULT, read_vars_beside, read_yaml
from opsdash.config.importers.found import Found
from opsdash.config.importers.inventory import Inventory, from_list_form
from opsdash.config.local_command import run_for_text
from opsdash.config.source_text import is_file, is_folder, read_text, whole_file
from opsdash.core.errors import HostError
from opsdash.core.problem import ProblemKind

KIND = "ansible"
USUAL_PATH = Path("/etc/ansible/hosts")
PROGRAM = "ansible-inventory"
DEADLINE_S = 60.0
MAX_BYTES = 32 * 1_048_576

_YAML_SUFFIXES = (".yml", ".yaml", ".json")
_NO_INVENTORY = frozenset({
    ".cfg", ".ini", ".md", ".txt", ".rst", ".orig", ".bak", ".retry", ".pyc", ".pyo",
    ".swp", ".rpm",
})  # fmt: skip
"""Endings of files that Ansible passes over in a folder."""
_BESIDE = frozenset({"group_vars", "host_vars", "vars_plugins"})
_YAML_BEGIN = re.compile(r"(---|[\w.-]+:\s*(#.*)?$|\{)", re.ASCII)
MAX_FILES = 200


def read_with_ansible(path: Path) -> Found:
    """The hosts of an inventory as Ansible understands it; read by ourselves where it is missing.

    Without ``--export``: that puts the variables of group_vars and of the inventory together, and
    which of them wins for a host can then no longer be told.
    """
    _check(path)
    if "," in str(path):
        return read_ansible(path)  # Ansible would take it for a list of hosts
    try:
        text = run_for_text(
            [PROGRAM, "-i", str(path), "--list"], timeout_s=DEADLINE_S, max_bytes=MAX_BYTES
        )
    except HostError as error:
        if error.problem.kind is ProblemKind.MISSING_COMMAND:
            return read_ansible(path)
        hint = "--no-ansible reads the files without it"
        raise whole_file(path, f"{error.problem.text}; {hint}") from None
    inventory = from_list_form(_json(path, text), str(path))
    # one that Ansible can't understand has no hosts and ends well: ours says in which line why
    return found_in(inventory, KIND, path) if inventory.places else read_ansible(path)


def read_ansible(path: Path) -> Found:
    """The hosts of an inventory in INI or YAML, or of a folder of such, without Ansible's help."""
    _check(path)
    inventory = Inventory()
    for file in _files(path):
        _read(inventory, file)
    read_vars_beside(inventory, path if is_folder(path) else path.parent)
    return found_in(inventory, KIND, path)


def _check(path: Path) -> None:
    """ConfigError for an inventory that can't be read, before Ansible has many lines for it."""
    if not is_folder(path):
        text = read_text(path, private=False)
        if text.startswith(VAULT):
            raise whole_file(
                path, "is vault-encrypted: opsdash reads no vaults; import its plain text"
            )


def _json(path: Path, text: str) -> dict[str, Any]:
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        data = None
    if not isinstance(data, dict):
        raise whole_file(path, f"{PROGRAM} did not print the JSON that was asked for")
    return data


def _files(path: Path) -> list[Path]:
    """The inventory files of a path, as Ansible would choose them."""
    if not is_folder(path):
        return [path]
    try:
        inside = sorted(path.iterdir())
    except OSError as error:
        raise whole_file(path, f"can't be read: {error.strerror}") from None
    found: list[Path] = []
    for one in inside:
        passed_over = one.suffix in _NO_INVENTORY or one.name[0] == "." or one.name[-1] == "~"
        if is_folder(one) and one.name not in _BESIDE:
            found += _files(one)
        elif is_file(one) and not passed_over:
            found.append(one)
    if len(found) > MAX_FILES:
        raise whole_file(path, f"has more than {MAX_FILES} files")
    return found


def _read(inventory: Inventory, path: Path) -> None:
    text = read_text(path, private=False)
    if text.startswith(VAULT):
        inventory.notes.append(f"{path}: is vault-encrypted: opsdash reads no vaults")
    elif text.startswith("#!") and path.stat().st_mode & stat.S_IXUSR:
        name = f"name it in hosts.yaml: inventory_command: [{path}, --list]"
        raise whole_file(path, f"is a program, not a list of hosts: {name}")
    elif path.suffix in _YAML_SUFFIXES or (not path.suffix and _looks_like_yaml(text)):
        read_yaml(inventory, path, text)
    else:
        read_ini(inventory, path, text)


def _looks_like_yaml(text: str) -> bool:
    lines = (line for line in text.split("\n") if line.strip() and line.lstrip()[0] not in "#;")
    return _YAML_BEGIN.match(next(lines, "")) is not None
