"""Help can be searched; what can't act says why; the newcomer's line goes away for good."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.widgets import Input

from opsdash.app import suspend
from opsdash.app.first_hint import CHOICE, PUT_AWAY, hint_line
from opsdash.app.text_blocks import blocks_of, holding, side_by_side, stacked
from opsdash.config.keys import preset_keymap, presets
from opsdash.core.discover import keys
from opsdash.core.kept import Forgetful
from opsdash.core.keymap import Keymap
from opsdash.store.kept_views import KeptViews
from opsdash.widgets.key_hints import KeyHints, active_bindings
from opsdash.widgets.line import Line, Role, Span, line, width_of
from tests.fleet_states import mixed_fleet, up
from tests.screens import LARGE, SMALL, Stage, assert_snapshot, on_stage


def text(lines: list[Line]) -> list[str]:
    return ["".join(part.text for part in parts).rstrip() for parts in lines]


HEAD = line(Span("Moving", Role.HEADING))
PAGE = [
    HEAD,
    line("  j down"),
    line("  k up"),
    (),
    line(Span("Rows", Role.HEADING)),
    line("  u no"),
]


def test_lines_that_hold_all_words_stay_under_their_heading() -> None:
    blocks = blocks_of(PAGE)
    assert text(stacked(holding(blocks, "DOWN j"))) == ["Moving", "  j down"]
    assert text(stacked(holding(blocks, "moving"))) == ["Moving", "  j down", "  k up"]
    assert holding(blocks, "nothing") == []
    assert text(stacked(blocks)) == text(PAGE)


def test_blocks_stand_side_by_side_in_their_order() -> None:
    lines = text(side_by_side(blocks_of(PAGE), 23))
    assert lines == ["Moving       Rows", "  j down       u no", "  k up"]


@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["80x24", "160x50"])
async def test_help_is_searched_while_one_types(size: tuple[int, int]) -> None:
    async with on_stage(mixed_fleet(), size) as stage:
        await stage.press("question_mark", "slash", *"mark")
        assert_snapshot(f"help-search-{size[0]}x{size[1]}", stage.text)
        await stage.press("enter", "escape")
        assert stage.lines[0].strip() == "Keys in Fleet"
        await stage.press("slash", *"zzz")
        assert "no line holds 'zzz'" in stage.text
        await stage.press("escape")
        assert "find" in stage.lines[-1]
        await stage.press("q")
        assert "find" not in stage.lines[-1]


async def test_raw_facts_are_searched_and_what_is_shown_is_copied() -> None:
    async with on_stage([up("a")]) as stage:
        await stage.press("y", "slash", *"busy", "enter")
        await stage.press("c")
        assert "cpu.busy_ratio" in stage.app.clipboard
        assert "memory" not in stage.app.clipboard
        assert "copied the lines that are shown" in stage.lines[-1]


@pytest.mark.parametrize(
    ("pressed", "said"),
    [
        (["escape"], "this is the first page: q quits"),
        (["backspace"], "this is the first page: q quits"),
        (["1"], "this is Fleet"),
        (["u"], "nothing is marked"),
        (["ctrl+z"], "this terminal can't be given back"),
        (["slash", "up"], "nothing was typed here before"),
        (["number_sign"], "no host is known whose sudo asks"),
    ],
    ids=str,
)
async def test_a_key_that_can_do_nothing_says_why(pressed: list[str], said: str) -> None:
    async with on_stage(mixed_fleet()) as stage:
        await stage.press(*pressed)
        assert said in stage.lines[-1]


@pytest.mark.usefixtures("words_stay")
@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("enter", "there is no row to open"),
        ("space", "there is no row to mark"),
        ("V", "there is no row to mark"),
        ("asterisk", "there is no row to mark"),
        ("y", "no host is pointed at"),
        ("c", "nothing to copy"),
        ("Y", "no host is pointed at"),
        ("e", "no host has a problem"),
        ("f", "0 of 0"),
    ],
)
async def test_without_hosts_every_key_says_so(key: str, said: str) -> None:
    async with on_stage([]) as stage:
        await stage.press(key)
        assert said in stage.text


async def test_details_say_how_much_room_they_need() -> None:
    async with on_stage(mixed_fleet(), (60, 15)) as stage:
        await stage.press("d")
        assert "details need a page of 16 rows" in stage.lines[-1]


@pytest.mark.parametrize("size", [(60, 15), SMALL, LARGE], ids=["60x15", "80x24", "160x50"])
async def test_an_empty_list_says_why_and_what_fills_it(size: tuple[int, int]) -> None:
    async with on_stage([up("a")], size) as stage:
        await stage.press("exclamation_mark")
        assert "no host has a problem as far as is known" in stage.text
        assert "esc shows all hosts again, ! those without problems too" in stage.text
        await stage.press("exclamation_mark", "slash", *"web", "enter")
        assert "no host fits the filter web" in stage.text
        await stage.press("escape")
        assert "no host fits" not in stage.text
    async with on_stage([], size) as stage:
        assert "no hosts: the hosts file names none" in stage.text


async def test_a_list_that_nothing_fits_says_what_to_do() -> None:
    async with on_stage(mixed_fleet()) as stage:
        await stage.press("colon", *"zzzz")
        assert_snapshot("palette-nothing-80x24", stage.text)


# -- the newcomer's line ------------------------------------------------------------------------


@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["80x24", "160x50"])
async def test_a_newcomer_is_told_a_few_keys(size: tuple[int, int]) -> None:
    async with on_stage(mixed_fleet(), size, keeper=Forgetful()) as stage:
        assert_snapshot(f"newcomer-{size[0]}x{size[1]}", stage.text)


async def test_it_is_put_away_for_good(tmp_path: Path) -> None:
    path = tmp_path / "views.json"
    keeper = KeptViews(path)
    async with on_stage(mixed_fleet(), keeper=keeper) as stage:
        assert "New here?" in stage.text
        await stage.press("h")
        assert "New here?" not in stage.text
        await stage.press("h")
    assert await keeper.kept_safely() == ""
    keeper = KeptViews(path)
    assert keeper.kept.choices == {CHOICE: PUT_AWAY}
    async with on_stage(mixed_fleet(), keeper=keeper) as stage:
        assert "New here?" not in stage.text


async def test_it_takes_no_row_where_there_are_few() -> None:
    async with on_stage(mixed_fleet(), (60, 15), keeper=Forgetful()) as stage:
        assert "New here?" not in stage.text
        await stage.resize(80, 24)
        assert "New here?" in stage.text
        await stage.resize(80, 17)
        assert "New here?" not in stage.text


@pytest.mark.parametrize("name", presets())
@pytest.mark.parametrize("width", [60, 80, 160])
def test_it_fits_and_names_the_keys_in_force(name: str, width: int) -> None:
    keymap = preset_keymap(name, keys())
    parts = hint_line(keymap, width)
    said = "".join(part.text for part in parts)
    assert width_of(parts) <= width
    assert f"{keymap.of('help')} all keys" in said
    assert said.endswith(f"{keymap.of('hint.hide')} puts this line away")


def test_without_a_key_of_its_own_the_palette_puts_it_away() -> None:
    said = "".join(part.text for part in hint_line(Keymap(keys(), {"hint.hide": ()}), 100))
    assert said.endswith(": hide hint puts this line away")


# -- ctrl+z -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("session", "group", "waits"), [(7, 7, False), (7, 9, True)])
def test_only_a_shell_below_can_go_on(
    monkeypatch: pytest.MonkeyPatch, session: int, group: int, waits: bool
) -> None:
    monkeypatch.setattr("os.getsid", lambda _: session)
    monkeypatch.setattr("os.getpgrp", lambda: group)
    assert suspend.a_shell_waits() is waits


# -- no key is silent -----------------------------------------------------------------------------

QUIET = ("move.", "redraw", "quit", "nav.quit", "interrupt")
"""Motions where there is nowhere to go, and keys whose effect is not on the screen."""


@pytest.mark.usefixtures("words_stay")
@pytest.mark.parametrize("where", ["empty", "host", "host-gone", "raw"])
async def test_no_key_of_a_page_is_silent(where: str) -> None:
    states = [] if where == "empty" else [up("a")]
    opened = {"empty": [], "host": ["enter"], "host-gone": ["2"], "raw": ["y"]}[where]
    silent = []
    async with on_stage(states) as stage:
        await stage.press(*opened)
        if where == "host-gone":
            stage.source.states.clear()
            stage.source.rev += 1
            await stage.draw()
        bound = {one.binding.id: one.binding.key for one in active_bindings(stage.app)}
        for name, key in bound.items():
            if name is None or name.startswith(QUIET):
                continue
            before = (stage.text, stage.app.theme, len(stage.source.asked), stage.app.screen)
            await stage.press(key)
            after = (stage.text, stage.app.theme, len(stage.source.asked), stage.app.screen)
            if before == after:
                silent.append(name)
            await back_to(stage, opened)
    assert silent == []


async def back_to(stage: Stage, opened: list[str]) -> None:
    """Out of whatever a key opened, and to the page again."""
    for _ in range(3):
        if stage.app.screen.is_modal or isinstance(stage.app.focused, Input):
            await stage.press("escape")
    if stage.app.page is not None and stage.app.page.slug != "fleet":
        await stage.press("1")
    for hints in stage.app.screen.query(KeyHints):
        hints._be_quiet()
    await stage.press(*opened)
    for hints in stage.app.screen.query(KeyHints):
        hints._be_quiet()
    await stage.settle()
