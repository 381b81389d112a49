"""What opens over a page or holds it: palette, jump, raw facts, copying, freezing, badges."""

from __future__ import annotations

import pytest
from textual import events
from textual.widgets import Input

from opsdash.activities.monitor.fleet_panel import FleetPanel
from opsdash.app.picker_screen import PickerScreen
from opsdash.app.text_screen import TextScreen
from opsdash.core.health import Health
from opsdash.widgets.key_hints import KeyHints
from tests.fleet_states import Figures, disk_full, hostile_fleet, many, mixed_fleet, up, wrong
from tests.screens import LARGE, SMALL, Stage, assert_snapshot, on_stage
from tests.waiting import wait_for


def here(stage: Stage) -> str:
    return stage.app.query_one(FleetPanel).grid.cursor_key or ""


def copied(stage: Stage) -> str:
    return stage.app.clipboard


@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["80x24", "160x50"])
async def test_the_palette_lists_pages_keys_orders_colours_and_hosts(size: tuple[int, int]) -> None:
    async with on_stage(mixed_fleet(), size) as stage:
        await stage.press("colon", *"so")
        assert_snapshot(f"palette-{size[0]}x{size[1]}", stage.text)


async def test_the_palette_opens_pages_and_hosts() -> None:
    async with on_stage(mixed_fleet()) as stage:
        await stage.press("colon", *"host edge4", "enter")
        assert "opsdash > edge4" in stage.lines[0]
        await stage.press("colon", *"Fleet", "enter")
        assert "24 hosts" in stage.lines[0]


async def test_the_palette_does_what_keys_do() -> None:
    async with on_stage(mixed_fleet()) as stage:
        await stage.press("colon", *"problems", "enter")
        await stage.settle()
        assert "problems only" in stage.text


async def test_the_palette_takes_an_argument_or_asks_for_it() -> None:
    async with on_stage(mixed_fleet()) as stage:
        await stage.press("colon", *"filter", "enter")
        assert "type behind it: filter EXPRESSION" in stage.lines[-1]
        await stage.press(*"state:warn", "enter")
        assert stage.app.query_one(FleetPanel).rows.view.filter == "state:warn"


async def test_themes_by_name() -> None:
    async with on_stage(mixed_fleet()) as stage:
        await stage.press("colon", *"theme day", "enter")
        assert stage.app.theme == "day"


async def test_what_fits_nothing_is_said_and_escape_leaves() -> None:
    async with on_stage(mixed_fleet()) as stage:
        await stage.press("colon", *"zzzz", "enter")
        assert "nothing fits" in stage.text
        assert isinstance(stage.app.screen, PickerScreen)
        await stage.press("escape")
        assert not isinstance(stage.app.screen, PickerScreen)


async def test_a_few_letters_jump_to_a_host_also_out_of_a_fold() -> None:
    async with on_stage(many(200)) as stage:
        await stage.press("f", *"0123", "enter")
        assert here(stage) == "node0123"
        assert any(line.startswith("●  node0123") for line in stage.lines)


async def test_a_jump_to_the_first_host_stays_there_when_another_becomes_the_worst() -> None:
    async with on_stage([up("db1"), up("web1")]) as stage:
        assert here(stage) == "db1"
        await stage.press("f", *"db1", "enter")
        stage.source.put(up("web1", disk_full("web1")))
        await stage.draw()
        assert stage.lines[3].startswith("✖  web1")
        assert here(stage) == "db1"


async def test_keys_that_come_with_the_list_move_in_it() -> None:
    async with on_stage([up("db1"), up("web1")]) as stage:
        await stage.pilot.press("f", "down", "enter")  # at once, as a terminal sends them
        await stage.settle()
        assert here(stage) == "web1"


async def test_a_jump_keeps_the_page() -> None:
    async with on_stage(mixed_fleet()) as stage:
        await stage.press("enter", "f", *"web3", "enter")
        assert "opsdash > web3" in stage.lines[0]
        await stage.press("q")
        assert here(stage) == "web3"


async def test_a_host_that_the_filter_hides_is_named() -> None:
    async with on_stage(mixed_fleet()) as stage:
        await stage.press("slash", *"web", "enter", "f", *"db3", "enter")
        assert "db3 does not fit the filter" in stage.lines[-1]


async def test_raw_facts_and_the_way_back() -> None:
    async with on_stage([up("db3", disk_full("db3"))]) as stage:
        await stage.press("y")
        assert stage.lines[0].strip() == "raw facts of db3"
        assert "cpu.busy_ratio" in stage.text
        assert "/proc/cpu, 1s old" in stage.text
        await stage.press("c")
        assert "cpu.busy_ratio" in copied(stage)
        await stage.press("q")
        assert not isinstance(stage.app.screen, TextScreen)


async def test_copying_the_row_the_marked_rows_and_a_part() -> None:
    states = [up("a", disk_full("a")), up("b")]
    async with on_stage(states) as stage:
        await stage.press("c")
        assert copied(stage) == "a\tCRIT\t/var 97% full, 1.5G left, limit 95%"
        assert "copied a" in stage.lines[-1]
        await stage.press("asterisk", "c")
        assert copied(stage).split("\n")[1] == "b\tOK"
        await stage.press("Y", *"ssh", "enter")
        assert copied(stage) == "ssh 10.0.4.3"


async def test_what_hostile_hosts_say_is_copied_without_escapes() -> None:
    async with on_stage(hostile_fleet()) as stage:
        await stage.press("asterisk", "c")
        assert "evil" in copied(stage)
        assert "\x1b" not in copied(stage)


async def test_through_tmux_the_request_is_wrapped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMUX", "/tmp/tmux-1000/default,1,0")
    async with on_stage([up("a")]) as stage:
        await stage.press("c")
        assert "set-clipboard on" in stage.lines[-1]


async def test_a_frozen_screen_stands_still_and_counts_what_it_misses() -> None:
    async with on_stage([up("a"), up("b")]) as stage:
        await stage.press("p")
        assert "frozen" in stage.lines[-1]
        stage.source.put(up("b", wrong("b", Health.CRIT, "nginx failed")))
        stage.source.put(up("a", figures=Figures(cpu=0.99)))
        stage.clock.at += 75
        await stage.draw()
        assert "nginx failed" not in stage.text
        assert "<5s" in stage.text
        assert "75s" in stage.lines[-1] or "FROZEN" in stage.lines[-1]
        assert "".join(part.text for part in stage.app.badges()) == " FROZEN 75s, 1 host changed "
        await stage.press("2")
        assert "nginx failed" not in stage.text
        await stage.press("q", "p")
        await stage.draw()
        assert "nginx failed" in stage.text
        assert stage.app.badges() == ()


async def test_the_badge_stands_on_every_screen() -> None:
    async with on_stage(mixed_fleet(), badge="DEMO") as stage:
        for keys in ([], ["enter"], ["question_mark"], ["q", "colon"], ["escape", "y"], ["q", "f"]):
            await stage.press(*keys)
            assert stage.lines[-1].endswith(" DEMO"), keys


async def test_e_on_a_host_goes_to_the_next_sick_host() -> None:
    async with on_stage(mixed_fleet()) as stage:
        await stage.press("enter", "e", "e")
        assert "opsdash > db3" in stage.lines[0]
        await stage.press("q")
        assert here(stage) == "db3"


async def test_a_burst_of_keys_is_matched_once(monkeypatch: pytest.MonkeyPatch) -> None:
    async with on_stage(many(200)) as stage:
        await stage.press("colon")
        asked: list[str] = []
        narrow = PickerScreen._narrow

        def remember(screen: PickerScreen, typed: str) -> None:
            asked.append(typed)
            narrow(screen, typed)

        monkeypatch.setattr(PickerScreen, "_narrow", remember)
        field = stage.app.screen.query_one("#picker-field", Input)
        for letter in "web" * 100:
            field.insert_text_at_cursor(letter)
        await stage.settle()
        assert len(field.value) == 200
        assert asked == [field.value]


@pytest.mark.parametrize("keys", [["slash"], ["colon"], ["p"]], ids=str)
async def test_on_a_screen_that_is_too_low_what_matters_most_is_seen(keys: list[str]) -> None:
    async with on_stage(mixed_fleet(), (20, 5), badge="DEMO") as stage:
        await stage.press(*keys)
        if keys == ["p"]:
            stage.app.screen.query_one(KeyHints)._be_quiet()
            assert "FROZEN" in stage.lines[-1]
        else:
            await stage.press(*"web")
            assert "web" in stage.text


async def test_a_list_that_was_left_twice_by_quick_fingers_is_left_once() -> None:
    async with on_stage(mixed_fleet()) as stage:
        await stage.press("f")
        picker = stage.app.screen
        assert isinstance(picker, PickerScreen)
        picker.action_pick()
        picker.action_pick()
        picker.action_leave()
        await stage.settle()
        assert stage.app.is_running
        assert len(stage.app.screen_stack) == 1


@pytest.mark.parametrize(
    ("together", "then"),
    [
        ([*"fdb3", "enter", "y"], "raw facts of db3"),
        (["slash", *"web", "enter", "?"], "Keys in Fleet"),
        (["question_mark", "slash", *"copy", "enter", "q", "q"], "HOST "),
    ],
    ids=["picker", "filter", "page"],
)
async def test_keys_that_come_together_with_enter_are_for_what_is_behind_it(
    together: list[str], then: str
) -> None:
    """Over a slow link many keys arrive at once."""
    async with on_stage(mixed_fleet()) as stage:
        first, *rest = together
        await stage.press(first)
        if rest[0] == "slash":
            await stage.press(rest.pop(0))
        driver = stage.app._driver
        assert driver is not None
        for key in rest:
            name = "question_mark" if key == "?" else key
            driver.send_message(events.Key(name, key if len(key) == 1 else None))
        await wait_for(lambda: then in stage.text, what=then)


@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["80x24", "160x50"])
async def test_what_is_set_stands_on_one_page_with_how_it_is_changed(
    size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("CONFIG", "STATE"):
        monkeypatch.setenv(f"XDG_{name}_HOME", "/proc/nowhere")
    monkeypatch.delenv("TMUX", raising=False)
    monkeypatch.chdir("/")
    async with on_stage(mixed_fleet(), size) as stage:
        await stage.press("colon", *"settings", "enter")
        assert_snapshot(f"settings-{size[0]}x{size[1]}", stage.text)
