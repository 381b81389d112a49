"""Back in time: every page shows the moment, says so, and lets nobody change what has been."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from opsdash.app.look import Looks
from opsdash.config.paths import shipped
from opsdash.config.themes import load_themes
from opsdash.core.event import Event, EventKind
from opsdash.core.health import Health
from opsdash.core.history import Point, Stretch
from opsdash.core.reading import Reading, Row
from opsdash.core.snapshot import HostState, Snapshot
from opsdash.widgets.top_line import TopLine
from tests.fleet_states import NOW, down, up, with_readings, wrong
from tests.screens import LARGE, SMALL, Stage, assert_snapshot, on_stage

BUSY = wrong("web1", Health.CRIT, "CPU 99% busy; stress-ng 412 98% of a core", 7280)
SHIPPED, _ = load_themes([shipped("themes") or Path("themes")])
THEN = NOW - 7200.0
CULPRIT: Row = {
    "pid": 412, "parent": 1, "user": "root", "cores": 0.98, "memory_bytes": 4e6,
    "io_bytes_s": None, "state": "R", "cpu_s": 60.0, "age_s": 62.0, "start": 1, "threads": 1,
    "nice": 0, "unit": "", "name": "stress-ng", "args": "stress-ng --cpu 1",
}  # fmt: skip


def then() -> list[HostState]:
    """Two hosts two hours ago: one was ill, and who did it was listed 22 seconds before."""
    lists = [
        Reading("web1", name, THEN - 22, {(f"{name}.seen", ""): 1.0}, (CULPRIT,))
        for name in ("ps", "top")
    ]
    ill = replace(with_readings(up("web1", BUSY), *lists), at=THEN)
    return [ill, replace(up("db1"), at=THEN)]


@asynccontextmanager
async def with_a_past(size: tuple[int, int] = LARGE, **more: object) -> AsyncIterator[Stage]:
    """Two healthy hosts, and three moments of which something is stored."""
    async with on_stage([up("web1"), up("db1")], size, **more) as stage:  # type: ignore[arg-type]
        stage.source.stored = {
            THEN: then(),
            NOW - 20: [up("web1"), up("db1")],
            NOW - 10: [up("web1"), down("db1")],
        }
        yield stage


async def go(stage: Stage, *keys: str) -> None:
    """Press keys, and wait for what they lead to."""
    await stage.press(*keys)
    await stage.app.workers.wait_for_complete()
    await stage.settle()


async def typed(stage: Stage, words: str) -> None:
    """A command by its name."""
    await go(stage, ":", *words, "enter")


@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["80x24", "160x50"])
@pytest.mark.parametrize(
    ("page", "key"), [("fleet", ""), ("host", "2"), ("processes", "P"), ("alerts", "8")]
)
async def test_pages_of_the_past_look_like_this(page: str, key: str, size: tuple[int, int]) -> None:
    async with with_a_past(size) as stage:
        await typed(stage, "at 2h")
        await go(stage, *key)
        assert_snapshot(f"past-{page}-{size[0]}x{size[1]}", stage.text)


async def test_the_first_line_is_right_after_a_while_on_another_page() -> None:
    async with with_a_past() as stage:
        await go(stage, ",")
        hidden = stage.app.query_one("FleetPanel TopLine", TopLine)
        await go(stage, "P")
        hidden._heed_past()
        await go(stage, "q")
        assert "DOWN" in stage.lines[0]
        await go(stage, ",")
        assert "DOWN" not in stage.lines[0]


@pytest.mark.parametrize("key", ["", "2", "P", "8", "t", "x", "T"])
async def test_the_first_line_of_every_page_says_when_it_is(key: str) -> None:
    async with with_a_past(SMALL) as stage:
        await go(stage, ",", *key)
        assert stage.lines[0].endswith("07:59:50 (10s ago)")
        assert stage.lines[-1].endswith("; live")
        stage.clock.at += 3
        stage.app.page.query_one(TopLine)._heed_past()  # type: ignore[union-attr]
        await stage.settle()
        assert stage.lines[0].endswith("07:59:50 (13s ago)")
        await go(stage, ";")
        assert "ago)" not in stage.lines[0]
        assert "; live" not in stage.lines[-1]


async def test_steps_go_from_stop_to_stop_and_past_the_end_it_is_live() -> None:
    async with with_a_past() as stage:
        seen = []
        for key in (",", ",", ",", ",", ".", ".", ".", "."):
            await go(stage, key)
            seen.append(stage.lines[0].rpartition("  ")[2].strip())
        assert seen[:3] == ["07:59:50 (10s ago)", "07:59:40 (20s ago)", "06:00:00 (2h ago)"]
        assert seen[3:6] == [seen[2], seen[1], seen[0]]
        assert "ago" not in seen[6]
        assert "this is live: , goes back" in stage.text


async def test_at_the_beginning_it_says_that_nothing_is_earlier() -> None:
    async with with_a_past() as stage:
        await typed(stage, "at 2h")
        await go(stage, ",")
        assert "nothing earlier is stored" in stage.lines[-1]
        stage.source.stored = {}
        await go(stage, ";")
        await go(stage, ",")
        assert "no poll is stored yet" in stage.lines[-1]


async def test_a_held_key_is_added_up_and_a_call_back_ends_the_journey() -> None:
    async with with_a_past() as stage:
        source, gate = stage.source, asyncio.Event()
        real = source.at

        async def slow(moment: float) -> Snapshot:
            found = await real(moment)
            await gate.wait()
            return found

        source.at = slow  # type: ignore[method-assign]
        await stage.press(",", ",", ",")
        gate.set()
        await stage.app.workers.wait_for_complete()
        await stage.settle()
        assert source.visited == [NOW - 10, THEN]  # the last two in one go
        assert "06:00:00 (2h ago)" in stage.lines[0]
        gate.clear()
        await stage.press(".", ";")
        gate.set()
        await stage.app.workers.wait_for_complete()
        await stage.settle()
        assert "ago)" not in stage.lines[0]


async def test_the_culprit_is_there_after_the_fault_is_gone_on_every_view() -> None:
    async with with_a_past() as stage:
        assert "stress-ng" not in stage.text
        await typed(stage, "at 2h")
        assert "stress-ng 412" in stage.text
        await go(stage, "2")
        assert stage.text.count("stress-ng") >= 2
        assert "as at 05:59:38" in stage.text
        await go(stage, "P")
        assert "stress-ng --cpu 1" in stage.text
        assert "as at 05:59:38" in stage.lines[0]
        await go(stage, "8")
        assert "stress-ng 412" in stage.text
        await go(stage, ";", "1")
        assert "stress-ng" not in stage.text


@pytest.mark.usefixtures("words_stay")
@pytest.mark.parametrize(
    ("key", "word"),
    [("a", "acknowledge"), ("A", "acknowledge"), ("m", "mute"), ("ctrl+r", "ask a host"),
     ("#", "become root")],
)  # fmt: skip
async def test_nothing_can_be_changed_or_asked_in_the_past(key: str, word: str) -> None:
    async with with_a_past() as stage:
        await typed(stage, "at 2h")
        asked, wanted = len(stage.source.asked), len(stage.source.wanted)
        await go(stage, key)
        assert f"nobody can {word} in the past: ; is live" in stage.lines[-1]
        await go(stage, "2", "P")
        assert (len(stage.source.asked), len(stage.source.wanted)) == (asked, wanted)
        assert stage.source.silences.known == {}


@pytest.mark.parametrize("words", ["ack 2h mine", "maintenance 2h mine", "mute"])
async def test_the_palette_refuses_it_too(words: str) -> None:
    async with with_a_past() as stage:
        await typed(stage, "at 2h")
        await typed(stage, words)
        assert "in the past" in stage.text
        assert stage.source.silences.known == {}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("at 25:10", "there is no 25:10"),
        ("at soon", "soon is no moment: 13:50, 2026-11-26 13:50, -2h, now"),
        ("at 2031-01-01", "2031-01-01 is still to come"),
    ],
)
async def test_what_is_no_moment_is_refused_in_words(words: str, said: str) -> None:
    async with with_a_past() as stage:
        await typed(stage, words)
        assert said in stage.lines[-1]
        assert stage.source.visited == []


async def test_without_a_moment_the_last_changes_are_offered() -> None:
    async with with_a_past() as stage:
        await typed(stage, "at")
        assert "no change of health is remembered; type a moment" in stage.lines[-1]
        ill = {"host": "web1", "health": Health.CRIT, "before": Health.OK, "text": "CPU 99% busy"}
        stage.source.happened = [
            Event(THEN, EventKind.HEALTH, **ill),  # type: ignore[arg-type]
            Event(NOW - 60, EventKind.HEALTH, "db1", "gone", Health.DOWN, Health.OK),
            Event(NOW - 50, EventKind.FOUND, "db1", "not a change of health", Health.CRIT),
        ]
        await typed(stage, "at")
        assert "07:59:00  db1" in stage.text
        assert "CRIT  CPU 99% busy" in stage.text
        assert "not a change" not in stage.text
        # ten seconds on the culprits have been listed, unless it was another change by then
        await go(stage, *"web1", "enter")
        assert "06:00:10 (2h ago)" in stage.lines[0]
        stage.source.happened.insert(
            1, Event(THEN + 5, EventKind.HEALTH, "web1", "", Health.OK, Health.CRIT)
        )
        await typed(stage, "at")
        await go(stage, *"web1", "down", "enter")
        assert "06:00:04 (2h ago)" in stage.lines[0]


async def test_a_letter_that_is_typed_is_text_in_the_past_too() -> None:
    async with with_a_past() as stage:
        await go(stage, ",")
        await go(stage, "/", *"a,;.m")
        assert "a,;.m" in stage.text
        assert "ago)" in stage.lines[0]


async def test_p_in_the_past_goes_on_live_and_what_is_frozen_can_go_back() -> None:
    async with with_a_past() as stage:
        await go(stage, "p")
        stage.clock.at += 100
        await go(stage, ",")
        assert "07:59:50 (110s ago)" in stage.lines[0] or "07:59:50 (2m ago)" in stage.lines[0]
        assert "FROZEN" not in stage.text
        await go(stage, "p")
        assert "live again" in stage.lines[-1]
        assert "ago)" not in stage.lines[0]


async def test_a_host_of_which_nothing_is_known_says_so() -> None:
    async with with_a_past() as stage:
        await typed(stage, "at 10h")
        assert "not asked yet" in stage.text  # the made source knows no better
        await go(stage, "P")
        assert "no list of processes was kept by then" in stage.text


@pytest.mark.parametrize("theme", sorted(SHIPPED))
async def test_the_moment_has_a_look_of_its_own_in_every_theme(theme: str) -> None:
    async with with_a_past(SMALL, looks=Looks(SHIPPED, theme, ascii_only=False)) as stage:
        await go(stage, ",")
        strip = stage.app.screen._compositor.render_strips()[0]
        styles = {str(part.style) for part in strip if "07:59:50" in part.text}
        others = {str(part.style) for part in strip if "07:59:50" not in part.text}
        assert len(styles) == 1
        assert not styles & others


@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["80x24", "160x50"])
async def test_what_changed_between_two_moments_is_a_page(size: tuple[int, int]) -> None:
    async with with_a_past(size) as stage:
        await typed(stage, "diff 2h now")
        assert_snapshot(f"diff-fleet-{size[0]}x{size[1]}", stage.text)
        await go(stage, "q", "2")
        await typed(stage, "diff 2h")
        assert_snapshot(f"diff-host-{size[0]}x{size[1]}", stage.text)


async def test_in_the_past_one_moment_is_held_against_the_one_that_is_shown() -> None:
    async with with_a_past() as stage:
        await go(stage, ",")
        await typed(stage, "diff 2h")
        assert "06:00:00 to 07:59:50" in stage.text
        await go(stage, "q")
        await typed(stage, "diff soon now")
        assert "soon is no moment" in stage.lines[-1]


async def test_the_chart_ends_at_the_moment_and_does_not_call_it_now() -> None:
    async with with_a_past() as stage:
        cpu = ("db1", ("cpu.busy_ratio", ""))
        points = [Point(NOW - at, 0.5, 0.5, 0.5) for at in range(30_000, 0, -60)]
        stage.source.pasts = {cpu: Stretch(60.0, points)}
        await go(stage, "T")
        assert stage.text.count(" now") >= 2
        await typed(stage, "at 2h")
        assert "00:00 to 06:00" in stage.text
        assert "then " in stage.text
        assert "now  " not in stage.text.replace("0 now", "")
