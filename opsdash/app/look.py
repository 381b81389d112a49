"""The looks to choose from: themes as Textual knows them, and the one in force as widgets do."""

from __future__ import annotations

from collections.abc import Mapping

from textual.theme import Theme as TextualTheme

from opsdash.core.health import Health
from opsdash.core.theme import Theme
from opsdash.widgets.palette import Palette


def as_textual(theme: Theme) -> TextualTheme:
    """A theme under its own name for Textual's style sheets; health colours as variables too."""
    health = {f"health-{key.name.lower()}": colour for key, colour in theme.health.items()}
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
        variables=health,
    )


class Looks:
    """All themes by name, and the palette in force."""

    def __init__(self, themes: Mapping[str, Theme], name: str, *, ascii_only: bool) -> None:
        self.themes = tuple(themes.values())
        self._palettes = {key: Palette(theme, ascii_only) for key, theme in themes.items()}
        self.name = name

    @property
    def palette(self) -> Palette:
        """What everything is painted with now."""
        return self._palettes[self.name]

    @property
    def names(self) -> tuple[str, ...]:
        """Every theme."""
        return tuple(self._palettes)

    def following(self) -> str:
        """The name of the theme after this one, round and round."""
        names = list(self._palettes)
        return names[(names.index(self.name) + 1) % len(names)]
