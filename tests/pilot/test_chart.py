"""The chart page: what was, on one host or on several, and what the keys make of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from math import sin
from types import MappingProxyType

import pytest

from opsdash.activities.monitor.chart_panel import MOST_HOSTS, ChartPanel
from opsdash.app.look import Looks
from opsdash.config.paths import themes_dirs
from opsdash.config.themes import load_themes
from opsdash.core.finding import Finding
from opsdash.core.health import Health
from opsdash.core.history import Point, Stretch
from opsdash.core.host import Limits
from opsdash.core.kept import Forgetful
from opsdash.core.reading import SampleKey
from opsdash.core.snapshot import HostState
from tests.fleet_states import EVIL, NOW, Figures, disk_full, up
from tests.screens import LARGE, SMALL, Stage, assert_snapshot, on_stage, seasoned

CPU: SampleKey = ("cpu.busy_ratio", "")
MEMORY: SampleKey = ("memory.used_ratio", "")
ROOT: SampleKey = ("filesystem.used_ratio", "/")
VAR: SampleKey = ("filesystem.used_ratio", "/var")
SIZES = pytest.mark.parametrize("size", [SMALL, LARGE], ids=["80x24", "160x50"])

SHIPPED, _ = load_themes(themes_dirs())

Shape = Callable[[float], tuple[float, float, float]]


def stretch(shape: Shape, *, hours: float = 26, step_s: int = 60) -> Stretch:
    """Points up to now, each as `shape` has it so many hours ago: mean, least, most."""
    begin = int(NOW - hours * 3600)
    times = range(begin - begin % step_s, int(NOW), step_s)
    return Stretch(step_s, [Point(at, *shape((NOW - at) / 3600)) for at in times])


def wave(middle: float, swing: float = 0.1, band: float = 0.04) -> Shape:
    def shape(ago_h: float) -> tuple[float, float, float]:
        mean = middle + swing * sin(ago_h * 2) + 0.02 * sin(ago_h * 37)
        return mean, mean - band, mean + band

    return shape


def spiky(shape: Shape, at_h: float) -> Shape:
    """The same with one minute that reached 99 %."""

    def spiked(ago_h: float) -> tuple[float, float, float]:
        mean, least, most = shape(ago_h)
        return mean, least, 0.99 if abs(ago_h - at_h) < 1 / 120 else most

    return spiked


def with_gap(made: Stretch, since_h: float, until_h: float) -> Stretch:
    def seen(point: Point) -> bool:
        return not until_h <= (NOW - point.at) / 3600 <= since_h

    return replace(made, points=[point for point in made.points if seen(point)])


def full(name: str) -> Finding:
    """What the check itself would find."""
    return replace(disk_full(name), check="disk-full")


def four_hosts() -> list[HostState]:
    return [up(name, figures=Figures(cpu=0.3)) for name in ("db1", "web1", "web2", "web3")]


@asynccontextmanager
async def charted(
    states: Sequence[HostState],
    size: tuple[int, int] = SMALL,
    *,
    ascii_glyphs: bool = False,
    keeper: Forgetful | None = None,
    looks: Looks | None = None,
) -> AsyncIterator[Stage]:
    """The program over these hosts, each of which has a past."""
    async with on_stage(
        states, size, ascii_glyphs=ascii_glyphs, keeper=keeper, looks=looks
    ) as stage:
        for number, state in enumerate(states):
            made = stretch(spiky(wave(0.3 + 0.12 * number), 2.5))
            stage.source.pasts[state.name, CPU] = with_gap(made, 1.5, 1.0) if number < 2 else made
            stage.source.pasts[state.name, MEMORY] = stretch(wave(0.5, 0.02))
            stage.source.pasts[state.name, VAR] = stretch(lambda ago_h: (0.9 - ago_h / 100,) * 3)
        yield stage


async def show(stage: Stage, *keys: str) -> str:
    """Press these keys, and wait until the history has been read."""
    await stage.press(*keys)
    await stage.app.workers.wait_for_complete()
    await stage.draw()
    return stage.text


def panel(stage: Stage) -> ChartPanel:
    return stage.app.query_one(ChartPanel)


@SIZES
@pytest.mark.parametrize("glyphs", ["braille", "blocks", "ascii"])
async def test_one_host(size: tuple[int, int], glyphs: str) -> None:
    async with charted(four_hosts()[1:2], size, ascii_glyphs=glyphs == "ascii") as stage:
        text = await show(stage, "T", *(["b"] if glyphs == "blocks" else []))
        assert_snapshot(f"chart-{size[0]}x{size[1]}-{glyphs}", text)


@pytest.mark.parametrize(
    ("size", "layout", "ascii_glyphs"),
    [
        (SMALL, "beside", False),
        (SMALL, "over", False),
        (SMALL, "over", True),
        (LARGE, "beside", False),
        (LARGE, "over", False),
        (LARGE, "beside", True),
    ],
)
async def test_marked_hosts(size: tuple[int, int], layout: str, *, ascii_glyphs: bool) -> None:
    async with charted(four_hosts(), size, ascii_glyphs=ascii_glyphs) as stage:
        text = await show(stage, "*", "T", *(["o"] if layout == "over" else []))
        end = "-ascii" if ascii_glyphs else ""
        assert_snapshot(f"chart-four-{layout}-{size[0]}x{size[1]}{end}", text)


@pytest.mark.parametrize("theme", ["mono", "ansi16"])
async def test_where_colours_are_few_curves_bear_letters(theme: str) -> None:
    looks = Looks(SHIPPED, theme, ascii_only=False)
    async with charted(four_hosts(), looks=looks) as stage:
        assert_snapshot("chart-four-lettered-80x24", await show(stage, "*", "T", "o"))


async def test_more_hosts_than_colours_bear_letters_too() -> None:
    async with charted([*four_hosts(), up("web4")]) as stage:
        text = await show(stage, "*", "T", "o")
        assert "e web4" in text
        assert "━━" not in text


async def test_values_are_read_where_the_cursor_is() -> None:
    async with charted(four_hosts()[:2]) as stage:
        text = await show(stage, "T", *["left"] * 10, "shift+left", "shift+left")
        assert "at 05:32 " in text
        assert "│" in stage.lines[17][9:]
        await stage.press("shift+right")
        assert "at 06:22 " in stage.text
        await stage.press("escape")
        assert "at 06:22 " not in stage.text
        assert panel(stage).display
        await stage.pilot.click("#chart-view", offset=(8 + 36, 5))
        assert "at 05:02" in await show(stage)


async def test_a_spike_of_a_minute_shows_in_a_day_and_is_named_with_its_time() -> None:
    async with charted(four_hosts()[:1]) as stage:
        text = await show(stage, "T", "-", "-")
        assert "the last 24 hours" in text
        assert "max 99% 05:30" in text
        assert stage.lines[1][8:].strip()


async def test_closer_and_farther_earlier_and_back_to_now() -> None:
    async with charted(four_hosts()[:1]) as stage:
        await show(stage, "T")
        for key, words in (
            ("+", "the last 3 hours"),
            ("=", "the last 1 hour"),
            ("+", "the last 1 hour"),
            ("-", "the last 3 hours"),
            ("[", "03:30 to 06:30"),
            ("[", "02:00 to 05:00"),
            ("]", "03:30 to 06:30"),
            ("-", "00:30 to 06:30"),
            ("0", "the last 6 hours"),
            ("]", "the last 6 hours"),
        ):
            await show(stage, key)
            assert words in stage.lines[0], key
        await show(stage, *"-------")
        assert "the last 30 days" in stage.lines[0]
        await show(stage, "[")
        assert "the last 30 days" in stage.lines[0]
        assert "nothing older is kept" in stage.text


async def test_what_is_read_stays_where_it_is_when_time_is_closer() -> None:
    async with charted(four_hosts()[:1]) as stage:
        await show(stage, "T", *["left"] * 6, *["shift+left"] * 3)
        assert "at 05:02" in stage.text
        await show(stage, "+", "+")
        assert "at 05:02" in stage.text
        assert "04:32 to 05:32" in stage.lines[0]


async def test_the_span_is_picked_from_a_list() -> None:
    async with charted(four_hosts()[:1]) as stage:
        await show(stage, "T")
        await stage.press("z", *"7 d", "enter")
        assert "the last 7 days" in await show(stage)


async def test_metrics_are_picked_by_letters_and_gone_through_by_keys() -> None:
    async with charted(four_hosts()[:1]) as stage:
        await show(stage, "T")
        await stage.press("/", *"memused", "enter")
        assert "memory.used_ratio" in (await show(stage)).split("\n")[0]
        assert "CRIT from 97% memory-low" in stage.text
        seen = []
        for _ in range(5):
            await stage.press("n")
            seen.append(stage.lines[0].split()[3])
        assert len(set(seen)) == 5
        assert "load.one" in seen
        before = stage.lines[0]
        await show(stage, "n", "N")
        assert stage.lines[0] == before


async def test_the_palette_opens_the_chart_of_a_metric_from_any_page() -> None:
    async with charted(four_hosts()[:1]) as stage:
        await stage.press("enter")
        await show(stage, ":", *"chart mem", "enter")
        assert "memory.used_ratio" in stage.lines[0]
        await show(stage, ":", *"chart cpu", "enter")
        assert "cpu.busy_ratio" in stage.lines[0]
        await show(stage, ":", *"chart disk", "enter")
        assert "filesystem.used_ratio[/]" in stage.lines[0]
        await show(stage, ":", *"chart filesystem.inodes_used_ratio", "enter")
        assert "filesystem.inodes_used_ratio[/" in stage.lines[0]


async def test_it_opens_on_what_is_wrong_with_the_host_and_q_leads_back() -> None:
    states = [up("db1", full("db1")), up("web1")]
    async with charted(states) as stage:
        await show(stage, "T")
        text = await show(stage, "q", "T")
        assert "filesystem.used_ratio[/var]" in text.split("\n")[0]
        assert "WARN from 85% disk-full" in text
        await stage.press("q")
        assert stage.lines[0].startswith("opsdash  2 hosts")
        await stage.press("enter")
        await show(stage, "T", "q")
        assert stage.app.page is not None
        assert stage.app.page.slug == "host"


async def test_limits_are_those_of_the_host() -> None:
    state = up("db1")
    thresholds = MappingProxyType({"cpu-saturated": Limits(0.5, 0.75)})
    state = replace(state, host=replace(state.host, thresholds=thresholds))
    async with charted([state]) as stage:
        text = await show(stage, "T")
        assert "CRIT from 75% cpu-saturated" in text
        assert "WARN from 50% cpu-saturated" in text


async def test_new_values_come_in_while_it_is_open() -> None:
    async with charted(four_hosts()[:1]) as stage:
        await show(stage, "T", "+", "+")
        assert "now 30%" in stage.text
        reads = len(stage.source.read)
        for second in range(2, 9, 2):
            stage.clock.at = NOW + second
            state = up("db1", figures=Figures(cpu=0.97, age_s=-second))
            stage.source.put(replace(state, at=NOW + second))
            await stage.draw()
        assert "now 97%" in stage.text
        assert len(stage.source.read) == reads
        assert stage.lines[1][-1] != " "
        stage.clock.at = NOW + 11
        await stage.draw()
        await show(stage)
        assert len(stage.source.read) == reads + 1


async def test_a_chart_that_stands_still_paints_nothing() -> None:
    async with charted(four_hosts()[:2]) as stage:
        await show(stage, "*", "T")
        stage.clock.at = NOW + 1
        await stage.draw()
        view = panel(stage).query_one("#chart-view")
        before = view.repainted  # type: ignore[attr-defined]
        stage.clock.at = NOW + 2
        await stage.draw()
        assert view.repainted == before  # type: ignore[attr-defined]


async def test_while_nothing_is_known_it_says_why() -> None:
    async with on_stage([up("db1")]) as stage:
        assert "no history yet: it grows while opsdash runs" in await joined(stage)
        stage.source.pasts["db1", MEMORY] = stretch(wave(0.5), hours=3)
        await show(stage, ":", *"chart cpuu", "enter")
        await show(stage, "f", *"db1", "enter")
        assert "db1 has no cpuu (did you mean cpu" in await joined(stage, "-")
    async with charted([up("db1")]) as stage:
        await show(stage, "T", *"---", "[", "[")
        assert "this is older than the history of db1, which begins 2027-01-14 06:00" in (
            await joined(stage)
        )


async def joined(stage: Stage, *keys: str) -> str:
    """The words of the screen in one line, without the axis at the left."""
    if stage.app.page is not None and stage.app.page.slug != "chart":
        keys = ("T", *keys)
    await show(stage, *keys)
    return " ".join(" ".join(line[8:].split()) for line in stage.lines)


async def test_a_store_that_failed_is_named_on_the_chart() -> None:
    async with charted([up("db1")], LARGE) as stage:
        stage.source.store_notice = "nothing is remembered, the store can't be used: disk full"
        assert "nothing is remembered, the store can't be used" in await show(stage, "T")


async def test_the_whole_machines_values_are_not_this_hosts() -> None:
    async with on_stage([replace(up("box"), container="lxc")]) as stage:
        await show(stage, "T")
        await stage.press("/", *"pressure")
        assert "nothing fits" in stage.text


async def test_how_it_is_drawn_is_remembered() -> None:
    keeper = seasoned()
    async with charted(four_hosts()[:2], keeper=keeper) as stage:
        await show(stage, "*", "T", "o", "b")
    assert keeper.kept.choices["chart.layout"] == "over"
    async with charted(four_hosts()[:2], keeper=keeper) as stage:
        text = await show(stage, "*", "T")
        assert "▸━━ db1" in text
        assert "█" in text


async def test_the_scale_shows_all_or_only_what_is_used() -> None:
    async with charted(four_hosts()[:1]) as stage:
        assert "100% ┤" in await show(stage, "T", "/", *"memused", "enter")
        text = await show(stage, "v")
        assert "100% ┤" not in text
        assert "50% ┤" in text


async def test_up_and_down_go_from_host_to_host_and_so_do_problems() -> None:
    states = [*four_hosts()[:3], up("sick", full("sick"))]
    async with charted(states) as stage:
        await show(stage, "*", "T", "g")
        names = [stage.lines[0].split()[2]]
        for key in ("j", "j", "j", "j", "k", "G", "g"):
            await show(stage, key)
            names.append(stage.lines[0].split()[2])
        assert len(set(names)) == 4
        assert names[0] == names[-1]
        assert names[3] == names[4]
        text = await show(stage, "e")
        assert text.startswith("opsdash > sick  filesystem.used_ratio[/var]")


async def test_marked_hosts_are_shown_wherever_the_cursor_is() -> None:
    async with charted(four_hosts()) as stage:
        await stage.press("g", "space", "j", "space", "j")
        marked = stage.app.page.chosen() if stage.app.page else ()
        await show(stage, "T")
        assert panel(stage).hosts == marked
        assert len(marked) == 2
        await stage.press("2", "f", *"web3", "enter")
        assert "web3" in stage.lines[0]
        await show(stage, "q")
        assert panel(stage).hosts == ("web3",)


async def test_of_very_many_hosts_the_first_are_shown_and_that_is_said() -> None:
    states = [up(f"web{number:02}") for number in range(20)]
    async with charted(states) as stage:
        await show(stage, "*", "T")
        assert len(panel(stage).hosts) == MOST_HOSTS
        await stage.press("q", "T")
        assert f"the first {MOST_HOSTS} of 20 hosts" in stage.text


async def test_it_fits_every_screen() -> None:
    async with charted(four_hosts(), LARGE) as stage:
        await show(stage, "*", "T")
        for size in ((100, 30), (40, 10), (20, 5), (9, 3), (1, 1)):
            await stage.resize(*size)
            for key in ("o", "b"):
                await stage.press(key)
                assert all(len(line) <= size[0] for line in stage.lines)
                assert "can't be drawn" not in stage.text


async def test_values_that_are_no_numbers_are_not_drawn() -> None:
    state = up("db1", figures=Figures(cpu=float("nan")))
    async with charted([state]) as stage:
        text = await show(stage, "T", "+", "+")
        assert "can't be drawn" not in text
        assert "now -" in text


async def test_a_hostile_name_is_only_text() -> None:
    async with charted([up(EVIL)]) as stage:
        stage.source.pasts[EVIL, ("filesystem.used_ratio", EVIL)] = stretch(wave(0.2))
        text = await show(stage, "T", ":", *"chart filesystem.used_ratio[x]", "enter")
        assert "\x1b" not in text
        assert "\u202e" not in text


async def test_a_host_that_left_the_fleet_keeps_its_past() -> None:
    async with charted([up("a"), up("b")]) as stage:
        await show(stage, "T")
        here = panel(stage).pointed()
        del stage.source.states[here]
        stage.source.rev += 1
        text = await show(stage)
        assert "now -" in text
        assert "mean" in text


async def test_while_frozen_it_stands_still_but_the_past_can_be_looked_at() -> None:
    async with charted(four_hosts()[:1]) as stage:
        await show(stage, "T", "p")
        stage.clock.at = NOW + 3600
        before = await show(stage)
        assert before.split("\n")[1:22] == (await show(stage)).split("\n")[1:22]
        assert "07:00" in (await show(stage, "+"))
        assert stage.source.states["db1"].health is Health.OK


async def test_a_young_history_begins_with_an_hour() -> None:
    async with on_stage([up("db1")]) as stage:
        stage.source.pasts["db1", CPU] = stretch(wave(0.3), hours=0.5)
        assert "the last 1 hour" in await show(stage, "T")
        assert "the last 3 hours" in await show(stage, "-")
        await stage.press("q")
        assert "the last 3 hours" in await show(stage, "T")


async def test_hosts_without_the_metric_say_so_beside_those_that_have_it() -> None:
    async with charted(four_hosts()[:2]) as stage:
        stage.source.pasts["db1", ("filesystem.used_ratio", "/data")] = stretch(wave(0.2))
        await show(stage, "*", "T", "o")
        text = await show(stage, ":", *"chart filesystem.used_ratio[/data]", "enter")
        assert "web1  has no filesystem.used_ratio[/data]" in text
        assert "mean 20%" in text
