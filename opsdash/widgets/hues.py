"""Colours that tell names apart under any theme: just light enough to be read on its grounds."""

from __future__ import annotations

from colorsys import hls_to_rgb

from opsdash.core.contrast import contrast
from opsdash.core.theme import Theme

ANGLES = (200, 80, 320, 140, 260, 20)
"""On the circle of colours, in degrees: neighbours in a list are far apart."""

SATURATION = 0.5
ENOUGH = 4.5
"""Contrast ratio that WCAG 2 (AA) asks for text."""

_STEP = 0.02


def hues(theme: Theme) -> tuple[str, ...]:
    """One colour ``#rrggbb`` for each of ANGLES. A theme that borrows the terminal's own colours
    can't be known well enough: its plain text serves for all.
    """
    if theme.borrows:
        return (theme.foreground,) * len(ANGLES)
    return tuple(_readable(angle, theme) for angle in ANGLES)


def _readable(angle: int, theme: Theme) -> str:
    """The colour of this angle that differs enough from each ground, and no more than it must."""
    grounds = list(theme.grounds().values())
    level, step = (0.66, _STEP) if theme.dark else (0.42, -_STEP)
    while 0.0 < level < 1.0:
        colour = _hex(angle, level)
        if all(contrast(colour, ground) >= ENOUGH for ground in grounds):
            return colour
        level += step
    return theme.foreground


def _hex(angle: int, level: float) -> str:
    channels = hls_to_rgb(angle / 360, level, SATURATION)
    return "#" + "".join(f"{round(255 * channel):02x}" for channel in channels)
