"""Bytes to the terminal are a budget: only what changed is painted again."""

from __future__ import annotations

import time

import pytest
from textual.geometry import Region

from opsdash.activities.monitor.fleet_panel import FleetPanel
from opsdash.core.view import View
from opsdash.widgets.grid import Grid
from tests.fleet_states import Figures, many, mixed_fleet, up
from tests.screens import LARGE, Stage, on_stage


def watch_regions(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> list[Region]:
    seen: list[Region] = []
    grid = stage.app.query_one("FleetPanel Grid", Grid)
    refresh = grid.refresh

    def remember(*regions: Region, **more: bool) -> object:
        seen.extend(regions or [grid.size.region])
        return refresh(*regions, **more)

    monkeypatch.setattr(grid, "refresh", remember)
    return seen


async def test_one_changed_host_repaints_only_the_cells_that_differ(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with on_stage(many(200), LARGE, view=View(sort="host")) as stage:
        seen = watch_regions(stage, monkeypatch)
        grid = stage.app.query_one("FleetPanel Grid", Grid)
        host, before = str(grid._keys[5]), grid.repainted
        state = stage.source.states[host]
        stage.source.put(up(host, *state.findings, figures=Figures(cpu=0.99)))
        await stage.draw()
        assert [(region.y, region.height) for region in seen] == [(6, 1)]
        assert 0 < seen[0].width < 40
        assert grid.repainted == before + 1


async def test_an_off_screen_host_repaints_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    async with on_stage(many(200), LARGE, view=View(sort="host")) as stage:
        seen = watch_regions(stage, monkeypatch)
        stage.source.put(up("node0199", figures=Figures(cpu=0.99)))
        await stage.draw()
        assert seen == []


async def test_a_change_below_what_is_shown_repaints_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with on_stage([up("a", figures=Figures(memory=0.4))]) as stage:
        seen = watch_regions(stage, monkeypatch)
        stage.source.put(up("a", figures=Figures(memory=0.4001)))
        await stage.draw()
        assert seen == []


async def test_moving_the_cursor_repaints_two_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    async with on_stage(mixed_fleet()) as stage:
        seen = watch_regions(stage, monkeypatch)
        await stage.press("j")
        assert sorted(region.y for region in seen) == [1, 2]


async def test_a_hidden_page_is_not_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    async with on_stage(mixed_fleet()) as stage:
        await stage.press("enter")
        drawn: list[object] = []
        fleet = stage.app.query_one(FleetPanel)
        monkeypatch.setattr(fleet, "show", drawn.append)
        stage.source.put(up("db3"))
        fleet.look_for_news()
        assert drawn == []


async def test_nothing_is_drawn_between_revisions_within_a_second(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with on_stage(mixed_fleet()) as stage:
        drawn: list[object] = []
        monkeypatch.setattr(stage.app.page, "show", drawn.append)
        stage.clock.at += 0.4
        await stage.draw()
        assert drawn == []
        stage.clock.at += 0.7
        await stage.draw()
        assert len(drawn) == 1


async def test_a_page_that_cant_be_drawn_says_so_and_the_rest_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with on_stage(mixed_fleet()) as stage:

        def broken(snapshot: object) -> None:
            raise KeyError("[/red] nothing here")

        fleet = stage.app.query_one(FleetPanel)
        with monkeypatch.context() as patch:
            patch.setattr(fleet, "show", broken)
            stage.source.put(up("db3"))
            await stage.draw()
            assert "Fleet: this can't be drawn (KeyError: '[/red] nothing here')" in stage.text
        await stage.press("2", "1")
        await stage.draw()
        assert "can't be drawn" not in stage.text


@pytest.mark.bench
async def test_a_thousand_hosts_are_drawn_in_a_few_milliseconds() -> None:
    async with on_stage(many(1000), LARGE) as stage:
        panel = stage.app.query_one(FleetPanel)
        took: list[float] = []
        for step in range(20):
            figures = Figures(cpu=0.05 * step)
            stage.source.put(*(up(name, figures=figures) for name in stage.source.states))
            began = time.perf_counter()
            panel.draw()
            took.append(time.perf_counter() - began)
            await stage.pilot.pause()
        print(f"show() of 1,000 hosts, all changed: median {sorted(took)[10] * 1000:.1f} ms")
        assert sorted(took)[10] < 0.05
