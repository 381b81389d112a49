"""What a bare word in YAML means, and which ones mean different things to different readers.

YAML 1.1 readers take ``no`` for false, ``22:22`` for 1342 and ``0123`` for 83. opsdash guesses
nothing: such a word is a fault that says "quote it".
"""

from __future__ import annotations

import re
from math import isfinite

Scalar = str | int | float | bool | None

_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_BOOLEAN = {
    "true": True,
    "True": True,
    "TRUE": True,
    "false": False,
    "False": False,
    "FALSE": False,
}
_YES_NO = frozenset(
    word for low in ("yes", "no", "on", "off") for word in (low, low.title(), low.upper())
)
_NUMERIC = frozenset("+-0123456789")
"""What the words of the patterns below begin with."""
_WHOLE = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,17})", re.ASCII)
_FRACTION = re.compile(r"[-+]?(?:[0-9]{1,18}\.[0-9]{0,18}|\.[0-9]{1,18})", re.ASCII)
_SIXTIES = re.compile(r"[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?", re.ASCII)
_OCTAL = re.compile(r"[-+]?0o?[0-9_]+", re.ASCII)
_OTHER_BASE = re.compile(r"[-+]?0[xb][0-9a-fA-F_]+", re.ASCII)
_GROUPED = re.compile(r"[-+]?[0-9][0-9_]*_[0-9_]*(?:\.[0-9_]*)?", re.ASCII)


def trap(word: str) -> str:
    """How other readers of YAML understand this bare word; empty if all agree."""
    if word in _YES_NO:
        return "true or false"
    if word[:1] not in _NUMERIC:  # nearly every word: four patterns less
        return ""
    for pattern, meaning in (
        (_OCTAL, "an octal number"),
        (_SIXTIES, "a number in base 60"),
        (_OTHER_BASE, "a number"),
        (_GROUPED, "a number"),
    ):
        if pattern.fullmatch(word):
            return meaning
    return ""


def resolve(word: str) -> Scalar:
    """The value of a bare word that is no trap: empty, true/false, a decimal number, or text."""
    if word in _NULL:
        return None
    if word in _BOOLEAN:
        return _BOOLEAN[word]
    if _WHOLE.fullmatch(word):
        return int(word)
    if _FRACTION.fullmatch(word) and isfinite(float(word)):
        return float(word)
    return word
