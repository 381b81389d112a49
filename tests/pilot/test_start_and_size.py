"""Start, end, and every terminal size."""

from __future__ import annotations

import asyncio

import pytest

from opsdash.app.look import Looks
from opsdash.app.main import OpsdashApp
from opsdash.core.errors import ConfigError, Fault, OpsdashError
from opsdash.core.source import FleetSource
from opsdash.core.view import View
from tests.fleet_states import Memory, down, hostile_fleet, many, mixed_fleet, up
from tests.looks import THEMES
from tests.screens import SMALL, on_stage


def app_that(start: object) -> OpsdashApp:
    async def stop() -> None:
        return None

    looks = Looks(THEMES, "night", ascii_only=False)
    return OpsdashApp(start, stop, looks)  # type: ignore[arg-type]


def screen_of(app: OpsdashApp) -> str:
    return "\n".join(strip.text for strip in app.screen._compositor.render_strips())


async def test_the_first_paint_comes_before_the_fleet() -> None:
    gate = asyncio.Event()

    async def start() -> FleetSource:
        await gate.wait()
        return Memory(mixed_fleet())

    app = app_that(start)
    async with app.run_test(size=SMALL) as pilot:
        await pilot.pause()
        assert "starting…" in screen_of(app)
        await pilot.press("1", "ctrl+r", "question_mark", "q")
        gate.set()
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert "24 hosts" in screen_of(app)


async def test_faults_in_the_hosts_file_fill_the_screen_and_are_left_to_say() -> None:
    async def start() -> FleetSource:
        raise ConfigError([Fault("hosts.yaml", 3, 7, "unknown key adress, address?")])

    app = app_that(start)
    async with app.run_test(size=SMALL) as pilot:
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert "hosts.yaml:3:7: unknown key adress, address?" in screen_of(app)
        await pilot.press("q")
    assert app.return_code == 65
    assert "hosts.yaml:3:7: unknown key" in app.last_words


async def test_a_start_that_failed_is_tried_again_when_its_cause_is_mended() -> None:
    faults = [Fault("hosts.yaml", 3, 7, "unknown key adress, address?")]

    async def start() -> FleetSource:
        if faults:
            raise ConfigError([faults.pop()])
        return Memory(mixed_fleet())

    app = app_that(start)
    async with app.run_test(size=SMALL) as pilot:
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert "ctrl+r starts again" in screen_of(app)
        await pilot.press("ctrl+r")
        await pilot.pause()
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert "24 hosts" in screen_of(app)


async def test_another_error_shows_its_hint_and_ends_with_1() -> None:
    class Broken(OpsdashError):
        hint = "free some space"

    async def start() -> FleetSource:
        raise Broken("the disk is full [/red]")

    app = app_that(start)
    async with app.run_test(size=SMALL) as pilot:
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert "the disk is full [/red]" in screen_of(app)
        assert "free some space" in screen_of(app)
        await pilot.press("ctrl+q")
    assert app.return_code == 1


@pytest.mark.parametrize("page", [[], ["enter"], ["question_mark"]], ids=["fleet", "host", "help"])
async def test_every_size_is_survived_and_the_way_back_is_the_same(page: list[str]) -> None:
    async with on_stage([*mixed_fleet(), *hostile_fleet()]) as stage:
        await stage.press("G", "g", *page)
        before = stage.text
        for size in [(160, 50), (60, 15), (40, 10), (20, 5), (200, 60), (1, 1), SMALL]:
            await stage.resize(*size)
            await stage.draw()
            await stage.press("G", "g")
        assert stage.text == before


async def test_the_cursor_stays_in_sight_when_the_terminal_shrinks() -> None:
    async with on_stage(many(200), view=View(sort="host")) as stage:
        await stage.press("G", *["k"] * 3)
        host = next(line[3:11] for line in stage.lines if line.startswith("── "))
        await stage.resize(60, 15)
        assert any(line.startswith(f"●  {host}") for line in stage.lines)


async def test_a_page_that_becomes_shorter_is_not_left_empty() -> None:
    async with on_stage([up("a")], (80, 20)) as stage:
        await stage.press("enter", "G")
        stage.source.put(down("a"))
        await stage.draw()
        assert stage.lines[1].startswith("WHY        no answer")


@pytest.mark.parametrize("size", [(60, 15), (40, 10)])
async def test_the_reason_and_the_age_survive_on_narrow_terminals(size: tuple[int, int]) -> None:
    async with on_stage(mixed_fleet(), size) as stage:
        row = next(line for line in stage.lines if " db3 " in line)
        assert "/var 97%" in row
        assert row.endswith("<5s")
