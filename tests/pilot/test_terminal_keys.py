"""What is done for the terminal's sake: the mouse let go, dumps, few bytes, themes read again."""

from __future__ import annotations

import os
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from opsdash.app.look import Looks
from opsdash.app.picker_screen import PickerScreen
from opsdash.config.theme_files import ThemeFiles
from opsdash.core.terminal_answers import Answers
from tests.fleet_states import mixed_fleet
from tests.looks import THEMES
from tests.screens import SMALL, Stage, on_stage
from tests.unit.test_themes import GOOD, write
from tests.waiting import wait_for


async def test_the_mouse_is_let_go_with_a_countdown_and_comes_back() -> None:
    async with on_stage(mixed_fleet()) as stage:
        await stage.press("M")
        assert "MOUSE FREE 15s" in stage.lines[-1]
        assert stage.lines[-1].startswith("the mouse selects text; M takes it back")
        for _ in range(14):
            stage.app._count_down()
        await stage.press("j")
        assert stage.app.terminal_badges()[0].text == " MOUSE FREE 1s "
        stage.app._count_down()
        assert stage.app.terminal_badges() == ()
        await stage.press("M", "M")
        assert stage.app.terminal_badges() == ()


async def test_a_dump_is_the_screen_as_text_for_its_owner_alone(tmp_path: Path) -> None:
    target = tmp_path / "screen.txt"
    async with on_stage(mixed_fleet()) as stage:
        shown = stage.lines
        await stage.press("colon", *f"dump {target}", "enter")
        await wait_for(lambda: "the screen is in" in stage.lines[-1], what="the dump")
        assert target.read_text(encoding="utf-8").splitlines()[:-1] == shown[:-1]
        assert stat.S_IMODE(target.stat().st_mode) == 0o600
        await stage.press("colon", *f"dump {target}", "enter")
        await wait_for(lambda: "give another name" in stage.lines[-1], what="a refusal")


async def test_a_dump_without_a_name_goes_to_the_state_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    async with on_stage(mixed_fleet()) as stage:
        await stage.press("colon", *"dump", "enter")
        await wait_for(lambda: "the screen is in" in stage.lines[-1], what="the dump")
    (dumped,) = (tmp_path / "opsdash" / "screens").iterdir()
    assert dumped.name == "opsdash-20270115-080000.txt"
    assert "24 hosts" in dumped.read_text(encoding="utf-8")


async def dumped(stage: Stage, where: str) -> str:
    """What is said of a dump to this path."""
    stage.app.say("")
    await stage.app._write(where)
    await stage.settle()
    return stage.lines[-1]


async def test_a_dump_goes_into_a_folder_and_tells_the_whole_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "me"))
    (tmp_path / "me").mkdir()
    async with on_stage(mixed_fleet(), (200, 24)) as stage:
        name = "opsdash-20270115-080000.txt"
        assert await dumped(stage, str(tmp_path)) == f"the screen is in {tmp_path}/{name}"
        assert await dumped(stage, "~") == f"the screen is in ~/{name}"
        assert await dumped(stage, "rel.txt") == f"the screen is in {tmp_path}/rel.txt"
        already = f"give another name, there is already a file {tmp_path}/"
        assert await dumped(stage, "rel.txt") == f"{already}rel.txt"
        assert await dumped(stage, "~/..") == f"{already}{name}"


async def test_a_long_path_of_a_dump_ends_with_its_name(tmp_path: Path) -> None:
    folder = tmp_path / ("long" * 20)
    folder.mkdir()
    async with on_stage(mixed_fleet()) as stage:
        assert (await dumped(stage, f"{folder}/screen.txt")).endswith("/screen.txt")


async def test_a_dump_that_can_not_be_written_says_why() -> None:
    async with on_stage(mixed_fleet()) as stage:
        await stage.press("colon", *"dump /nowhere/at/all", "enter")
        await wait_for(lambda: "No such file or directory" in stage.lines[-1], what="the reason")


async def test_a_slow_link_is_spared_and_the_palette_ends_it() -> None:
    async with on_stage(mixed_fleet()) as stage:
        app = stage.app
        app.take_themes({"ansi16": replace(THEMES["night"], name="ansi16")})
        app.low, app.answers = None, Answers()
        app.answers.asked = app.answers.answered = 3
        app.answers.round_trip_s = 0.32
        app._heed_terminal()
        await stage.settle()
        assert "slow link (320 ms)" in stage.lines[-1]
        assert app.pace_s() == 3
        assert app.theme == "ansi16"
        await stage.press("colon", *"full band", "enter")
        assert app.pace_s() == 0
        assert app.theme == "night"
        assert app.link_badges() == ()
        await stage.press("colon", *"low band", "enter")
        await stage.press("M")
        assert stage.lines[-1].startswith("the mouse selects text; M takes it back ")
        assert "LOW BANDWIDTH :full" in stage.lines[-1]


async def test_a_near_terminal_is_not_spared_and_a_flag_decides_for_good() -> None:
    async with on_stage(mixed_fleet()) as stage:
        app = stage.app
        app.low, app.answers = None, Answers()
        app.answers.asked = app.answers.answered = 3
        app.answers.round_trip_s = 0.15
        app._heed_terminal()
        assert app.low is False
        app.answers.round_trip_s = 9.0
        app._heed_terminal()
        assert app.low is False


async def test_while_sparing_news_wait_but_keys_do_not() -> None:
    async with on_stage(mixed_fleet()) as stage:
        stage.app.low = True
        stage.source.rev += 1
        stage.clock.at += 2
        page = stage.app.page
        assert page is not None
        before = page._seen
        page.look_for_news()
        assert page._seen == before
        stage.clock.at += 1
        page.look_for_news()
        assert page._seen != before


async def test_a_theme_that_is_saved_is_worn_and_a_broken_one_says_where(tmp_path: Path) -> None:
    path = write(tmp_path, GOOD)
    files = ThemeFiles([tmp_path])
    themes, _ = files.read()
    looks = Looks(themes, "dusk", ascii_only=False)
    async with on_stage(mixed_fleet(), SMALL, looks=looks) as stage:
        stage.app.theme_files = files
        path.write_text(GOOD.replace("#000000", "#010203"), encoding="utf-8")
        await stage.app._heed_themes()
        await stage.settle()
        assert stage.app.look().theme.background == "#010203"
        strip = stage.app.screen._compositor.render_strips()[8]
        grounds = {part.style.bgcolor for part in strip if part.style}
        assert "#010203" in {ground.name for ground in grounds if ground}
        path.write_text(GOOD.replace('"#101010"', "grey") + "\n", encoding="utf-8")
        await stage.app._heed_themes()
        await stage.settle()
        assert "dusk.yaml:5:10: surface: should be a colour" in stage.text.replace("\n", "")
        await stage.press("C")
        assert "2 of 2" in stage.text
        assert "dusk.yaml:5:10: surface" in stage.text
        await stage.press("escape")
        assert stage.app.look().theme.background == "#010203"
        path.unlink()
        await stage.app._heed_themes()
        assert stage.app.look().theme.background == "#010203"


def test_only_a_changed_file_is_news(tmp_path: Path) -> None:
    path = write(tmp_path, GOOD)
    files = ThemeFiles([tmp_path / "none", tmp_path])
    assert files.changed()
    files.read()
    assert not files.changed()
    os.utime(path, ns=(1, 1))
    assert files.changed()
    files.read()
    write(tmp_path, GOOD.replace("dusk", "dawn"), "dawn.yaml")
    assert files.changed()


async def test_a_broken_theme_is_listed_and_no_other_is_taken_in_its_place(tmp_path: Path) -> None:
    write(tmp_path, GOOD, "dusk.yaml")
    write(tmp_path, GOOD.replace("dusk", "night").replace('"#000000"', '"#1"'), "mine.yaml")
    files = ThemeFiles([tmp_path])
    themes, _ = files.read()
    themes["tokyo-night"] = replace(themes["dusk"], name="tokyo-night")
    async with on_stage(mixed_fleet(), looks=Looks(themes, "dusk", ascii_only=False)) as stage:
        stage.app.theme_files = files
        await stage.press("colon", *"theme night", "enter")
        assert stage.app.theme == "dusk"
        assert "mine.yaml:3:13: background: should be a colour" in stage.lines[-1]
        assert isinstance(stage.app.screen, PickerScreen)


async def test_a_start_says_why_the_kept_theme_is_not_shown() -> None:
    async with on_stage(mixed_fleet(), theme_notice="the theme dusk is gone") as stage:
        assert "the theme dusk is gone" in stage.lines[-1]
