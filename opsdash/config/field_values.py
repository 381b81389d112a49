"""What may stand in a field of hosts.yaml: each function returns it or says what is wrong."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from opsdash.config.ranges import names_of
from opsdash.core.target import checked_address, checked_name, parse_target

LONGEST_INTERVAL_S = 3600
_UNIT_S = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_SPAN = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,9})?)([smhd])")
_PERCENT = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,9})?) ?%")


LONGEST_DEADLINE_S = 300


def interval_s(value: Any) -> int:
    """``2s``, ``1m`` or whole seconds, from 1 s to 1 h."""
    return whole_seconds(value, 1, LONGEST_INTERVAL_S)


def deadline_s(value: Any) -> int:
    """``10s``, ``1m`` or whole seconds, from 1 s to 5 min."""
    return whole_seconds(value, 1, LONGEST_DEADLINE_S)


def whole_seconds(value: Any, least: int, most: int) -> int:
    """A time span or a number, in whole seconds within these bounds."""
    seconds: Any = value
    if isinstance(value, str) and (found := _SPAN.fullmatch(value)):
        seconds = float(found[1]) * _UNIT_S[found[2]]
    whole = not isinstance(seconds, bool | str) and isinstance(seconds, int | float)
    if not whole or not least <= seconds <= most or seconds != int(seconds):
        bounds = f"from {_shown(least)} to {_shown(most)}"
        raise ValueError(f"should be 2s, 1m or whole seconds, {bounds}")
    return int(seconds)


def _shown(seconds: int) -> str:
    """Seconds in the largest unit that has a whole number of them."""
    unit = next(name for name in "dhms" if seconds % _UNIT_S[name] == 0)
    return f"{seconds // _UNIT_S[unit]}{unit}"


def span_s(value: str) -> float:
    """A time span in seconds: ``30s``, ``90m``, ``6h``, ``7d``."""
    found = _SPAN.fullmatch(value)
    if found is None or not float(found[1]):
        raise ValueError("should be a time span: 30s, 90m, 6h, 7d")
    return float(found[1]) * _UNIT_S[found[2]]


def threshold(value: Any) -> float | None:
    """``80%`` as a ratio, ``10m`` in seconds, a plain number as it is, ``never`` as None."""
    if value == "never":
        return None
    if isinstance(value, int | float) and not isinstance(value, bool) and value >= 0:
        return float(value)
    if isinstance(value, str) and (found := _PERCENT.fullmatch(value)):
        return float(found[1]) / 100
    if isinstance(value, str) and (found := _SPAN.fullmatch(value)):
        return float(found[1]) * _UNIT_S[found[2]]
    raise ValueError("should be a number, a percentage (80%), a time span (10m) or never")


def address_template(text: str) -> str:
    """An address in which ``{name}`` stands for the host's name."""
    checked_address(text.replace("{name}", "name"))
    return text


def name_or_range(text: str) -> str:
    """A host's name or a range of names."""
    names_of(text)
    return text


def jump_host(text: str) -> str:
    """The name of a host, ``user@address:port``, ``ssh://name``, or ``none`` for no jump at all."""
    if is_target(text):
        parse_target(text.removeprefix("ssh://"))
    else:
        checked_name(text)
    return text


def is_target(jump: str) -> bool:
    """Whether a jump says where to go by itself and is not the name of a host in the file."""
    return "@" in jump or ":" in jump


def path_text(text: str) -> str:
    """A path of a file here."""
    if not text or not text.isprintable():
        raise ValueError("should be the path of a file")
    try:
        Path(text).expanduser()
    except RuntimeError:
        raise ValueError("begins with the home directory of nobody here") from None
    return text


def argument(text: str) -> str:
    """A word of an argument list."""
    if not text.isprintable():
        raise ValueError("an argument must not hold control characters")
    return text


def command_entry(value: Any) -> Any:
    """A command: its argument list alone, or a mapping with its fields."""
    if isinstance(value, str):
        raise ValueError("should be a list, no shell reads it: [program, argument]")  # noqa: TRY004
    return {"argv": value} if isinstance(value, list) else value


def host_entry(value: Any) -> Any:
    """Nothing, ``user@address:port`` or a mapping: the three forms of a host, as a mapping."""
    if value is None:
        return {}
    if not isinstance(value, str):
        return value
    if "{" in value:
        raise ValueError("the short form has no {name}: write address: in the long form")
    target = parse_target(value)
    parts = {"address": target.address, "user": target.user, "port": target.port}
    return {key: part for key, part in parts.items() if part is not None}


def member_entry(value: Any) -> Any:
    """A host in a group's list: its name, or a mapping with its name and fields."""
    return {"name": value} if isinstance(value, str) else value


def empty_mapping(value: Any) -> Any:
    """A section without anything in it."""
    return {} if value is None else value
