"""What keys make of the fleet page: filter, problems, orders, groups, folds, marks, map, side."""

from __future__ import annotations

from dataclasses import replace

import pytest

from opsdash.activities.monitor.fleet_panel import FleetPanel
from opsdash.core.health import Health
from opsdash.core.kept import Forgetful
from opsdash.core.snapshot import Change
from opsdash.core.view import Grouping, View
from tests.fleet_states import NOW, Figures, disk_full, many, mixed_fleet, up, wrong
from tests.screens import LARGE, SMALL, Stage, on_stage


def fleet(stage: Stage) -> FleetPanel:
    return stage.app.query_one(FleetPanel)


def rows(stage: Stage) -> list[str]:
    """The hosts that have a row, from top to bottom."""
    panel = fleet(stage)
    return [key for key in panel.rows.arranged.keys if key not in panel.rows.arranged.bundles]


def here(stage: Stage) -> str:
    return fleet(stage).grid.cursor_key or ""


async def test_a_filter_holds_while_it_is_typed_and_enter_keeps_it() -> None:
    async with on_stage(mixed_fleet()) as stage:
        await stage.press("slash", *"web")
        assert "why~disk" in stage.text
        assert all(name.startswith("web") for name in rows(stage))
        await stage.press("enter")
        assert stage.lines[2].startswith("6 of 24 · filter web")
        await stage.press("j")
        assert here(stage) == rows(stage)[1]


async def test_a_wrong_filter_says_what_and_where_and_the_rows_stay() -> None:
    async with on_stage(mixed_fleet()) as stage:
        await stage.press("slash", *"db cp")
        before = rows(stage)
        await stage.press(*"u>")
        assert rows(stage) == before
        text, pointer, field = stage.lines[-4:-1]
        assert text == "'cpu>' lacks a figure to compare with: cpu>80"
        assert field.index("cpu>") == pointer.index("vvvv")
        await stage.press("enter")
        assert fleet(stage).asking.is_open
        await stage.press(*"80", "enter")
        assert not fleet(stage).asking.is_open


async def test_escape_leaves_the_filter_as_it_was_and_then_drops_it() -> None:
    async with on_stage(mixed_fleet()) as stage:
        await stage.press("slash", *"web", "enter", "slash", *"07", "escape")
        assert fleet(stage).rows.view.filter == "web"
        await stage.press("escape")
        assert "of 24" not in stage.text
        assert stage.app.is_running


async def test_what_was_typed_comes_back_with_the_up_key() -> None:
    async with on_stage(mixed_fleet()) as stage:
        await stage.press("slash", *"web", "enter", "slash", "ctrl+u", *"db", "enter")
        await stage.press("slash", "up", "up", "enter")
        assert fleet(stage).rows.view.filter == "web"
        await stage.press("slash", "up", "down", "down", "enter")
        assert fleet(stage).rows.view.filter == "web"


async def test_letters_that_are_typed_are_no_keys() -> None:
    async with on_stage(mixed_fleet()) as stage:
        await stage.press("slash", *"qpeSbu1")
        assert stage.app.is_running
        assert fleet(stage).asking.is_open
        assert "quit" not in stage.lines[-1]


async def test_no_host_fits_says_how_to_get_them_back() -> None:
    async with on_stage([up("a")]) as stage:
        await stage.press("slash", *"nothing", "enter")
        assert "no host fits" in stage.text
        assert "esc shows all hosts again" in stage.text
        await stage.press("e", "space", "V", "asterisk", "c", "y", "Y", "enter", "u", "z")
        await stage.press("escape")
        assert rows(stage) == ["a"]


async def test_problems_only_and_all_again() -> None:
    async with on_stage(mixed_fleet()) as stage:
        await stage.press("exclamation_mark")
        assert len(rows(stage)) == 8
        assert "8 of 24 · problems only" in stage.text
        await stage.press("exclamation_mark")
        assert "problems only" not in stage.text


async def test_e_goes_from_problem_to_problem_and_round() -> None:
    states = [up("a"), up("b", disk_full("b")), up("c", wrong("c", Health.WARN, "load 9", 60))]
    async with on_stage(states, view=View(sort="host")) as stage:
        await stage.press("e")
        assert here(stage) == "b"
        await stage.press("e")
        assert here(stage) == "c"
        await stage.press("e")
        assert here(stage) == "b"
        assert "no more problems this way" in stage.text
        await stage.press("E")
        assert here(stage) == "c"


async def test_without_problems_e_says_so() -> None:
    async with on_stage([up("a")]) as stage:
        await stage.press("e")
        assert "no host has a problem as far as is known" in stage.lines[-1]


async def test_the_sort_picker_and_the_other_way_round() -> None:
    states = [up(f"h{n}", figures=Figures(cpu=n / 10)) for n in range(4)]
    async with on_stage(states) as stage:
        await stage.press("S", *"cpu", "enter")
        assert rows(stage) == ["h3", "h2", "h1", "h0"]
        assert "sort cpu" in stage.text
        await stage.press("I")
        assert rows(stage) == ["h0", "h1", "h2", "h3"]
        assert "sort cpu inverted" in stage.text


async def test_a_click_on_a_heading_sorts_and_on_a_row_points() -> None:
    states = [up(f"h{n}", figures=Figures(cpu=n / 10)) for n in range(4)]
    async with on_stage(states) as stage:
        heading = stage.lines[2]
        await stage.pilot.click("#fleet-grid", offset=(heading.index("CPU%") + 1, 0))
        await stage.settle()
        assert rows(stage)[0] == "h3"
        await stage.pilot.click("#fleet-grid", offset=(5, 3))
        await stage.settle()
        assert here(stage) == "h1"
        await stage.pilot.click("#fleet-grid", offset=(5, 3))
        await stage.settle()
        assert stage.app.page is not None
        assert stage.app.page.slug == "host"


async def test_groups_one_after_the_other() -> None:
    async with on_stage(mixed_fleet(), LARGE) as stage:
        for group in ("kind", "tag", "os", "state"):
            await stage.press("b")
            assert f"group {group}" in stage.lines[2]
        await stage.press("b")
        assert "group" not in stage.lines[2]


async def test_a_fold_opens_with_enter_and_all_of_them_with_z() -> None:
    async with on_stage(many(40)) as stage:
        assert any(line.split()[:3] == ["●▸", "node", "38"] for line in stage.lines)
        await stage.press("G", "enter")
        assert len(rows(stage)) == 40
        assert "●▾ node" in stage.text
        await stage.press("enter")
        assert len(rows(stage)) == 2
        await stage.press("z")
        assert len(rows(stage)) == 40
        await stage.press("escape")
        assert len(rows(stage)) == 2


async def test_a_host_under_the_cursor_does_not_fold_away() -> None:
    async with on_stage(many(40)) as stage:
        await stage.press("j")
        host = here(stage)
        stage.source.put(replace(stage.source.states[host], findings=(), health=Health.OK))
        await stage.draw()
        assert here(stage) == host
        assert host in rows(stage)


async def test_marks_stay_on_their_hosts_when_rows_move() -> None:
    async with on_stage([up("a"), up("b"), up("c")]) as stage:
        await stage.press("j", "space")
        assert fleet(stage).grid.marks.keys == ("b",)
        assert here(stage) == "c"
        stage.source.put(up("c", disk_full("c")))
        await stage.draw()
        assert fleet(stage).grid.marks.keys == ("b",)
        marked = next(line for line in stage.lines if line[3:].startswith("b "))
        assert marked.startswith("●◆ b")
        assert "1 marked" in stage.text
        await stage.press("ctrl+r")
        assert stage.source.asked == [("b",)]


async def test_a_range_all_and_none() -> None:
    async with on_stage([up(name) for name in "abcdef"]) as stage:
        await stage.press("j", "V", "j", "j")
        assert fleet(stage).grid.marks.keys == ("b", "c", "d")
        await stage.press("k", "V", "j", "j")
        assert fleet(stage).grid.marks.keys == ("b", "c")
        await stage.press("V", "j", "escape")
        assert fleet(stage).grid.marks.keys == ("b", "c")
        await stage.press("asterisk")
        assert len(fleet(stage).grid.marks) == 6
        await stage.press("u")
        assert len(fleet(stage).grid.marks) == 0


async def test_a_folded_line_marks_the_hosts_behind_it() -> None:
    async with on_stage(many(40)) as stage:
        await stage.press("G", "space")
        assert len(fleet(stage).grid.marks) == 38


async def test_a_host_that_leaves_the_fleet_is_not_marked_any_more() -> None:
    async with on_stage([up("a"), up("b")]) as stage:
        await stage.press("asterisk")
        del stage.source.states["b"]
        stage.source.put(up("a"))
        await stage.draw()
        assert fleet(stage).grid.marks.keys == ("a",)


async def test_details_and_wide_columns_come_and_go() -> None:
    async with on_stage(mixed_fleet()) as stage:
        await stage.press("d")
        assert "──" not in stage.text
        await stage.press("d", "w")
        assert "LOAD" in stage.lines[2]
        assert "IN/s" in stage.lines[2]


async def test_the_map_shows_each_host_once_and_a_click_points_at_it() -> None:
    async with on_stage(mixed_fleet()) as stage:
        place = stage.lines[1].index("db ✖") + 3
        await stage.press("G")
        await stage.pilot.click("#map", offset=(place, 0))
        await stage.settle()
        assert here(stage) == "db3"


async def test_changes_and_capacity_stand_beside_the_table_when_there_is_room() -> None:
    async with on_stage([up("a", disk_full("a"))], LARGE) as stage:
        stage.source.changes = (
            Change(NOW - 60, "a", Health.OK, Health.CRIT, "/var 97% full"),
            Change(NOW - 4000, "a", Health.CRIT, Health.OK, "too long ago"),
        )
        stage.source.put(up("a", disk_full("a")))
        await stage.draw()
        assert "CHANGES (30 min)" in stage.text
        assert "07:59 a          ●→✖ /var 97% full" in stage.text
        assert "too long ago" not in stage.text
        assert " 41% a          /" in stage.text
        await stage.press("w")
        assert "CHANGES" not in stage.text


@pytest.mark.parametrize("size", [(60, 15), SMALL, (100, 30), LARGE], ids=str)
async def test_the_worst_host_is_in_words_on_every_size(size: tuple[int, int]) -> None:
    async with on_stage(mixed_fleet(), size) as stage:
        assert "no answer from build2" in stage.text
        assert "/var 97% full" in stage.text


async def test_how_it_was_looked_at_is_kept_but_what_hid_hosts_is_not() -> None:
    keeper = Forgetful()
    async with on_stage(mixed_fleet(), keeper=keeper) as stage:
        await stage.press("S", *"cpu", "enter", "b", "slash", *"web", "enter")
    assert keeper.kept.last["fleet"] == View(sort="cpu", group=Grouping.KIND)
    assert keeper.kept.history["filter"] == ("web",)
    async with on_stage(mixed_fleet(), keeper=keeper) as stage:
        assert "sort cpu · group kind" in stage.text
        assert "of 24" not in stage.text


async def test_a_saved_view_comes_back_by_its_name_and_can_be_forgotten() -> None:
    keeper = Forgetful()
    async with on_stage(mixed_fleet(), keeper=keeper) as stage:
        await stage.press("slash", *"cpu>80", "enter", "colon", *"save busy", "enter")
        assert "saved" in stage.lines[-1]
        await stage.press("escape")
        await stage.press("colon", *"view busy", "enter")
        assert fleet(stage).rows.view.filter == "cpu>80"
        await stage.press("colon", *"forget busy", "enter")
    assert keeper.kept.saved == {}


async def test_a_saved_view_with_a_filter_that_means_nothing_is_refused_in_words() -> None:
    keeper = Forgetful()
    keeper.keep(replace(keeper.kept, saved={"bad": View(filter="cpu>")}))
    async with on_stage(mixed_fleet(), keeper=keeper) as stage:
        await stage.press("colon", *"view bad", "enter")
        assert "means nothing" in stage.lines[-1]
        assert fleet(stage).rows.view.filter == ""
