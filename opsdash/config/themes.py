"""Themes: YAML files with colours and a glyph per health. A bad one is a notice, never a crash."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from types import MappingProxyType
from typing import Any

from opsdash.config.contrast import too_faint
from opsdash.config.marked_yaml import Marked, Where, dotted, load_marked
from opsdash.core.errors import ConfigError
from opsdash.core.health import Health
from opsdash.core.theme import (
    ANSI,
    ATTRIBUTES,
    GLYPHS,
    STYLED,
    TERMINAL_DEFAULT,
    USUAL_STYLES,
    Theme,
)

COLOURS = ("background", "foreground", "surface", "muted", "accent", "cursor")
_KEYS = ("name", "dark", *COLOURS, "health", "glyphs", "styles")
_OPTIONAL = ("glyphs", "styles")
_HEALTHS = tuple(health.name.lower() for health in Health)
_NAMED = (*ANSI, TERMINAL_DEFAULT)
_STYLED = (*STYLED, "surface", "cursor")
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")


@dataclass(frozen=True, slots=True)
class Found:
    """A theme file: its theme, or None and why it can't be used; advice tells of poor colours.

    `name` is the theme's, or as near as a broken file tells it: the file's own at worst.
    """

    path: Path
    name: str
    theme: Theme | None
    faults: tuple[str, ...] = ()
    advice: tuple[str, ...] = ()


def load_themes(folders: Iterable[Path]) -> tuple[dict[str, Theme], tuple[str, ...]]:
    """All themes of some folders by name, a later folder's over an earlier one's; and notices.

    A notice tells of a file that could not be used, or of colours that are hard to read.
    """
    found, notices = find_themes(folders)
    return usable(found), (*notices, *told(found))


def usable(found: Iterable[Found]) -> dict[str, Theme]:
    """The themes among some files, by name, a later one's over an earlier one's."""
    return {one.theme.name: one.theme for one in found if one.theme is not None}


def told(found: Iterable[Found]) -> tuple[str, ...]:
    """All that is to be said of some files."""
    return tuple(text for one in found for text in (*one.faults, *one.advice))


def find_themes(folders: Iterable[Path]) -> tuple[list[Found], list[str]]:
    """What each theme file of some folders holds, in order; and folders that can't be read."""
    found: list[Found] = []
    notices: list[str] = []
    for folder in folders:
        here: dict[str, Path] = {}
        for path in _theme_files(folder, notices):
            one = look_at(path)
            name = one.theme.name if one.theme is not None else ""
            if name in here:
                fault = f"{path}: {here[name].name} has the name {name}, too"
                one = Found(path, path.stem, None, (fault,))
            elif name:
                here[name] = path
            found.append(one)
    return found, notices


def look_at(path: Path) -> Found:
    """One theme file, whatever is in it."""
    name = path.stem
    try:
        marked = load_marked(path, private=False)
        name = _named(marked.data) or name
        theme = _theme(marked)
    except ConfigError as error:
        return Found(path, name, None, tuple(str(fault) for fault in error.faults))
    advice = tuple(f"{path}: {text}" for text in too_faint(theme))
    return Found(path, theme.name, theme, advice=advice)


def _named(data: Any) -> str:
    """The name in what may be no theme at all; empty: there is none."""
    name = data.get("name") if isinstance(data, dict) else None
    return name if isinstance(name, str) and _NAME.fullmatch(name) else ""


def _theme_files(folder: Path, notices: list[str]) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if path.suffix in (".yaml", ".yml"))
    except OSError as error:
        notices.append(f"{folder}: themes can't be read: {error.strerror}")
        return []


def load_theme(path: Path) -> Theme:
    """One theme; ConfigError holds everything that is wrong with it, each with its place."""
    return _theme(load_marked(path, private=False))


def _theme(marked: Marked) -> Theme:
    form = _Form(marked)
    if not isinstance(marked.data, dict):
        marked.blame((), "should be a mapping of colours, like themes/midnight.yaml")
        raise ConfigError(marked.faults)
    form.check_keys((), _KEYS, required=[key for key in _KEYS if key not in _OPTIONAL])
    theme = Theme(
        name=form.name(),
        dark=form.dark(),
        health=MappingProxyType(form.health_colours()),
        glyphs=MappingProxyType(form.glyphs()),
        styles=MappingProxyType(form.styles()),
        **{key: form.colour((key,)) for key in COLOURS},
    )
    if marked.faults:
        raise ConfigError(sorted(marked.faults, key=lambda fault: (fault.line, fault.column)))
    return theme


@dataclass(frozen=True, slots=True)
class _Form:
    """The parts of a theme file, each checked; a stand-in takes the place of what is wrong."""

    marked: Marked

    def check_keys(
        self, where: Where, known: Iterable[str], *, required: Iterable[str]
    ) -> Mapping[str, Any]:
        """The mapping at a path, empty if it is none; unknown and missing keys are blamed."""
        found = self._at(where)
        if not isinstance(found, dict):
            self._blame(where, "should be a mapping (key: value)")
            return {}
        for key in found:
            if self.marked.full:
                break
            if key not in known:
                near = get_close_matches(key, list(known), n=1)
                meant = f" (did you mean {near[0]}?)" if near else ""
                self._blame((*where, key), f"unknown key{meant}", key=True)
        for key in required:
            if key not in found:
                self._blame(where, f"{key} is missing")
        return found

    def name(self) -> str:
        """The theme's name: lower-case letters, digits and dashes."""
        name = _named(self.marked.data)
        if not name and "name" in self.marked.data:
            self._blame(("name",), "should be lower-case letters, digits and dashes")
        return name

    def dark(self) -> bool:
        """Whether the background is dark."""
        dark = self._at(("dark",))
        if "dark" in self.marked.data and not isinstance(dark, bool):
            self._blame(("dark",), "should be true or false")
        return bool(dark)

    def colour(self, where: Where) -> str:
        """A colour in lower case; what is missing was blamed by check_keys()."""
        holder = self._at(where[:-1])
        if not isinstance(holder, dict) or where[-1] not in holder:
            return "#000000"
        colour = holder[where[-1]]
        if isinstance(colour, str) and (_COLOUR.fullmatch(colour) or colour in _NAMED):
            return colour.lower()
        hint = ": quote it, an unquoted # begins a comment" if colour is None else ""
        if isinstance(colour, str) and (near := get_close_matches(f"{colour}", _NAMED, n=1)):
            hint = f" (did you mean {near[0]}?)"
        self._blame(where, f'should be a colour like "#1f2d4a"{hint}')
        return "#000000"

    def health_colours(self) -> dict[Health, str]:
        """One colour per health; all five are needed."""
        if "health" in self.marked.data:
            self.check_keys(("health",), _HEALTHS, required=_HEALTHS)
        return {health: self.colour(("health", health.name.lower())) for health in Health}

    def glyphs(self) -> dict[Health, str]:
        """One glyph per health, the usual ones where none is given; no two alike."""
        found = dict(GLYPHS)
        if "glyphs" in self.marked.data:
            given = self.check_keys(("glyphs",), _HEALTHS, required=())
            for health in Health:
                if health.name.lower() in given:
                    found[health] = self._glyph(("glyphs", health.name.lower()))
            if len(set(found.values())) < len(found):
                self._blame(("glyphs",), "two healths have the same glyph")
        return found

    def styles(self) -> dict[str, tuple[str, ...]]:
        """Attributes by what they are given to, the usual ones where none are given."""
        found = dict(USUAL_STYLES)
        if "styles" in self.marked.data:
            given = self.check_keys(("styles",), _STYLED, required=())
            for name in _STYLED:
                if name in given:
                    found[name] = self._attributes(("styles", name))
        return found

    def _attributes(self, where: Where) -> tuple[str, ...]:
        given = self._at(where)
        words = given.split() if isinstance(given, str) else []
        if words == ["plain"]:
            return ()
        if not words or set(words) - set(ATTRIBUTES):
            self._blame(where, f"should be plain, or some of {' '.join(ATTRIBUTES)}")
        return tuple(words)

    def _glyph(self, where: Where) -> str:
        glyph = self._at(where)
        if isinstance(glyph, str) and _is_one_column(glyph):
            return glyph
        self._blame(where, "should be one character, one column wide")
        return dotted(where)

    def _at(self, where: Where) -> Any:
        data: Any = self.marked.data
        for part in where:
            data = data.get(part) if isinstance(data, dict) else None
        return data

    def _blame(self, where: Where, text: str, *, key: bool = False) -> None:
        self.marked.blame(where, text, key=key)


def _is_one_column(glyph: str) -> bool:
    alone = len(glyph) == 1 and glyph.isprintable() and not glyph.isspace()
    return (
        alone
        and unicodedata.east_asian_width(glyph) not in "WF"
        and not unicodedata.combining(glyph)
    )
