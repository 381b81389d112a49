"""Colours and glyphs: never colour alone, so each health has a glyph and a word too."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from opsdash.core.health import Health

GLYPHS: Mapping[Health, str] = {
    Health.OK: "●",
    Health.UNKNOWN: "?",
    Health.WARN: "▲",
    Health.CRIT: "✖",
    Health.DOWN: "○",
}
ASCII_GLYPHS: Mapping[Health, str] = {
    Health.OK: ".",
    Health.UNKNOWN: "?",
    Health.WARN: "^",
    Health.CRIT: "!",
    Health.DOWN: "x",
}


@dataclass(frozen=True, slots=True)
class Theme:
    """A look: colours as ``#rrggbb``, one colour and one glyph per health.

    `surface` is the background of bars and the selected row, `muted` the text of what matters
    less, `accent` headings and keys.
    """

    name: str
    dark: bool
    background: str
    foreground: str
    surface: str
    muted: str
    accent: str
    cursor: str
    health: Mapping[Health, str]
    glyphs: Mapping[Health, str]
