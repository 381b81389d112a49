"""Themes on the screen: each has a checked look, and picking one shows it first."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import groupby
from pathlib import Path

import pytest
from rich.color import Color, ColorSystem
from rich.segment import Segment

from opsdash.app.look import Looks
from opsdash.app.picker_screen import PickerScreen
from opsdash.cli.first_look import first_look
from opsdash.config.paths import shipped
from opsdash.config.themes import load_themes
from opsdash.core.kept import Forgetful
from opsdash.core.terminal import MANY, SIXTEEN, terminal_of
from tests.fleet_states import mixed_fleet
from tests.pilot.test_terminals import KINDS
from tests.screens import Stage, assert_snapshot, on_stage

THEMES, _ = load_themes([shipped("themes") or Path("themes")])
NAMED = "abcdefghijklmnopqrstuvwxyz"


def styled(stage: Stage, system: ColorSystem = ColorSystem.TRUECOLOR) -> str:
    """The screen as it goes to the terminal: a letter per style under each line, and a legend."""
    letters: dict[str, str] = {}
    rows = []
    filters = stage.app.get_line_filters()
    for strip in stage.app.screen._compositor.render_strips():
        segments = list(strip)
        for one in filters:
            segments = one.apply(segments, stage.app.screen.background_colors[1])
        names = [
            (
                letters.setdefault(_said(segment, system), NAMED[len(letters) % 26]),
                segment.cell_length,
            )
            for segment in segments
        ]
        rows.append(strip.text.rstrip())
        rows.append("".join(_run(names)))
    legend = [f"{letter} = {style}" for style, letter in letters.items()]
    return "\n".join([*rows, "", *legend])


def _run(names: list[tuple[str, int]]) -> Iterator[str]:
    for letter, group in groupby(names, key=lambda pair: pair[0]):
        width = sum(cells for _, cells in group)
        yield letter + "." * (width - 1)


def _said(segment: Segment, system: ColorSystem) -> str:
    style = segment.style
    assert style is not None
    attributes = [name for name in ("bold", "underline", "reverse") if getattr(style, name)]
    colours = [_named(colour, system) for colour in (style.color, style.bgcolor)]
    return " ".join([f"{colours[0]} on {colours[1]}", *attributes])


def _named(colour: Color | None, system: ColorSystem) -> str:
    """A colour by its name, or by its number where the terminal has the nearest of 256."""
    if colour is None:
        return "own"
    nearest = colour.downgrade(system)
    same = nearest.type is colour.type
    return colour.name if same or nearest.number is None else f"color({nearest.number})"


@pytest.mark.parametrize("kind", KINDS)
async def test_each_kind_of_terminal_has_a_checked_look(kind: str) -> None:
    """What opsdash decides by the environment alone, in the colours that are left there."""
    environ = {"LANG": "C.UTF-8", **KINDS[kind].environ}
    terminal = terminal_of(environ, coerced=False)
    first = first_look(terminal, None, kept="", plain=None, low=False)
    system = {SIXTEEN: ColorSystem.STANDARD, MANY: ColorSystem.EIGHT_BIT}.get(terminal.colours)
    looks = Looks(first.themes, first.theme, ascii_only=first.plain)
    async with on_stage(mixed_fleet(), looks=looks) as stage:
        await stage.press("j", "j")
        name = re.sub(r"\W+", "-", kind.lower())
        assert_snapshot(f"terminal-{name}", styled(stage, system or ColorSystem.TRUECOLOR))


@pytest.mark.parametrize("name", sorted(THEMES))
async def test_each_theme_has_a_checked_look(name: str) -> None:
    looks = Looks(THEMES, name, ascii_only=False)
    async with on_stage(mixed_fleet(), looks=looks) as stage:
        await stage.press("j", "j")
        assert_snapshot(f"theme-{name}-80x24", styled(stage))


async def test_moving_in_the_picker_shows_a_theme_and_escape_puts_the_old_one_back() -> None:
    async with on_stage(mixed_fleet()) as stage:
        await stage.press("C")
        assert (stage.app.theme, "night" in stage.text) == ("night", True)
        await stage.press("down")
        assert stage.app.theme == stage.app.look().theme.name == "day"
        await stage.press("up")
        assert stage.app.theme == "night"
        await stage.press("down", "escape")
        assert stage.app.theme == stage.app.look().theme.name == "night"


async def test_the_page_behind_the_picker_is_repainted_too() -> None:
    async with on_stage(mixed_fleet()) as stage:
        await stage.press("C", "down")
        last = list(stage.app.screen._compositor.render_strips()[-2])
        await stage.press("escape")
        assert last != list(stage.app.screen._compositor.render_strips()[-2])


async def test_enter_keeps_a_theme_and_it_is_remembered() -> None:
    keeper = Forgetful()
    async with on_stage(mixed_fleet(), keeper=keeper) as stage:
        await stage.press("C", "down", "enter")
        assert not isinstance(stage.app.screen, PickerScreen)
        assert stage.app.theme == "day"
        assert "theme day" in stage.lines[-1]
    assert keeper.kept.choices == {"theme": "day"}


async def test_the_palette_shows_themes_as_they_are_typed() -> None:
    async with on_stage(mixed_fleet()) as stage:
        await stage.press("colon", *"theme day")
        assert stage.app.theme == "day"
        await stage.press("ctrl+u", *"jump")
        assert stage.app.theme == "night"
        await stage.press("escape")
        assert stage.app.theme == "night"


async def test_without_colours_no_widget_sends_any() -> None:
    async with on_stage(mixed_fleet(), looks=Looks(THEMES, "mono", ascii_only=False)) as stage:
        for keys in ((), ("colon",), ("escape", "slash")):
            await stage.press(*keys)
            legend = styled(stage).rpartition("\n\n")[2].splitlines()
            assert {" ".join(line.split()[2:5]) for line in legend} == {"own on own"}


async def test_the_terminals_own_ground_may_shine_through() -> None:
    glass = replace(THEMES["nord"], name="glass", background="ansi_default")
    async with on_stage(
        mixed_fleet(), looks=Looks({"glass": glass}, "glass", ascii_only=False)
    ) as stage:
        legend = styled(stage).rpartition("\n\n")[2]
        assert "#e5e9f0 on own" in legend or "#e5e9f0 on default" in legend
