"""Ansible's variables as the fields that opsdash has for them."""

from __future__ import annotations

import re
from itertools import islice
from pathlib import Path
from typing import Any

from opsdash.config.field_values import jump_host, path_text
from opsdash.config.importers.found import Fields, Found, group_name, shown
from opsdash.config.importers.inventory import MOST_NAMES, PASSWORDS, Inventory, Var, Vars
from opsdash.config.importers.ssh_arguments import read_arguments
from opsdash.config.importers.work import TooMuchWork
from opsdash.config.source_text import is_file, is_folder, whole_file
from opsdash.core.text import clean_line

_SSH = frozenset({"ssh", "smart", "paramiko", "paramiko_ssh", "libssh"})
_TRUE = frozenset({"true", "yes", "on", "1", "y", "t"})
_CIRCLES = 20
"""Circles of groups that are told of one inventory."""
_OWN_NAME = re.compile(r"\{\{\s*inventory_hostname(_short)?\s*\}\}")


class _Refused(Exception):
    """The host can't be taken over; the sentence says why."""


def found_in(inventory: Inventory, kind: str, source: Path) -> Found:
    """The hosts of an inventory that opsdash can reach, their fields and their groups.

    ConfigError when its groups mean more names than any fleet has.
    """
    try:
        return _found_in(inventory, Found(kind, source))
    except TooMuchWork:
        why = f"its groups in groups mean more than {MOST_NAMES:,} names: give it in parts"
        raise whole_file(source, why) from None


def _found_in(inventory: Inventory, found: Found) -> Found:
    for name, own in inventory.variables():
        place = inventory.places[name]
        try:
            fields = _fields(found, name, own)
        except _Refused as reason:
            found.leave_out(name, str(reason), place)
            continue
        found.add(name, fields, place)
    for name in [name for name in found.hosts if not _jump_is_right(found, name)]:
        del found.hosts[name]
    _leave_out_circles(found)
    for group, members in inventory.members().items():
        mapped = group_name(group)
        if mapped != group and members:
            found.notes.append(f"{found.source}: group {shown(group)} is called {mapped} here")
        found.join(mapped, members)
    found.notes += [*inventory.notes, *islice(inventory.circles(), _CIRCLES)]
    found.notes[:] = dict.fromkeys(found.notes)
    return found


def _fields(found: Found, name: str, own: Vars) -> Fields:
    connection = _text(name, own, "ansible_connection").rpartition(".")[2].lower()
    if connection == "local":
        return {"transport": "local"}
    if connection and connection not in _SSH:
        raise _Refused(f"is reached by {shown(connection)}, not by ssh")
    if not PASSWORDS.isdisjoint(own):
        found.notes.append(f"{found.source}: passwords are not taken over: opsdash asks for them")
    fields = _target(name, own)
    _add_arguments(found, fields, name, own)
    if key := _text(name, own, "ansible_private_key_file", "ansible_ssh_private_key_file"):
        fields["keys"] = [_key_path(key, found.source)]
    if sudo := _sudo(name, own):
        fields["sudo"] = sudo
    return fields


def _target(name: str, own: Vars) -> Fields:
    fields: Fields = {}
    address = _text(name, own, "ansible_host", "ansible_ssh_host")
    if address and address != name:
        fields["address"] = address
    if port := _text(name, own, "ansible_port", "ansible_ssh_port"):
        fields["port"] = _port(port)
    if user := _text(name, own, "ansible_user", "ansible_ssh_user"):
        fields["user"] = user
    return fields


def _text(name: str, own: Vars, *keys: str) -> str:
    """The value of the first of some variables that is there, as text."""
    for key in keys:
        if key in own:
            return _plain(name, key, own[key])
    return ""


def _plain(name: str, key: str, var: Var) -> str:
    if var.vaulted:
        raise _Refused(f"{key} is vault-encrypted ({var.place}): opsdash reads no vaults")
    value: Any = var.value
    if value is None:
        return ""
    if not isinstance(value, str | int | bool | float):
        raise _Refused(f"{key} should be text ({var.place})")
    text = str(value).strip()
    text = _OWN_NAME.sub(lambda word: name.partition(".")[0] if word[1] else name, text)
    if "{{" in text or "{%" in text:
        raise _Refused(f"{key} is a template ({var.place}), which only Ansible can fill in")
    return text


def _port(text: str) -> int:
    if text.isascii() and text.isdigit() and len(text) <= 5 and 1 <= int(text) <= 65535:
        return int(text)
    raise _Refused("its port should be a number from 1 to 65535")


def _key_path(text: str, source: Path) -> str:
    """A key file; a relative path starts at the inventory or the folder above that has the file."""
    try:
        path_text(text)
    except ValueError as reason:
        raise _Refused(f"its key {shown(text)}: {reason}") from None
    if text.startswith(("~", "/")):
        return text
    folders = [source] if is_folder(source) else []
    folders += source.parents[:4]
    here = next((folder / text for folder in folders if is_file(folder / text)), None)
    return str(here or folders[0] / text)


def _add_arguments(found: Found, fields: Fields, name: str, own: Vars) -> None:
    keys = ("ansible_ssh_args", "ansible_ssh_common_args", "ansible_ssh_extra_args")
    said = read_arguments(" ".join(_text(name, own, key) for key in keys))
    if said.refusal:
        raise _Refused(clean_line(said.refusal, 200))
    found.notes += [f"{found.source}: {clean_line(text, 200)}" for text in said.notes]
    if said.key:
        fields["keys"] = [_key_path(said.key, found.source)]
    if said.user:
        fields.setdefault("user", said.user)
    if said.port:
        fields.setdefault("port", _port(said.port))
    if said.jump:
        fields["jump"] = said.jump


def _jump_is_right(found: Found, name: str) -> bool:
    """Write a host's jump as opsdash does; False when it makes no sense, which is noted."""
    fields = found.hosts[name]
    jump = fields.get("jump")
    if not isinstance(jump, str):
        return True
    bare = jump.removeprefix("ssh://")
    address = bare.rpartition("@")[2]
    if address in (name, fields.get("address")):
        del fields["jump"]  # the bastion is in the group whose hosts go through it
    elif bare in found.hosts:
        fields["jump"] = bare
        if found.hosts[bare].get("transport") == "local":
            del fields["jump"]  # this machine is where every way begins
    else:
        try:
            fields["jump"] = jump_host(bare if "@" in bare or ":" in bare else f"ssh://{bare}")
        except ValueError as reason:
            found.leave_out(name, f"its jump host {shown(jump)}: {reason}", str(found.source))
            return False
    return True


def _leave_out_circles(found: Found) -> None:
    """Leave out hosts whose jumps lead round in a circle, and what is behind them."""
    for name in [name for name in found.hosts if _ends_in_a_circle(found, name)]:
        found.leave_out(name, "its jump hosts lead round in a circle", str(found.source))
        del found.hosts[name]


def _ends_in_a_circle(found: Found, name: str) -> bool:
    way = {name: None}
    while isinstance(jump := found.hosts.get(name, {}).get("jump"), str):
        if jump in way:
            return True
        way[jump] = None
        name = jump
    return False


def _sudo(name: str, own: Vars) -> str:
    """How the user becomes root there, as far as the inventory says; empty: found out."""
    if "ansible_become" not in own and not any("become_pass" in key for key in own):
        return ""
    wanted = _text(name, own, "ansible_become").lower() in _TRUE or "ansible_become" not in own
    method = _text(name, own, "ansible_become_method").rpartition(".")[2] or "sudo"
    user = _text(name, own, "ansible_become_user") or "root"
    if not wanted or method not in ("sudo", "doas") or user != "root":
        return "none"
    return "ask" if {"ansible_become_password", "ansible_become_pass"} & own.keys() else ""
