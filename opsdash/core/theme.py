"""Colours and glyphs: never colour alone, so each health has a glyph and a word too."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

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


DEFAULT_THEME, DEFAULT_LIGHT = "midnight", "daylight"
SIXTEEN_COLOURS, NO_COLOURS = "ansi16", "mono"
"""The themes for terminals that can show no more, and for people who want none."""

ANSI = tuple(
    f"ansi_{bright}{name}"
    for bright in ("", "bright_")
    for name in ("black", "red", "green", "yellow", "blue", "magenta", "cyan", "white")
)
"""The sixteen colours that a terminal has names for; what they look like is its own choice."""

TERMINAL_DEFAULT = "ansi_default"
"""The colour that the terminal has by itself, as text or as ground."""

STYLED = (
    "text",
    "strong",
    "muted",
    "accent",
    "heading",
    *(health.name.lower() for health in Health),
    "past",
)
"""What has a style of its own, besides the grounds ``surface`` and ``cursor``."""

ATTRIBUTES = ("bold", "dim", "italic", "underline", "reverse")

USUAL_STYLES: Mapping[str, tuple[str, ...]] = {
    "strong": ("bold",),
    "heading": ("bold",),
    "crit": ("bold",),
    "down": ("bold",),
    "past": ("bold", "reverse"),
}


@dataclass(frozen=True, slots=True)
class Theme:
    """A look: one colour and one glyph per health, and colours for everything else.

    A colour is ``#rrggbb``, one of `ANSI`, or `TERMINAL_DEFAULT`. `surface` is the background of
    bars, `cursor` that of the selected row, `muted` the text of what matters less, `accent`
    headings and keys. `styles` holds attributes (bold, reverse, ...) by what is styled.
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
    styles: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: USUAL_STYLES)

    @property
    def is_ansi(self) -> bool:
        """Whether it is made of the terminal's own colours alone: any terminal can show it."""
        return all(colour.startswith("ansi_") for colour in self._colours())

    @property
    def borrows(self) -> bool:
        """Whether any of its colours is the terminal's own: a ground that shines through, say."""
        return any(colour.startswith("ansi_") for colour in self._colours())

    @property
    def has_colours(self) -> bool:
        """Whether there is any colour in it at all."""
        return any(colour != TERMINAL_DEFAULT for colour in self._colours())

    def _colours(self) -> tuple[str, ...]:
        grounds = (self.background, self.surface, self.cursor)
        return (*grounds, self.foreground, self.muted, self.accent, *self.health.values())

    def grounds(self) -> dict[str, str]:
        """The colours that text stands on; a reversed one lends its text's own colour."""
        found = {"background": self.background, "surface": self.surface, "cursor": self.cursor}
        return {
            name: colour
            for name, colour in found.items()
            if "reverse" not in self.styles.get(name, ())
        }
