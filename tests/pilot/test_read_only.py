"""A second screen says who polls, shows what that one stores, and asks nothing of hosts; a screen
that may change nothing says so.
"""

from __future__ import annotations

import pytest

from opsdash.widgets.key_hints import KeyHints
from tests.fleet_states import mixed_fleet
from tests.screens import LARGE, SMALL, assert_snapshot, on_stage

WHO = "a screen of ops (pid 4802)"
NOTICE = f"{WHO} polls since 14:02: this shows what it stores"


@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["80x24", "160x50"])
async def test_it_is_said_on_every_page(size: tuple[int, int]) -> None:
    async with on_stage(mixed_fleet(), size, notices=(NOTICE,)) as stage:
        stage.source.polled_by = WHO
        stage.source.rev += 1
        await stage.draw()
        stage.app.query_one(KeyHints)._heed_badges()  # what its timer does each second
        assert_snapshot(f"read-only-{size[0]}x{size[1]}", stage.text)
        await stage.press("enter")
        assert "SECOND SCREEN" in stage.lines[-1]


async def test_what_asks_hosts_says_why_it_does_not() -> None:
    async with on_stage(mixed_fleet(), LARGE) as stage:
        stage.source.polled_by = WHO
        await stage.press("ctrl+r")
        assert f"nothing is asked from here: {WHO} polls" in stage.text
        assert stage.source.asked == []
        stage.source.polled_by = ""
        await stage.press("ctrl+r")
        assert stage.source.asked == [()]


async def test_that_nothing_may_be_changed_stands_on_every_page() -> None:
    async with on_stage(mixed_fleet(), SMALL) as stage:
        stage.source.read_only = "--read-only"
        for key in ("1", "2", "8", "enter"):
            await stage.press(key)
            stage.app.query_one(KeyHints)._heed_badges()
            await stage.draw()
            assert "READ-ONLY" in stage.lines[-1]
