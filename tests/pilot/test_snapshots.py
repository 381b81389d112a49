"""Whole screens as text: a change of any of them shows as a diff that one can read."""

from __future__ import annotations

from dataclasses import replace

import pytest

from opsdash.core.snapshot import HostState, Outlier
from tests.fleet_states import Figures, many, mixed_fleet, up
from tests.screens import LARGE, SMALL, assert_snapshot, on_stage

SIZES = pytest.mark.parametrize("size", [SMALL, LARGE], ids=["80x24", "160x50"])
GLYPHS = pytest.mark.parametrize("ascii_glyphs", [False, True], ids=["blocks", "ascii"])


def _name(page: str, size: tuple[int, int], ascii_glyphs: bool) -> str:
    return f"{page}-{size[0]}x{size[1]}{'-ascii' if ascii_glyphs else ''}"


@SIZES
@GLYPHS
async def test_the_fleet_says_what_is_wrong(size: tuple[int, int], ascii_glyphs: bool) -> None:
    async with on_stage(mixed_fleet(), size, ascii_glyphs=ascii_glyphs) as stage:
        await stage.press("j", "j")
        assert_snapshot(_name("fleet", size, ascii_glyphs), stage.text)


@SIZES
@GLYPHS
async def test_a_host_tells_all_that_is_known(size: tuple[int, int], ascii_glyphs: bool) -> None:
    async with on_stage(mixed_fleet(), size, ascii_glyphs=ascii_glyphs) as stage:
        await stage.press("j", "j", "enter")
        assert_snapshot(_name("host", size, ascii_glyphs), stage.text)


@SIZES
async def test_a_lost_host_tells_why_and_what_to_do(size: tuple[int, int]) -> None:
    async with on_stage(mixed_fleet(), size) as stage:
        await stage.press("j", "enter")
        assert_snapshot(_name("host-down", size, False), stage.text)


@SIZES
@GLYPHS
async def test_help_lists_keys_signs_and_words(size: tuple[int, int], ascii_glyphs: bool) -> None:
    async with on_stage(mixed_fleet(), size, ascii_glyphs=ascii_glyphs) as stage:
        await stage.press("question_mark")
        assert_snapshot(_name("help", size, ascii_glyphs), stage.text)


@pytest.mark.parametrize(
    ("name", "states"),
    [("empty", []), ("one", [up("alone")]), ("many", many(200)), ("long", [up("x" * 60)])],
)
async def test_fleets_of_other_sizes_fit_too(name: str, states: list[HostState]) -> None:
    async with on_stage(states) as stage:
        assert_snapshot(f"fleet-{name}-80x24", stage.text)


@SIZES
async def test_a_host_that_is_unlike_its_peers_is_marked(size: tuple[int, int]) -> None:
    odd = (Outlier("cpu", 79.0, 12.0, "web", 11), Outlier("disk", 4.0, 41.0, "web", 11))
    strange = replace(up("web3", figures=Figures(cpu=0.79, disks={"/": 0.04})), odd=odd)
    async with on_stage([up("web1"), up("web2"), strange], size) as stage:
        await stage.press(*"/is:odd", "enter")
        assert_snapshot(f"odd-{size[0]}x{size[1]}", stage.text)
        await stage.press("enter")
        assert "odd   CPU busy 79%" in stage.text.replace("odd        ", "odd   ")
