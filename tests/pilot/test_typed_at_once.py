"""Keys that arrive together, before what the first of them opens has the keys."""

from __future__ import annotations

import pytest
from textual import events

from opsdash.app.text_screen import TextScreen
from tests.fleet_states import mixed_fleet
from tests.screens import Stage, on_stage

OPENERS = ("question_mark", "colon", "x", "y", "S", "C", "f", "slash", "enter", "v")


def type_at_once(stage: Stage, *names: str) -> None:
    """Type keys of which none has done anything when the next is typed."""
    driver = stage.app._driver
    assert driver is not None
    for name in names:
        event = events.Key(name, name if len(name) == 1 else None)
        event.set_sender(stage.app)
        driver.send_message(event)


@pytest.mark.parametrize("key", OPENERS)
async def test_a_key_held_down_strands_nobody(key: str) -> None:
    async with on_stage(mixed_fleet()) as stage:
        type_at_once(stage, key, key, key)
        await stage.settle()
        assert len(stage.app.screen_stack) <= 2
        await stage.press("escape", "escape")
        assert len(stage.app.screen_stack) == 1
        assert stage.app.is_running


async def test_help_opens_and_closes_by_its_key_however_fast() -> None:
    async with on_stage(mixed_fleet()) as stage:
        type_at_once(stage, "question_mark", "question_mark")
        await stage.settle()
        assert not isinstance(stage.app.screen, TextScreen)


async def test_an_end_while_something_opens_is_an_end() -> None:
    async with on_stage(mixed_fleet()) as stage:
        type_at_once(stage, "question_mark", "colon")
        stage.app.exit()
    assert stage.app.return_code == 0
