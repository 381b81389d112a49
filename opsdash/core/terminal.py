"""What a terminal can show, as far as the environment tells: colours, characters, its ground."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

SIXTEEN, MANY, ALL = 16, 256, 1 << 24
"""How many colours there are."""

COERCED = ("C.UTF-8", "C.utf8", "UTF-8")
"""What Python puts in LC_CTYPE where the locale is plain C: it says nothing of the terminal."""

_UTF8 = re.compile(r"utf-?8", re.IGNORECASE)
_OF_MANY = ("kitty", "alacritty", "foot", "wezterm", "ghostty", "iterm", "konsole", "contour")
_LIGHT, _DARK = ("7", "15"), ("0", "1", "2", "3", "4", "5", "6", "8")


@dataclass(frozen=True, slots=True)
class Terminal:
    """What can be expected of a terminal; `coloured` is False where the user wants no colours.

    `light` is None where nobody said what its ground is. `answers` says whether it can be asked:
    the Linux console would print a part of some questions.
    """

    colours: int
    coloured: bool
    utf8: bool
    light: bool | None = None
    glyphs: bool = True
    answers: bool = True

    @property
    def plain(self) -> bool:
        """Whether only ASCII is sure to be drawn."""
        return not (self.utf8 and self.glyphs)


def terminal_of(environ: Mapping[str, str], *, coerced: bool) -> Terminal:
    """The terminal of a process with this environment; `coerced` as in speaks_utf8()."""
    kind = environ.get("TERM", "")
    console = kind.startswith(("linux", "vt", "cons25"))
    return Terminal(
        colours=_colours(environ, kind),
        coloured=not environ.get("NO_COLOR"),
        utf8=speaks_utf8(environ, coerced=coerced),
        light=_is_light(environ.get("COLORFGBG", "")),
        # a console's font has some 256 glyphs: letters and lines, not ours
        glyphs=not console,
        answers=not console,
    )


def can_show_a_screen(environ: Mapping[str, str]) -> bool:
    """Whether the cursor can be moved at all."""
    return environ.get("TERM", "") not in ("", "dumb", "unknown")


def speaks_utf8(environ: Mapping[str, str], *, coerced: bool) -> bool:
    """Whether the user's locale says UTF-8, installed here or not: it is what the terminal speaks.

    `coerced` says that Python took UTF-8 by itself, so that LC_CTYPE may be its own doing.
    """
    ctype = environ.get("LC_CTYPE", "")
    own = "" if coerced and ctype in COERCED and "PYTHONUTF8" not in environ else ctype
    name = environ.get("LC_ALL") or own or environ.get("LANG") or "C"
    return _UTF8.search(name) is not None


def ascii_only(environ: Mapping[str, str], *, coerced: bool) -> bool:
    """Whether plain output keeps to ASCII: ``$OPSDASH_ASCII`` (1 or 0), else the locale says so."""
    said = environ.get("OPSDASH_ASCII", "")
    return said != "0" if said else not speaks_utf8(environ, coerced=coerced)


def _colours(environ: Mapping[str, str], kind: str) -> int:
    if kind.startswith(("linux", "vt", "cons25")):
        return SIXTEEN
    if environ.get("COLORTERM", "").lower() in ("truecolor", "24bit") or kind.endswith("-direct"):
        return ALL
    many = "256color" in kind or any(name in kind for name in _OF_MANY)
    return MANY if many else SIXTEEN


def _is_light(said: str) -> bool | None:
    """``COLORFGBG`` is text;ground, or text;something;ground, in numbers of the sixteen colours."""
    ground = said.rpartition(";")[2]
    return True if ground in _LIGHT else False if ground in _DARK else None
