"""What was picked in the palette before stands first the next time, also after a restart."""

from __future__ import annotations

from opsdash.app.picker_screen import PickerScreen
from opsdash.core.kept import Forgetful, Kept
from tests.fleet_states import mixed_fleet
from tests.screens import Stage, on_stage

KIND = "palette"


def listed(stage: Stage) -> list[str]:
    """The titles that are seen in the open list, from the top."""
    assert isinstance(stage.app.screen, PickerScreen)
    rows = [line.strip("│ ") for line in stage.lines if line.startswith("│")]
    return [row[:34].strip() for row in rows[2:]]


async def test_what_was_picked_stands_first_with_what_was_typed_behind_it() -> None:
    keeper = Forgetful()
    async with on_stage(mixed_fleet(), keeper=keeper) as stage:
        await stage.press("colon", *"host edge4", "enter")
        await stage.press("colon", *"Fleet", "enter")
        await stage.press("colon", *"filter state:warn", "enter", "enter")
        await stage.press("colon")
        assert listed(stage)[:3] == ["filter state:warn", "Fleet", "host edge4"]
        assert listed(stage).count("Fleet") == 1
    assert keeper.kept.history[KIND] == ("filter state:warn", "Fleet", "host edge4")


async def test_what_stands_first_does_the_same_again() -> None:
    keeper = Forgetful()
    keeper.keep(
        Kept({}, {}, {KIND: ("filter state:crit", "host edge4", "no such page", "Fleet x")})
    )
    async with on_stage(mixed_fleet(), keeper=keeper) as stage:
        await stage.press("colon")
        assert listed(stage)[:2] == ["filter state:crit", "host edge4"]
        assert "no such page" not in listed(stage)
        await stage.press("enter", "enter")
        assert "state:crit" in stage.text
        await stage.press("colon", "down", "enter")
        assert "opsdash > edge4" in stage.lines[0]
        await stage.press("colon", *"edge4", "escape")
    assert keeper.kept.history[KIND][:2] == ("host edge4", "filter state:crit")


async def test_another_argument_is_typed_as_ever() -> None:
    keeper = Forgetful()
    keeper.keep(Kept({}, {}, {KIND: ("filter state:crit",)}))
    async with on_stage(mixed_fleet(), keeper=keeper) as stage:
        await stage.press("colon", *"filter state:warn", "enter", "enter")
        await stage.settle()
    assert keeper.kept.history[KIND] == ("filter state:warn", "filter state:crit")
