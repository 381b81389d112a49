"""The fleet page: order, cursor, ages, details."""

from __future__ import annotations

from dataclasses import replace

from opsdash.activities.monitor.fleet_panel import FleetPanel
from opsdash.core.finding import Finding
from opsdash.core.health import Health
from tests.fleet_states import NOW, Figures, disk_full, down, many, mixed_fleet, up, wrong
from tests.screens import SMALL, Stage, on_stage


def fleet(stage: Stage) -> FleetPanel:
    return stage.app.query_one(FleetPanel)


def row_of(stage: Stage, host: str) -> int:
    return next(y for y, line in enumerate(stage.lines) if line[3:].startswith(f"{host} "))


async def test_the_cursor_stays_on_its_host_when_rows_move() -> None:
    async with on_stage([up("a"), up("b"), up("c")]) as stage:
        await stage.press("j")
        assert fleet(stage).grid.cursor_key == "b"
        stage.source.put(up("c", disk_full("c")))
        await stage.draw()
        assert row_of(stage, "c") < row_of(stage, "a") < row_of(stage, "b")
        assert fleet(stage).grid.cursor_key == "b"
        assert "── b ● OK" in stage.text


async def test_until_the_first_move_the_cursor_is_on_the_worst_host() -> None:
    async with on_stage([up("a"), up("b")]) as stage:
        stage.source.put(up("b", disk_full("b")))
        await stage.draw()
        assert fleet(stage).grid.cursor_key == "b"
        assert "── b ✖ CRIT" in stage.text


async def test_the_cursor_stays_in_sight_when_its_host_moves_far() -> None:
    async with on_stage(many(200), SMALL) as stage:
        await stage.press("j")
        host = fleet(stage).grid.cursor_key or ""
        stage.source.put(replace(stage.source.states[host], findings=(), health=Health.OK))
        await stage.draw()
        assert fleet(stage).grid.cursor_key == host
        assert row_of(stage, host) > 0


async def test_a_host_that_leaves_hands_the_cursor_to_the_next_one() -> None:
    async with on_stage([up("a"), up("b"), up("c")]) as stage:
        await stage.press("j")
        del stage.source.states["b"]
        stage.source.put(up("a"))
        await stage.draw()
        assert fleet(stage).grid.cursor_key == "c"


async def test_the_worst_come_first_then_the_newest() -> None:
    old = wrong("old", Health.WARN, "swap 81% used", 9000)
    new = wrong("new", Health.WARN, "load 9.1 on 2 cores", 10)
    states = [up("fine"), up("old", old), up("new", new), up("bad", disk_full("bad")), down("gone")]
    async with on_stage(states) as stage:
        rows = [row_of(stage, name) for name in ("gone", "bad", "new", "old", "fine")]
        assert rows == sorted(rows)


async def test_counts_of_zero_are_left_out_of_the_summary() -> None:
    async with on_stage([up("a"), up("b", disk_full("b"))]) as stage:
        assert stage.lines[0].split() == [
            "opsdash", "2", "hosts", "✖1", "CRIT", "●1", "OK", "NEW", "1", "08:00:00",
        ]  # fmt: skip


async def test_a_fresh_row_stays_still_and_an_old_one_counts_up() -> None:
    async with on_stage([up("a")]) as stage:
        before = fleet(stage).grid.repainted
        for second in range(3):
            stage.clock.at = NOW + second
            await stage.draw()
        assert fleet(stage).grid.repainted == before
        assert stage.lines[row_of(stage, "a")].endswith(" <5s")
        stage.clock.at = NOW + 11
        await stage.draw()
        assert stage.lines[row_of(stage, "a")].endswith(" 12s?")


async def test_what_is_not_known_is_a_dash_and_never_zero() -> None:
    async with on_stage([down("gone")]) as stage:
        row = stage.lines[row_of(stage, "gone")]
        assert row.split()[-4:] == ["-", "-", "-", "-"]
        assert "0" not in row.split("within 10 s")[-1]


async def test_figures_that_are_too_old_are_muted() -> None:
    async with on_stage([up("a", figures=Figures(age_s=75))]) as stage:
        view = fleet(stage)
        strip = view.grid.render_line(1)
        figure = next(part for part in strip.crop(strip.text.index("12")) if part.text)
        assert figure.style is not None
        assert figure.style.color is not None
        assert figure.style.color.name == stage.app.look().theme.muted


async def test_several_findings_are_counted_in_the_row_and_named_below() -> None:
    findings: list[Finding] = [disk_full("db"), wrong("db", Health.WARN, "swap 81% used", 900)]
    async with on_stage([up("db", *findings)]) as stage:
        assert "+1 NEW" in stage.lines[row_of(stage, "db")]
        assert "also  ▲ swap 81% used" in stage.text
        assert "proof /dev/vda3" in stage.text
        assert "next  find what grows" in stage.text


async def test_notices_of_the_store_are_seen() -> None:
    async with on_stage([up("a")], notices=("history is kept in memory only: disk full",)) as stage:
        assert stage.lines[1] == "history is kept in memory only: disk full"


async def test_a_key_that_nobody_may_retry_is_said_to_wait_for_you() -> None:
    async with on_stage(mixed_fleet()) as stage:
        await stage.press("j")
        assert "not tried again by itself (ctrl+r does)" in stage.text
