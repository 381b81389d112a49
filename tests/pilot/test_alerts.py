"""Alerts: what is open, who has what in hand, what is muted, what has ended; and its keys."""

from __future__ import annotations

from dataclasses import replace

import pytest

from opsdash.core.event import Event, EventKind
from opsdash.core.health import Health
from opsdash.core.host import Host
from opsdash.core.silence import Silence, SilenceKind
from opsdash.core.snapshot import HostState
from tests.fleet_states import NOW, disk_full, mixed_fleet, up, wrong
from tests.screens import LARGE, SMALL, Stage, assert_snapshot, on_stage

WORK = Silence(
    "w1", SilenceKind.MAINTENANCE, "build2", NOW - 60, NOW + 5400, reason="new disks", who="eve"
)
LAB = Silence("m1", SilenceKind.MUTE, "tag:lab", NOW - 60, NOW + 9000, "clock-off", reason="lab")


def event(kind: EventKind, ago_s: float, host: str = "web07", subject: str = "") -> Event:
    words = "php-fpm.service failed (exit-code)"
    return Event(NOW - ago_s, kind, host, words, Health.CRIT, check="unit-failed", subject=subject)


FLAPPING = [
    event(kind, 1800 - 30 * turn, "edge4", "eth0")
    for turn in range(24)
    for kind in (EventKind.FOUND, EventKind.OVER)
]


def _row_of(stage: Stage, host: str) -> int:
    """Which line of the screen a host's row is."""
    return next(place for place, row in enumerate(stage.lines) if row[3:].startswith(f"{host} "))


async def open_alerts(stage: Stage) -> None:
    await stage.press("8")
    await stage.app.workers.wait_for_complete()
    await stage.settle()


@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["80x24", "160x50"])
async def test_all_parts_of_the_page(size: tuple[int, int]) -> None:
    async with on_stage(mixed_fleet(), size) as stage:
        stage.source.silences.add([WORK, LAB])
        stage.source.happened = [
            event(EventKind.FOUND, 5000),
            event(EventKind.OVER, 4100),
            *FLAPPING,
        ]
        await open_alerts(stage)
        assert_snapshot(f"alerts-{size[0]}x{size[1]}", stage.text)


async def test_nothing_is_wrong() -> None:
    async with on_stage([up("web1"), up("web2")]) as stage:
        await open_alerts(stage)
        assert_snapshot("alerts-empty-80x24", stage.text)


def sick() -> list[HostState]:
    load = wrong("db3", Health.WARN, "load 9 on 4 cores", check="load-high")
    db3 = up("db3", disk_full("db3"), load)
    grouped = replace(db3, host=Host("db3", groups=("dbs",)))
    return [grouped, up("web1", disk_full("web1")), up("web2")]


async def test_an_ack_moves_a_row_and_the_same_key_takes_it_back() -> None:
    async with on_stage(sick()) as stage:
        await open_alerts(stage)
        assert "3 open" in stage.text
        await stage.press("a")
        (one,) = stage.source.silences.in_force()
        assert (one.kind, one.hosts, one.check, one.subject) == (
            *("ack", "db3", "disk-full", "/var"),
        )
        assert one.until == NOW + 86_400
        assert "2 open  1 acknowledged" in stage.text
        assert "acknowledged for 24h: db3 disk-full /var; a takes it back" in stage.text
        await stage.press("a")
        assert stage.source.silences.in_force() == ()
        assert "1 ack taken back: a acknowledges again" in stage.text


async def test_a_note_and_an_end_are_asked_for_in_one_line() -> None:
    async with on_stage(sick()) as stage:
        await open_alerts(stage)
        await stage.press("A", *"999d", "enter")
        assert "everything has an end" in stage.text
        assert stage.source.silences.in_force() == ()
        await stage.press("ctrl+u", *"2h new", "space", *"disk", "enter")
        (one,) = stage.source.silences.in_force()
        assert (one.until, one.reason) == (NOW + 7200, "new disk")
        assert "new disk" in stage.text
        await stage.press("A", *"zzz", "escape")
        assert len(stage.source.silences.in_force()) == 1
        assert stage.app.page is not None
        assert stage.app.page.slug == "alerts"


async def test_all_findings_of_the_marked_hosts_are_acknowledged_on_the_fleet_page() -> None:
    async with on_stage(sick()) as stage:
        await stage.press("space", "space", "a")
        assert len(stage.source.silences.in_force()) == 3
        text = stage.text
        assert "3 findings of 2 hosts" in text
        assert "ack 3" in text
        assert "ack " in next(row for row in text.splitlines() if "db3" in row and "97%" in row)


async def test_what_is_acknowledged_sinks_below_what_is_open() -> None:
    fleet = [*sick(), *(up(f"app{number}") for number in range(30))]
    async with on_stage(fleet) as stage:
        assert _row_of(stage, "db3") < _row_of(stage, "web1")
        await stage.press("a")
        assert _row_of(stage, "web1") < _row_of(stage, "db3")


async def test_maintenance_of_a_group_asks_why_and_is_taken_back() -> None:
    async with on_stage(sick()) as stage:
        await open_alerts(stage)
        await stage.press("m", *"group", "enter", *"2h", "enter")
        assert "say why" in stage.text
        await stage.press("space", *"disks", "enter")
        (one,) = stage.source.silences.in_force()
        assert (one.kind, one.hosts, one.reason) == ("maintenance", "group:dbs", "disks")
        assert "2 muted" in stage.text
        await stage.press("G", "m")
        assert "end maintenance of group:dbs" in stage.text
        await stage.press("enter")
        assert stage.source.silences.in_force() == ()


async def test_a_check_is_muted_everywhere_from_the_host_page() -> None:
    async with on_stage(sick()) as stage:
        await stage.press("2", "m", *"disk-full everywhere".replace(" ", ""), "enter")
        await stage.press(*"1d", "space", *"lab", "enter")
        (one,) = stage.source.silences.in_force()
        assert (one.kind, one.hosts, one.check) == ("mute", "all", "disk-full")
        assert "1d left" in stage.text or "24h left" in stage.text


async def test_the_filter_the_next_row_and_the_way_to_the_host_and_back() -> None:
    async with on_stage(sick()) as stage:
        await open_alerts(stage)
        await stage.press("/", *"!db3", "enter")
        assert "db3" not in stage.text.split("──")[1]
        await stage.press("escape", "e", "enter")
        assert stage.app.page is not None
        assert stage.app.page.slug == "host"
        await stage.press("q")
        assert stage.app.page.slug == "alerts"


async def test_the_palette_acknowledges_with_a_note() -> None:
    async with on_stage(sick()) as stage:
        await stage.press("colon", *"ack", "space", *"2h", "space", *"mine", "enter")
        found = stage.source.silences.in_force()
        assert {(one.hosts, one.reason) for one in found} == {("db3", "mine")}
        assert len(found) == 2
        await stage.press("colon", *"maintenance", "space", *"2h", "enter")
        assert "no maintenance: say why" in stage.text


async def test_each_question_says_what_it_is_about() -> None:
    async with on_stage(sick()) as stage:
        await open_alerts(stage)
        await stage.press("m", "enter")
        assert "mute disk-full on db3: how long" in stage.text
        await stage.press("escape", "j", "m", "down", "enter")
        assert "mute disk-full everywhere: how long" in stage.text
