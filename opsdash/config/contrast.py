"""How well text can be read on what is behind it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from opsdash.core.contrast import contrast
from opsdash.core.theme import ANSI, TERMINAL_DEFAULT, Theme

ENOUGH = 4.5
"""Contrast ratio that WCAG 2 (AA) asks for text."""

_XTERM = (
    "000000 cd0000 00cd00 cdcd00 0000ee cd00cd 00cdcd e5e5e5 "
    "7f7f7f ff0000 00ff00 ffff00 5c5cff ff00ff 00ffff ffffff"
)
_LINUX = (
    "000000 aa0000 00aa00 aa5500 0000aa aa00aa 00aaaa aaaaaa "
    "555555 ff5555 55ff55 ffff55 5555ff ff55ff 55ffff ffffff"
)
_PUTTY = (
    "000000 bb0000 00bb00 bbbb00 0000bb bb00bb 00bbbb bbbbbb "
    "555555 ff5555 55ff55 ffff55 5555ff ff55ff 55ffff ffffff"
)
PALETTES: Mapping[str, Sequence[str]] = {
    "xterm": _XTERM.split(),
    "the Linux console": _LINUX.split(),
    "PuTTY": _PUTTY.split(),
}
"""What the sixteen colours are where nobody changed them, in the order of `ANSI`."""


def seen_on(theme: Theme, colour: str, palette: Sequence[str], *, ground: bool = False) -> str:
    """A theme's colour as ``#rrggbb`` where the sixteen colours are these.

    The terminal's default is taken for black and white, whichever way round the theme says.
    """
    if colour == TERMINAL_DEFAULT:
        return "#000000" if theme.dark == ground else "#ffffff"
    return f"#{palette[ANSI.index(colour)]}" if colour in ANSI else colour


def too_faint(theme: Theme) -> list[str]:
    """Each text colour that is hard to read on one of the theme's grounds, in words."""
    texts = {"foreground": theme.foreground, "muted": theme.muted, "accent": theme.accent}
    texts |= {f"health.{health.name.lower()}": colour for health, colour in theme.health.items()}
    found = []
    for name, ground in theme.grounds().items():
        for text, colour in texts.items():
            ratio, where = _worst(theme, colour, ground)
            if ratio < ENOUGH:
                found.append(
                    f"{text} on {name} has a contrast of {ratio:.1f}{where}, readable is {ENOUGH}"
                )
    return found


def _worst(theme: Theme, colour: str, ground: str) -> tuple[float, str]:
    """The lowest contrast on any usual palette, and where that is, if it is not everywhere."""
    if colour.startswith("#") and ground.startswith("#"):
        return contrast(colour, ground), ""
    ratios = {
        name: contrast(
            seen_on(theme, colour, palette), seen_on(theme, ground, palette, ground=True)
        )
        for name, palette in PALETTES.items()
    }
    name = min(ratios, key=ratios.__getitem__)
    return ratios[name], f" on {name}" if len(set(ratios.values())) > 1 else ""
