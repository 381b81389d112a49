"""How far two colours are apart for people with and without all three kinds of cones."""

from __future__ import annotations

from functools import lru_cache
from itertools import combinations
from math import atan2, cos, degrees, exp, hypot, radians, sin, sqrt

from opsdash.config.contrast import PALETTES, seen_on
from opsdash.core.contrast import RGB, linear
from opsdash.core.health import Health
from opsdash.core.theme import Theme

Eye = tuple[RGB, RGB, RGB]

EYES: dict[str, Eye] = {
    "all cones": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "deuteranopia": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
    "protanopia": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "tritanopia": (
        (1.255528, -0.076749, -0.178779),
        (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.303900),
    ),
}
"""What an eye makes of linear light: Machado, Oliveira, Fernandes 2009, severity 1."""

COMMON_EYES = ("all cones", "deuteranopia", "protanopia")
"""Tritanopia is a matter of one in 10,000; the other two of one man in twelve."""

ALIKE = 5.0
"""CIEDE2000 below which two colours side by side are hard to tell apart (1: just not the same)."""


def alike(theme: Theme) -> list[str]:
    """The pairs of health colours that some eyes can hardly tell apart, in words.

    A theme of a terminal's own colours is judged by the palettes that terminals come with.
    """
    found: dict[str, None] = {}
    for (one, other), eye in _pairs(theme):
        near = min(
            apart(seen_on(theme, theme.health[one], palette),
                  seen_on(theme, theme.health[other], palette), eye)
            for palette in PALETTES.values()
        )  # fmt: skip
        if near < ALIKE:
            text = f"health.{one.name.lower()} and health.{other.name.lower()} look alike"
            found[f"{text} to eyes with {eye} ({near:.1f}, plain is {ALIKE:.0f})"] = None
    return list(found)


def _pairs(theme: Theme) -> list[tuple[tuple[Health, Health], str]]:
    """Colours that are the terminal's own default say nothing: such a theme speaks by styles."""
    if set(theme.health.values()) == {"ansi_default"}:
        return []
    return [(pair, eye) for pair in combinations(Health, 2) for eye in COMMON_EYES]


def apart(one: str, other: str, eye: str = "all cones") -> float:
    """CIEDE2000 of two colours ``#rrggbb`` as an eye sees them: 0 alike, 100 black on white."""
    return ciede2000(lab(one, eye), lab(other, eye))


@lru_cache(maxsize=4096)
def lab(colour: str, eye: str = "all cones") -> RGB:
    """A colour ``#rrggbb`` in CIELAB (D65) as an eye sees it."""
    light = linear(colour)
    red, green, blue = (
        min(1.0, max(0.0, sum(part * weight for part, weight in zip(light, row, strict=True))))
        for row in EYES[eye]
    )
    x = (0.4124 * red + 0.3576 * green + 0.1805 * blue) / 0.95047
    y = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    z = (0.0193 * red + 0.1192 * green + 0.9505 * blue) / 1.08883
    a, b, c = (t ** (1 / 3) if t > 0.008856 else 7.787 * t + 16 / 116 for t in (x, y, z))
    return 116 * b - 16, 500 * (a - b), 200 * (b - c)


def ciede2000(one: RGB, other: RGB) -> float:
    """Distance of two colours in CIELAB by the formula of Sharma, Wu, Dalal 2005."""
    mean_chroma = (hypot(*one[1:]) + hypot(*other[1:])) / 2
    stretch = 1.5 - 0.5 * _above(mean_chroma)
    (c1, h1), (c2, h2) = (_polar(a * stretch, b) for _, a, b in (one, other))
    turn = (h2 - h1 + 180) % 360 - 180 if c1 * c2 else 0.0
    hue = h1 + turn / 2 if c1 * c2 else h1 + h2
    lightness, chroma = (one[0] + other[0]) / 2, (c1 + c2) / 2
    far = (lightness - 50) ** 2
    light = (other[0] - one[0]) / (1 + 0.015 * far / sqrt(20 + far))
    colour = (c2 - c1) / (1 + 0.045 * chroma)
    hues = 2 * sqrt(c1 * c2) * sin(radians(turn / 2)) / (1 + 0.015 * chroma * _hue_weight(hue))
    blue = radians(60 * exp(-((((hue % 360) - 275) / 25) ** 2)))
    rotation = -2 * _above(chroma) * sin(blue)
    return sqrt(light**2 + colour**2 + hues**2 + rotation * colour * hues)


def _above(chroma: float) -> float:
    return sqrt(chroma**7 / (chroma**7 + 25.0**7))


def _polar(a: float, b: float) -> tuple[float, float]:
    return hypot(a, b), degrees(atan2(b, a)) % 360


def _hue_weight(hue: float) -> float:
    """How much a step of hue counts at this hue, in degrees."""
    return (
        1
        - 0.17 * cos(radians(hue - 30))
        + 0.24 * cos(radians(2 * hue))
        + 0.32 * cos(radians(3 * hue + 6))
        - 0.20 * cos(radians(4 * hue - 63))
    )
