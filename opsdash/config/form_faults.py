"""Faults of form in an operator's words: which field, what it should be, what was perhaps meant."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from opsdash.config.form import Threshold
from opsdash.config.hosts_schema import (
    GroupForm,
    HostForm,
    HostsForm,
    InventoryCommand,
    MemberForm,
    Settings,
)
from opsdash.config.log_form import NAMES as LOG_KEYS
from opsdash.config.marked_yaml import Marked, Where
from opsdash.config.probe_form import NAMES as PROBE_KEYS
from opsdash.core.text import clean_line, did_you_mean

M = TypeVar("M", bound=BaseModel)

_ROUNDS = 6
_EXPECTED = {
    "string_type": "should be text",
    "int_type": "should be a whole number",
    "bool_type": "should be true or false",
    "list_type": "should be a list",
    "dict_type": "should be a mapping (key: value)",
    "model_type": "should be a mapping (key: value)",
    "greater_than_equal": "should be from 1 to 65535",
    "too_short": "is empty: name a program and its arguments",
    "less_than_equal": "should be from 1 to 65535",
}
_OTHER_WORDS = {
    "hostname": "address",
    "host": "address",
    "ip": "address",
    "ansible_host": "address",
    "ansible_user": "user",
    "ansible_port": "port",
    "login": "user",
    "bastion": "jump",
    "proxy": "jump",
    "proxyjump": "jump",
    "proxy_jump": "jump",
    "identityfile": "keys",
    "identity_file": "keys",
    "identity": "keys",
    "become": "sudo",
    "labels": "tags",
    "strict_host_key_checking": "host_key",
}


def understood(model: type[M], marked: Marked) -> M | None:
    """The file's data as a model; what does not fit becomes a fault and is left out.

    Leaving out what is wrong lets the rest be checked too, so that all faults show at once. None
    when nothing is left that could be understood.
    """
    for _ in range(_ROUNDS):
        try:
            return model.model_validate(marked.data)
        except ValidationError as error:
            for fault in error.errors(include_url=False):
                _take_out(marked, fault)
    return None


def _take_out(marked: Marked, fault: Any) -> None:
    """Blame one fault and remove its value from the data."""
    loc, kind = fault["loc"], fault["type"]
    is_key = bool(loc) and loc[-1] == "[key]"
    where: Where = loc[:-1] if is_key or kind == "missing" else loc
    at_key = is_key or kind == "extra_forbidden"
    # a value that was blamed and left out is not missing
    if (loc if kind == "missing" else where, at_key) not in marked.blamed:
        marked.blame(where, "" if marked.full else _words(fault), key=at_key)
    if len(where) == 2 and where[0] == "hosts" and not is_key:
        marked.data["hosts"][where[1]] = None  # a host whose form is wrong still has its name
    else:
        _remove(marked, where)


def _remove(marked: Marked, where: Where) -> None:
    """Take the value at a path, or the nearest mapping entry above it, out of the data."""
    while where:
        *above, key = where
        holder = _at(marked.data, above)
        if isinstance(holder, dict):
            holder.pop(key, None)
            break
        where = where[:-1]
    marked.names_lost = marked.names_lost or _holds_names(where)


def _at(data: Any, where: Iterable[str | int]) -> Any:
    for part in where:
        in_list = isinstance(data, list) and isinstance(part, int)
        inside = part in data if isinstance(data, dict) else in_list
        data = data[part] if inside else None
    return data


def _holds_names(where: Where) -> bool:
    """Whether whole declarations went with what stood at this path."""
    match where:
        case (
            ()
            | ("inventory_command", *_)
            | ("hosts",)
            | ("include",)
            | ("groups",)
            | ("groups", _)
            | ("groups", _, "hosts")
        ):
            return True
        case _:
            return False


def _words(fault: Any) -> str:
    kind, given, loc = fault["type"], fault["input"], fault["loc"]
    if kind == "value_error":
        return str(fault["ctx"]["error"])
    if kind == "extra_forbidden":
        return f"unknown key{_meant(str(loc[-1]), loc[:-1])}"
    if kind == "missing":
        never = ": give a value, or never" if loc[-1] in Threshold.model_fields else ""
        return f"{loc[-1]} is missing{never}"
    if given is None:
        return "is empty: give a value, or delete the line"
    if kind == "literal_error":
        return _not_of(str(fault["ctx"]["expected"]), given)
    return _EXPECTED.get(kind, clean_line(fault["msg"])) + _advice(kind, given)


def _meant(word: str, owner: Where) -> str:
    fields = _fields(owner)
    other = _OTHER_WORDS.get(word.lower(), "")
    return f" (did you mean {other}?)" if other in fields else did_you_mean(word, fields)


def _fields(owner: Where) -> Iterable[str]:
    """The keys that may stand in the mapping at a path."""
    form: type[BaseModel] = HostsForm
    within = {"probes": PROBE_KEYS, "logs": LOG_KEYS}
    if len(owner) >= 2 and owner[-2] in within:
        return within[str(owner[-2])]
    limits_of_a_probe = owner[-3:-2] == ("probes",) and owner[-1] in ("time", "expires")
    if owner[-2:-1] == ("thresholds",) or limits_of_a_probe:
        form = Threshold
    elif owner:
        deep = MemberForm if len(owner) > 2 else GroupForm
        known = {"hosts": HostForm, "groups": deep, "inventory_command": InventoryCommand}
        form = known.get(str(owner[0]), Settings)
    return form.model_fields


def _not_of(expected: str, given: object) -> str:
    choices = re.findall(r"'([^']+)'", expected)
    if not choices:
        return f"should be {expected}"
    meant = did_you_mean(given, choices) if isinstance(given, str) else ""
    return f"should be one of {', '.join(choices)}{meant}"


def _advice(kind: str, given: object) -> str:
    if kind == "string_type" and isinstance(given, int | float):
        return f': quote it ("{str(given).lower() if isinstance(given, bool) else given}")'
    if kind == "list_type" and isinstance(given, str):
        return ": put it in brackets, [like this]"
    if kind == "int_type" and isinstance(given, str) and given.isdigit():
        return ", without quotes"
    return ""
