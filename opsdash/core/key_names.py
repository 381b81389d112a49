"""The names of keys: as they are written on keyboards, and which of them ever reach a terminal.

A name is a character (``?``, ``G``), a word (``enter``, ``pgdn``, ``f5``), or one of these after
``ctrl+``, ``alt+`` or ``shift+``.
"""

from __future__ import annotations

import unicodedata

from opsdash.core.text import did_you_mean

_WORDS = {
    "esc": "escape",
    "pgdn": "pagedown",
    "pgup": "pageup",
    "enter": "enter",
    "tab": "tab",
    "space": "space",
    "backspace": "backspace",
    "del": "delete",
    "ins": "insert",
    "home": "home",
    "end": "end",
    "up": "up",
    "down": "down",
    "left": "left",
    "right": "right",
    **{f"f{number}": f"f{number}" for number in range(1, 21)},
}
"""As it is shown: as Textual calls it."""

_ALSO = {
    "escape": "esc",
    "pagedown": "pgdn",
    "pageup": "pgup",
    "delete": "del",
    "insert": "ins",
    "return": "enter",
    "spacebar": "space",
    "comma": ",",
    "minus": "-",
    "plus": "+",
}
_TEXTUAL = {
    "_": "underscore",
    "-": "minus",
    "+": "plus",
    "/": "slash",
    "\\": "backslash",
    "@": "at",
}
_ARROWS = ("up", "down", "left", "right", "home", "end")
_SHIFTED = (*_ARROWS, "tab", "del", "ins", "pgup", "pgdn")
_CTRLED = (*_ARROWS, "del", "pgup", "pgdn", "space", "\\", "]", "^", "_")
EDITS = frozenset(
    {"backspace", "del", "left", "right", "home", "end", "enter"}
    | {f"shift+{key}" for key in ("left", "right", "home", "end")}
    | {f"ctrl+{key}" for key in ("left", "right", *"acdekuvwx")}
)
"""What fields take for themselves, to move in what is typed and to change it."""

_SAME = {"i": "tab", "m": "enter", "h": "backspace", "[": "esc"}


class KeyNameError(ValueError):
    """Not the name of a key that a terminal sends; ``str()`` says why, and what may be meant."""


def key_named(text: str) -> str:
    """The key that somebody wrote, as opsdash writes it; KeyNameError says what is wrong."""
    head, plus, tail = text.rpartition("+")
    if len(text) <= 1 or not plus or not tail:
        return _plain(text)
    mods = [mod.strip().lower() for mod in head.split("+")]
    if len(mods) > 1:
        raise KeyNameError("plain terminals send one of ctrl+, alt+ and shift+ at most")
    return _modified(mods[0], tail.strip())


def _plain(text: str) -> str:
    if len(text) == 1 and text.isprintable() and not text.isspace():
        return text
    word = _ALSO.get(text.lower(), text.lower())
    if word in _WORDS or word in _ALSO.values():
        return word
    if len(text) > 1 and len(set(text)) <= 2 and text.isalpha() and len(text) <= 3:
        raise KeyNameError("one key at a time: keys of several strokes (gg, ZZ) are not known here")
    names = [*_WORDS, *_ALSO]
    raise KeyNameError(f"no key is called so{_meant(text.lower(), names)}")


def _modified(mod: str, tail: str) -> str:
    if mod not in ("ctrl", "alt", "shift"):
        raise KeyNameError(f"{mod}+ is no such thing as ctrl+, alt+ or shift+")
    key = _plain(tail)
    if mod == "shift":
        if len(key) == 1 and key.isalpha():
            raise KeyNameError(f"write {key.upper()}")
        if key not in _SHIFTED:
            raise KeyNameError("plain terminals don't tell it from the same key without shift")
    elif mod == "alt":
        if not (len(key) == 1 and key.isascii() and key.islower()):
            raise KeyNameError("after alt+ plain terminals send small letters only")
    else:
        _check_ctrl(key)
        key = key.lower() if len(key) == 1 else key
    return f"{mod}+{key}"


def _check_ctrl(key: str) -> None:
    if key.lower() in _SAME:
        raise KeyNameError(f"a terminal sends {_SAME[key.lower()]} for it")
    if key.isascii() and key.isalpha() and len(key) == 1:
        return
    if key not in _CTRLED:
        raise KeyNameError("terminals send nothing of its own for it")


def _meant(text: str, names: list[str]) -> str:
    return did_you_mean(text, names) or " (a character, enter, pgdn, f5, ctrl+x …)"


def textual_key(key: str) -> str:
    """A key as opsdash writes it, in Textual's words."""
    head, plus, tail = key.rpartition("+")
    if len(key) > 1 and plus and tail:
        if key == "ctrl+space":
            return "ctrl+@"
        inner = {"\\": "backslash", "]": "right_square_bracket", "^": "circumflex_accent",
                 "_": "underscore"}.get(tail) or textual_key(tail)  # fmt: skip
        return f"{head}+{inner}"
    if len(key) > 1:
        return _WORDS[key]
    if key in _TEXTUAL:
        return _TEXTUAL[key]
    if key.isalnum():
        return key
    return unicodedata.name(key).lower().replace("-", "_").replace(" ", "_")


_WRITTEN = {
    **{textual_key(char): char for code in range(33, 0x250) if (char := chr(code)).isprintable()},
    **{theirs: ours for ours, theirs in _WORDS.items()},
}


def written_key(key: str) -> str:
    """A key in Textual's words as it is written on a keyboard: ``?`` and not ``question_mark``."""
    head, plus, tail = key.rpartition("+")
    if plus and tail:
        odd = {"@": "space", "backslash": "\\", "circumflex_accent": "^"}
        return f"{head}+{odd.get(tail) or written_key(tail)}"
    return _WRITTEN.get(key, key)
