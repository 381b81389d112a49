"""Keys: each does what help says, and q leads out of everywhere."""

from __future__ import annotations

import pytest

from opsdash.app.help_screen import HelpScreen
from opsdash.core.view import View
from opsdash.widgets.key_hints import active_bindings
from opsdash.widgets.line_view import LineView
from tests.fleet_states import many, mixed_fleet
from tests.screens import Stage, on_stage


def page(stage: Stage) -> str:
    return stage.app.page.slug if stage.app.page else ""


def cursor(stage: Stage) -> int:
    panel = stage.app.page
    assert panel is not None
    grid = panel.query_one("#fleet-grid")
    return int(getattr(grid, "cursor", -1))


@pytest.mark.parametrize("key", ["q", "escape", "backspace"])
async def test_enter_leads_in_and_these_keys_lead_out(key: str) -> None:
    async with on_stage(mixed_fleet()) as stage:
        await stage.press("enter")
        assert page(stage) == "host"
        assert "opsdash > build2" in stage.lines[0]
        await stage.press(key)
        assert page(stage) == "fleet"


async def test_q_on_the_first_page_quits_and_lets_go_of_the_fleet() -> None:
    async with on_stage(mixed_fleet()) as stage:
        await stage.press("q")
        assert not stage.app.is_running
        assert stage.app.return_code == 0
    assert stage.stopped == [True]


async def test_digits_open_pages_and_q_unwinds_them() -> None:
    async with on_stage(mixed_fleet()) as stage:
        await stage.press("j", "2")
        assert "opsdash > vault1" in stage.lines[0]
        await stage.press("q")
        assert page(stage) == "fleet"
        await stage.press("2")
        assert page(stage) == "host"
        await stage.press("1")
        assert page(stage) == "fleet"
        await stage.press("q")
        assert not stage.app.is_running


@pytest.mark.parametrize(
    ("keys", "row"),
    [
        (["j"], 1),
        (["down", "down"], 2),
        (["j", "j", "k"], 1),
        (["j", "up"], 0),
        (["G"], 199),
        (["end", "home"], 0),
        (["G", "g"], 0),
        (["k"], 0),
        (["ctrl+d"], 7),
        (["ctrl+d", "ctrl+d", "ctrl+u"], 7),
        (["pagedown"], 14),
        (["pagedown", "pageup"], 0),
        (["G", "j"], 199),
    ],
    ids=str,
)
async def test_motions(keys: list[str], row: int) -> None:
    async with on_stage(many(200), view=View(sort="host")) as stage:
        await stage.press(*keys)
        assert cursor(stage) == row


async def test_the_host_page_scrolls() -> None:
    async with on_stage(mixed_fleet()) as stage:
        await stage.press("j", "j", "enter")
        first = stage.lines[1]
        await stage.press("j")
        assert stage.lines[1] != first
        await stage.press("G")
        assert "uptime" in stage.lines[-3]
        await stage.press("g")
        assert stage.lines[1] == first


@pytest.mark.parametrize("key", ["question_mark", "f1"])
@pytest.mark.parametrize("way_out", ["q", "escape", "question_mark"])
async def test_help_opens_and_closes(key: str, way_out: str) -> None:
    async with on_stage(mixed_fleet()) as stage:
        await stage.press(key)
        assert isinstance(stage.app.screen, HelpScreen)
        await stage.press(way_out)
        assert page(stage) == "fleet"
        assert not isinstance(stage.app.screen, HelpScreen)


async def test_help_names_every_key_that_works_here() -> None:
    async with on_stage(mixed_fleet(), (160, 60)) as stage:
        here = [active.binding for active in active_bindings(stage.app) if active.binding.id]
        await stage.press("question_mark")
        for binding in here:
            assert (binding.tooltip or binding.description) in stage.text


async def test_every_binding_in_force_has_an_id_and_an_action_that_exists() -> None:
    async with on_stage(mixed_fleet()) as stage:
        for active in active_bindings(stage.app):
            if active.node is stage.app.screen:
                continue  # Textual's own: tab and copy
            name = active.binding.action.partition("(")[0]
            assert active.binding.id, active.binding
            assert hasattr(active.node, f"action_{name}"), active.binding


async def test_refresh_asks_all_hosts_from_the_fleet_and_one_from_its_page() -> None:
    async with on_stage(mixed_fleet()) as stage:
        await stage.press("ctrl+r")
        assert "asking all hosts again" in stage.lines[-1]
        await stage.press("enter", "f5")
        assert stage.source.asked == [(), ("build2",)]


async def test_ctrl_c_quits_only_when_pressed_twice() -> None:
    async with on_stage(mixed_fleet()) as stage:
        await stage.press("ctrl+c")
        assert stage.app.is_running
        assert "press ctrl+c again within 2 s to quit" in stage.lines[-1]
        stage.clock.at += 3
        await stage.press("ctrl+c")
        assert stage.app.is_running
        await stage.press("ctrl+c")
        assert not stage.app.is_running


async def test_ctrl_c_asks_on_the_help_page_too() -> None:
    async with on_stage(mixed_fleet()) as stage:
        await stage.press("question_mark")
        assert stage.lines[-1] == "/ find  c copy  q close"
        await stage.press("ctrl+c")
        assert "press ctrl+c again" in stage.lines[-1]


async def test_ctrl_q_quits_from_anywhere() -> None:
    async with on_stage(mixed_fleet()) as stage:
        await stage.press("enter", "question_mark", "ctrl+q")
        assert not stage.app.is_running


async def test_the_last_line_names_the_keys_of_the_page() -> None:
    async with on_stage(mixed_fleet()) as stage:
        keys = "enter open  e next problem  / filter  ! problems  T Chart  x Why  ? help  q quit"
        assert stage.lines[-1] == keys
        await stage.press("enter")
        host_keys = "e next problem  T Chart  x Why  : command  ctrl+r refresh  ? help  q back"
        assert stage.lines[-1] == host_keys


async def test_a_theme_change_repaints_everything() -> None:
    async with on_stage(mixed_fleet()) as stage:
        before = [list(view.render_line(0)) for view in stage.app.query(LineView) if view.size]
        await stage.press("C", "down", "enter")
        after = [list(view.render_line(0)) for view in stage.app.query(LineView) if view.size]
        assert stage.app.theme == "day"
        colours = {
            segment.style.bgcolor.name
            for strip in after
            for segment in strip
            if segment.style and segment.style.bgcolor
        }
        assert before != after
        assert colours <= {"#fbfbf8", "#eeeee8", "#dbe6f3"}


async def test_redraw_paints_the_whole_screen() -> None:
    async with on_stage(mixed_fleet()) as stage:
        before = stage.text
        await stage.press("ctrl+l")
        assert stage.text == before


async def test_a_click_points_and_a_second_one_opens() -> None:
    async with on_stage(mixed_fleet()) as stage:
        await stage.pilot.click("#fleet-grid", offset=(5, 3))
        await stage.pilot.pause()
        assert cursor(stage) == 2
        await stage.pilot.click("#fleet-grid", offset=(5, 3))
        await stage.pilot.pause()
        assert page(stage) == "host"


async def test_the_root_key_says_who_waits_and_every_key_shows_that_somebody_is_there() -> None:
    async with on_stage(mixed_fleet()) as stage:
        await stage.press("number_sign")
        assert "no host is known whose sudo asks for a password" in stage.lines[-1]
        stage.source.waiting_for_root = 3
        await stage.press("number_sign")
        assert "3 hosts with a sudo that asks" in stage.lines[-1]
        assert stage.source.touched >= 2
        stage.source.told_root[-1]("db1: sudo refused the password")
        await stage.settle()
        assert "db1: sudo refused the password" in stage.lines[-1]
