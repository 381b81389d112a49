"""The looks to choose from: themes as Textual knows them, and the one in force as widgets do."""

from __future__ import annotations

from collections.abc import Mapping

from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter
from textual.theme import Theme as TextualTheme

from opsdash.core.health import Health
from opsdash.core.theme import Theme
from opsdash.widgets.palette import Palette


def as_textual(theme: Theme) -> TextualTheme:
    """A theme under its own name for Textual's style sheets; health colours as variables too."""
    variables = {f"health-{key.name.lower()}": colour for key, colour in theme.health.items()}
    if theme.borrows:
        variables |= _terminals_own(theme)
    return TextualTheme(
        name=theme.name,
        primary=theme.accent,
        secondary=theme.muted,
        accent=theme.accent,
        warning=theme.health[Health.WARN],
        error=theme.health[Health.CRIT],
        success=theme.health[Health.OK],
        foreground=theme.foreground,
        background=theme.background,
        surface=theme.surface,
        panel=theme.surface,
        dark=theme.dark,
        variables=variables,
        ansi=theme.borrows,
    )


def _terminals_own(theme: Theme) -> dict[str, str]:
    """What Textual would take from palettes of its own, or not know, in an ANSI theme."""
    ground, text = theme.background, theme.foreground
    return {
        "ansi-background": ground,
        "ansi-foreground": text,
        "surface": theme.surface,
        "panel": theme.surface,
        "text": text,
        "border": theme.accent,
        "input-cursor-foreground": text,
        "input-cursor-background": ground,
        "input-selection-foreground": theme.accent,
        "input-selection-background": ground,
    }


class Colourless(LineFilter):
    """Takes every colour out: the terminal's own remain, and bold, reverse and underline."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """The same text in the same attributes."""
        return [
            Segment(text, style and style.without_color, control)
            for text, style, control in segments
        ]


class Looks:
    """All themes by name, and the palette in force; `fixed`: a flag chose it for this run."""

    def __init__(
        self, themes: Mapping[str, Theme], name: str, *, ascii_only: bool, fixed: bool = False
    ) -> None:
        self.ascii_only = ascii_only
        self.fixed = fixed
        self.name = name
        self.replace(themes)

    def replace(self, themes: Mapping[str, Theme]) -> None:
        """Other themes than before; the one in force stays, as it was if its file is gone."""
        kept = {self.name: self.theme} if self.name not in themes else {}
        self.themes = {**themes, **kept}
        self._palettes = {name: Palette(one, self.ascii_only) for name, one in self.themes.items()}

    @property
    def theme(self) -> Theme:
        """The theme in force."""
        return self.themes[self.name]

    @property
    def palette(self) -> Palette:
        """What everything is painted with now."""
        return self._palettes[self.name]

    @property
    def names(self) -> tuple[str, ...]:
        """Every theme."""
        return tuple(self._palettes)
