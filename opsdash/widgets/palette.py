"""A theme as the widgets use it: a style per role, and the characters that pictures are made of."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from rich.cells import cell_len
from rich.style import Style

from opsdash.core.health import Health
from opsdash.core.series import ASCII_BLOCKS, BLOCKS
from opsdash.core.theme import ASCII_GLYPHS, TERMINAL_DEFAULT, Theme
from opsdash.widgets.hues import hues
from opsdash.widgets.line import HUES, ROLES, Role, Span

_TO_ASCII = str.maketrans("…─·│–█░→“▸▾↓↑┤┬└┴┈", '~-,|-#.>"+-v^++++-')


@dataclass(frozen=True)
class Palette:
    """What text and pictures look like under one theme.

    With `ascii_only` every character on the screen is plain ASCII, for terminals and fonts without
    blocks and glyphs: a host's own umlauts are shown as question marks then.
    """

    theme: Theme
    ascii_only: bool = False

    @cached_property
    def styles(self) -> dict[Role, Style]:
        """The style of each role on the plain background."""
        theme = self.theme
        colours = {
            Role.TEXT: theme.foreground,
            Role.STRONG: theme.foreground,
            Role.MUTED: theme.muted,
            Role.ACCENT: theme.accent,
            Role.HEADING: theme.accent,
            Role.PAST: theme.accent,
            **{ROLES[health]: theme.health[health] for health in Health},
            **dict(zip(HUES, hues(theme), strict=True)),
        }
        return {role: self._style(role, colours[role]) for role in Role}

    def _style(self, role: Role, colour: str) -> Style:
        plain = Style(color=_rich(colour), bgcolor=_rich(self.theme.background))
        return plain + self._attributes(role.value)

    def _attributes(self, name: str) -> Style:
        return Style.parse(" ".join(self.theme.styles.get(name, ())))

    @cached_property
    def on_cursor(self) -> dict[Role, Style]:
        """The style of each role in the row under the cursor."""
        return self._on("cursor", self.theme.cursor)

    @cached_property
    def on_surface(self) -> dict[Role, Style]:
        """The style of each role in the bars at the edges."""
        return self._on("surface", self.theme.surface)

    def _on(self, ground: str, colour: str) -> dict[Role, Style]:
        """All styles on another ground. Where that is reversed, only healths keep their colour:

        a bar of many colours is no bar.
        """
        attributes = self._attributes(ground)
        if not attributes.reverse:
            over = Style(bgcolor=_rich(colour)) + attributes
            return {role: style + over for role, style in self.styles.items()}
        text = self.styles[Role.TEXT]
        kept = {*ROLES.values(), Role.PAST}
        return {
            role: (style if role in kept else text) + attributes
            for role, style in self.styles.items()
        }

    @property
    def blocks(self) -> str:
        """Characters of rising height for sparks, the first one empty."""
        return ASCII_BLOCKS if self.ascii_only else BLOCKS

    @property
    def mark(self) -> str:
        """The one-cell sign of a marked row."""
        return "*" if self.ascii_only else "◆"

    def glyph(self, health: Health) -> str:
        """The one-cell sign of a health."""
        return (ASCII_GLYPHS if self.ascii_only else self.theme.glyphs)[health]

    def badge(self, health: Health) -> Span:
        """Sign and word in the colour of a health, as in ``✖ CRIT``."""
        return Span(f"{self.glyph(health)} {health.name}", ROLES[health])

    def drawable(self, text: str) -> str:
        """`text` in the characters that this terminal can draw, each as wide as before."""
        if not self.ascii_only or text.isascii():
            return text
        text = text.translate(_TO_ASCII)
        return "".join(char if char.isascii() else "?" * cell_len(char) for char in text)


def _rich(colour: str) -> str | None:
    """A theme's colour as Rich knows it; the terminal's own is none at all."""
    return None if colour == TERMINAL_DEFAULT else colour.removeprefix("ansi_")
