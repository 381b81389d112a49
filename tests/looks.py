"""Two looks for tests: one dark, one light."""

from __future__ import annotations

from types import MappingProxyType

from opsdash.core.health import Health
from opsdash.core.theme import GLYPHS, Theme

NIGHT = Theme(
    name="night",
    dark=True,
    background="#10141a",
    foreground="#d4dae2",
    surface="#1a2029",
    muted="#8b97a6",
    accent="#7fb4e8",
    cursor="#26344a",
    health=MappingProxyType(
        {
            Health.OK: "#7fbf7f",
            Health.UNKNOWN: "#c3a6e8",
            Health.WARN: "#e5c07b",
            Health.CRIT: "#ff7b72",
            Health.DOWN: "#ff9e9e",
        }
    ),
    glyphs=GLYPHS,
)
DAY = Theme(
    name="day",
    dark=False,
    background="#fbfbf8",
    foreground="#22272e",
    surface="#eeeee8",
    muted="#5d6570",
    accent="#1f5a96",
    cursor="#dbe6f3",
    health=MappingProxyType(
        {
            Health.OK: "#2b6a30",
            Health.UNKNOWN: "#6a3fa0",
            Health.WARN: "#7d5600",
            Health.CRIT: "#b3261e",
            Health.DOWN: "#8f1239",
        }
    ),
    glyphs=GLYPHS,
)
THEMES = MappingProxyType({theme.name: theme for theme in (NIGHT, DAY)})
