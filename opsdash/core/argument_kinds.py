"""The kinds of values that an action's argument can have: what may stand there, and what it names.

A value reaches a script as a quoted shell variable, whatever it holds; what is checked here keeps
it from meaning something else to the program that gets it: an option, a path up the tree.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

LONGEST_PATH = 4000
_WORD = re.compile(r"[A-Za-z0-9_.:@%+/=,~^*?\[\]-]{1,255}")
_UNIT = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.:@\\+-]{0,254}")
_USER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.@-]{0,62}\$?")
_PACKAGE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.+:~^-]{0,254}")


def unit_fault(value: str) -> str:
    """What is wrong with a unit's name."""
    if _UNIT.fullmatch(value):
        return ""
    return "a service has letters, digits and _ . : @ + - in its name, and no - in front"


def path_fault(value: str) -> str:
    """What is wrong with an absolute path, written without detours."""
    if not value.startswith("/") or len(value) > LONGEST_PATH:
        return "it should be a path from the root: /var/log"
    if not value.isprintable():
        return "a path with characters that can't be seen is not taken"
    parts = value.split("/")[1:]
    if value != "/" and any(part in ("", ".", "..") for part in parts):
        return "it should be the path itself, without //, . and .. and no / at its end"
    return ""


def _word_fault(value: str) -> str:
    if value.startswith("-"):
        return "a word with - in front would be taken for an option"
    return "" if _WORD.fullmatch(value) else "a word has no spaces, quotes and other signs"


def _number_fault(value: str) -> str:
    good = value.isascii() and value.isdigit() and len(value) <= 15
    return "" if good else "it should be a whole number"


def _user_fault(value: str) -> str:
    return "" if _USER.fullmatch(value) else "no user can be called that"


def _package_fault(value: str) -> str:
    return "" if _PACKAGE.fullmatch(value) else "no package can be called that"


def _no_fault(value: str) -> str:
    return ""


@dataclass(frozen=True, slots=True)
class ArgumentKind:
    """What is wrong with a value (empty: nothing), and what of a host it names, for offering."""

    fault: Callable[[str], str]
    names: str = ""


KINDS: Mapping[str, ArgumentKind] = {
    "word": ArgumentKind(_word_fault),
    "number": ArgumentKind(_number_fault),
    "path": ArgumentKind(path_fault),
    "text": ArgumentKind(_no_fault),
    "unit": ArgumentKind(unit_fault, "unit"),
    "user": ArgumentKind(_user_fault, "user"),
    "mount": ArgumentKind(path_fault, "mount"),
    "package": ArgumentKind(_package_fault, "package"),
}
"""By the word that stands in actions.yaml."""
