"""Hosts may say what they want: it is shown as it is, and the terminal never obeys it."""

from __future__ import annotations

import pytest

from tests.fleet_states import EVIL, hostile_fleet
from tests.screens import LARGE, SMALL, Stage, on_stage

PLAIN = "evil[/red][@click=app.quit]x[/]end"
FORBIDDEN = {"\x1b", "\x07", "\u202e", "\x9b"}


def assert_harmless(stage: Stage) -> None:
    for strip in stage.app.screen._compositor.render_strips():
        for segment in strip:
            assert not FORBIDDEN & set(segment.text)
            assert segment.style is None or not segment.style.meta


@pytest.mark.parametrize("size", [SMALL, LARGE])
async def test_markup_and_escapes_are_shown_and_not_obeyed(size: tuple[int, int]) -> None:
    async with on_stage(hostile_fleet(), size, notices=(EVIL,)) as stage:
        assert stage.lines[1] == PLAIN
        assert_harmless(stage)
        await stage.press("j")
        assert f"why   {PLAIN}" in stage.text
        assert_harmless(stage)
        await stage.press("enter")
        assert PLAIN in stage.lines[0] or PLAIN[:20] in stage.lines[0]
        for _ in range(4):
            assert_harmless(stage)
            await stage.press("pagedown")
        assert stage.app.is_running


async def test_a_lost_hosts_banner_is_harmless_too() -> None:
    async with on_stage(hostile_fleet()) as stage:
        await stage.press("enter")
        assert PLAIN in stage.text
        assert_harmless(stage)
