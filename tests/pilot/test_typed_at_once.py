"""Keys that arrive together, before what the first of them opens has the keys."""

from __future__ import annotations

import pytest
from textual import events

from opsdash.activities.monitor.fleet_panel import FleetPanel
from opsdash.app.text_screen import TextScreen
from opsdash.widgets.typed_ahead import Field
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


async def test_a_key_before_one_that_opens_something_is_not_lost() -> None:
    async with on_stage(mixed_fleet()) as stage:
        page = stage.app.page
        assert isinstance(page, FleetPanel)
        before = page.grid.cursor_key
        type_at_once(stage, "j", "exclamation_mark", "slash", "w", "e", "b", "j")
        await stage.settle()
        assert page.grid.cursor_key != before
        assert page.rows.view.problems
        assert stage.app.query_one("#filter Field", Field).value == "webj"
        await stage.press("escape")
        type_at_once(stage, "exclamation_mark", "question_mark")
        await stage.settle()
        assert not page.rows.view.problems
        assert isinstance(stage.app.screen, TextScreen)


async def test_an_end_while_something_opens_is_an_end() -> None:
    async with on_stage(mixed_fleet()) as stage:
        type_at_once(stage, "question_mark", "colon")
        stage.app.exit()
    assert stage.app.return_code == 0
