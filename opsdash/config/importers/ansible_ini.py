"""Ansible's INI inventories: groups, ``:children``, ``:vars`` and ranges of hosts."""

from __future__ import annotations

import re
import shlex
import string
from collections.abc import Iterator
from itertools import product
from math import prod
from pathlib import Path

from opsdash.config.importers.found import shown
from opsdash.config.importers.inventory import USED, Inventory, Var
from opsdash.config.ranges import MAX_HOSTS
from opsdash.core.errors import ConfigError, Fault
from opsdash.core.target import LONGEST as LONGEST_NAME

LONGEST_LINE = 65_536
"""Taking words apart costs the square of their length."""

_SECTION = re.compile(r"\[([^\[\]:]+)(?::(\w+))?\]\s*(?:#.*)?")
_RANGE = re.compile(r"\[([^\[\]:]+):([^\[\]:]+)(?::([0-9]{1,9}))?\]")
_PORT = re.compile(r"(.*\]|[^:]*):([0-9]{1,5})")


def read_ini(found: Inventory, path: Path, text: str) -> None:
    """Add what an INI inventory says; ConfigError with every line that can't be understood."""
    faults: list[Fault] = []
    section, state = "ungrouped", "hosts"
    for number, raw in enumerate(text.split("\n"), start=1):
        line = raw.strip()
        if not line or line[0] in "#;":
            continue
        try:
            if line.startswith("["):
                section, state = _section(line)
                found.group(section)
            elif state == "hosts":
                _host_line(found, section, line, f"{path}:{number}")
            elif state == "children":
                child = line.split("#")[0].strip()
                found.group(section).children.setdefault(child, f"{path}:{number}")
            else:
                _variable(found, section, line, f"{path}:{number}")
        except ValueError as reason:
            faults.append(Fault(str(path), number, 1, str(reason)))
    if faults:
        raise ConfigError(faults)


def _section(line: str) -> tuple[str, str]:
    matched = _SECTION.fullmatch(line)
    kind = (matched[2] or "hosts") if matched else ""
    if matched is None or kind not in ("hosts", "children", "vars"):
        raise ValueError("should be [group], [group:children] or [group:vars]")
    return matched[1].strip(), kind


def _host_line(found: Inventory, group: str, line: str, place: str) -> None:
    if len(line) > LONGEST_LINE:
        raise ValueError(f"is longer than {LONGEST_LINE:,} characters")
    try:
        # a large inventory has few quotes, and this costs a fiftieth
        plain = not set(line) & set("\"'#\\")
        words = line.split() if plain else shlex.split(line, comments=True)
    except ValueError:
        raise ValueError("a quote does not end") from None
    pattern, *pairs = words or [""]
    own = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals:
            raise ValueError(f"{shown(pair)}: variables of a host are written name=value")
        if key in USED:
            own[key] = Var(value, place)
    names, port = host_names(pattern)
    if port:
        own.setdefault("ansible_port", Var(port, place))
    for name in names:
        found.host(name, group, place)
        found.host_vars.setdefault(name, {}).update(own)


def _variable(found: Inventory, group: str, line: str, place: str) -> None:
    key, _, value = line.partition("=")
    value = value.strip()
    if len(value) > 1 and value[0] == value[-1] and value[0] in "'\"":
        value = value[1:-1]
    if key.strip() in USED:
        found.group(group).vars[key.strip()] = Var(value, place)


def host_names(pattern: str) -> tuple[list[str], str]:
    """The hosts that a pattern of an inventory means, and the port behind it, if any.

    ``web[01:10].example.org:2222``, ``db-[a:c]``. ValueError for what is no range.
    """
    port = ""
    if (matched := _PORT.fullmatch(pattern)) and pattern.count(":") == 1 + _inside(pattern):
        pattern, port = matched[1], matched[2]
    parts = _RANGE.split(pattern)
    fixed = parts[0::4]
    spans: list[list[str]] = []
    for span in zip(parts[1::4], parts[2::4], parts[3::4], strict=True):
        spans.append(_span(*span))
        if prod(map(len, spans)) > MAX_HOSTS:  # at once: each of them may mean 10,000
            raise ValueError(f"{shown(pattern)} means more than {MAX_HOSTS:,} hosts")
    if spans and sum(map(len, (*fixed, *(one[-1] for one in spans)))) > LONGEST_NAME:
        raise ValueError(f"{shown(pattern)} means names of more than {LONGEST_NAME} characters")
    return list(_joined(fixed, spans)), port


def _inside(pattern: str) -> int:
    """How many colons stand in the ranges of a pattern."""
    return sum(span.count(":") for span in re.findall(r"\[[^\]]*\]", pattern))


def _span(start: str, end: str, step: str | None) -> list[str]:
    by = int(step or 1)
    if by < 1:
        raise ValueError("a range needs a step of 1 or more")
    letters = string.ascii_letters
    if len(start) == len(end) == 1 and {start, end} <= set(letters):
        found = list(letters[letters.index(start) : letters.index(end) + 1 : by])
    elif re.fullmatch(r"[0-9]{1,9}", start) and re.fullmatch(r"[0-9]{1,9}", end):
        width = len(start) if start.startswith("0") else 0
        numbers = range(int(start), int(end) + 1, by)
        if len(numbers) > MAX_HOSTS:
            raise ValueError(f"[{start}:{end}] means more than {MAX_HOSTS:,} hosts")
        found = [f"{number:0{width}d}" if width else str(number) for number in numbers]
    else:
        raise ValueError(f"[{shown(start)}:{shown(end)}]: a range is [01:10] or [a:f]")
    if not found:
        raise ValueError(f"the range [{start}:{end}] is empty: it runs from low to high")
    return found


def _joined(fixed: list[str], spans: list[list[str]]) -> Iterator[str]:
    for chosen in product(*spans):
        pieces = (piece for pair in zip(chosen, fixed[1:], strict=True) for piece in pair)
        yield fixed[0] + "".join(pieces)
