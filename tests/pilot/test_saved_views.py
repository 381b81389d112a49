"""Views under a name: what is said of them is what the disk says."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from opsdash.core.kept import Forgetful, Kept
from opsdash.core.view import Grouping, View
from opsdash.store.kept_views import KeptViews
from tests.fleet_states import mixed_fleet
from tests.screens import Stage, on_stage, seasoned

NIGHT, DAY = View(filter="state:crit"), View(sort="cpu")


async def said(stage: Stage, command: str) -> str:
    """What the last line says after a command of the palette, when the disk is done with it."""
    await stage.press("colon", *command, "enter")
    await stage.app.workers.wait_for_complete()
    await stage.settle()
    return stage.lines[-1]


async def test_what_could_not_be_saved_is_not_said_to_be(tmp_path: Path) -> None:
    path = tmp_path / "v"
    path.mkdir()
    async with on_stage(mixed_fleet(), (160, 24), keeper=KeptViews(path)) as stage:
        assert f"not saved: {path}: Is a directory" in await said(stage, "save busy")
        assert f"not forgotten: {path}: Is a directory" in await said(stage, "forget busy")


async def test_saving_over_a_view_says_so(tmp_path: Path) -> None:
    path = tmp_path / "views.json"
    async with on_stage(mixed_fleet(), keeper=KeptViews(path)) as stage:
        assert "saved: the palette has it as 'view busy'" in await said(stage, "save busy")
        assert "replaced: the palette has it as 'view busy'" in await said(stage, "save busy")
    assert set(KeptViews(path).kept.saved) == {"busy"}


async def test_only_the_whole_name_forgets_a_view() -> None:
    keeper = Forgetful()
    keeper.keep(Kept({}, {"night": NIGHT, "day shift": DAY}, {}))
    async with on_stage(mixed_fleet(), keeper=keeper) as stage:
        words = "no view is saved as 'nigh'; saved views: day shift, night"
        assert words in await said(stage, "forget nigh")
        assert set(keeper.kept.saved) == {"night", "day shift"}
        assert "the view day shift is forgotten" in await said(stage, "forget day shift")
        assert keeper.kept.saved == {"night": NIGHT}
        keeper.keep(replace(keeper.kept, saved={}))
        assert "saved views: none" in await said(stage, "forget night")


async def test_a_saved_view_is_told_with_all_that_it_saved() -> None:
    keeper = seasoned()
    rest = View(group=Grouping.TAG, sort="cpu", inverted=True, wide=True, detail=False)
    keeper.keep(replace(keeper.kept, saved={"night": NIGHT, "rest": rest, "usual": View()}))
    async with on_stage(mixed_fleet(), (160, 24), keeper=keeper) as stage:
        page = stage.app.page
        assert page is not None
        about = {entry.title: entry.about for entry in page.entries()}
        assert about["view night"] == "saved: filter state:crit"
        assert about["view rest"] == "saved: sort cpu inverted, group tag, wide, no details"
        assert about["view usual"] == "saved: all hosts, worst first"


async def test_a_broken_file_is_spoken_of_at_the_start(tmp_path: Path) -> None:
    path = tmp_path / "views.json"
    path.write_text("{")
    async with on_stage(mixed_fleet(), (200, 24), keeper=KeptViews(path)) as stage:
        assert stage.lines[-1] == (
            f"saved views could not be read; their file is now {tmp_path / 'views.broken'}"
        )
