"""The screens over the demo's fleet: whole pages at every size, and keys pressed at random."""

from __future__ import annotations

import random
from functools import cache

import pytest
from textual.widgets import Input

from opsdash.core.snapshot import Snapshot
from opsdash.core.view import View
from opsdash.engine.rehearsal import simulate
from opsdash.transport.demo.cast import make_cast
from opsdash.widgets.key_hints import active_bindings
from tests.fleet_states import NOW
from tests.screens import LARGE, SMALL, Stage, assert_snapshot, on_stage

AT_S = 60.0
SIZES = [(60, 15), SMALL, (100, 30), LARGE]
KEYS = [
    *"jkgGeEbSIwdzpcyYfuV!*/:?12 qC#",
    "enter", "escape", "space", "tab", "up", "down", "pagedown", "pageup", "ctrl+d", "ctrl+u",
    "backspace", "home", "end", "ctrl+r", "ctrl+l", "f1", "f5", *"cpu>80web~!",
]  # fmt: skip
NAMES = {"!": "exclamation_mark", "*": "asterisk", "/": "slash", ":": "colon", "?": "question_mark",
         " ": "space", "#": "number_sign", ">": "greater_than_sign", "~": "tilde"}  # fmt: skip


@cache
def moment(count: int) -> Snapshot:
    """The demo's fleet a minute after it began."""
    return simulate(make_cast(count, NOW - AT_S), AT_S)


def named(size: tuple[int, int]) -> str:
    return f"{size[0]}x{size[1]}"


@pytest.fixture(autouse=True)
def real_collectors(made_collectors: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The demo speaks to the real registry."""
    monkeypatch.undo()
    monkeypatch.setenv("TZ", "UTC")


async def test_two_hundred_hosts_at_a_glance_at_every_size() -> None:
    """One fleet, one test: to play its first minute takes seconds."""
    found = moment(200)
    async with on_stage(found.hosts.values(), LARGE, title="opsdash DEMO", badge="DEMO") as stage:
        stage.source.changes = found.changes
        for size in SIZES:
            await stage.resize(*size)
            stage.source.put()
            await stage.draw()
            assert_snapshot(f"demo-200-{named(size)}", stage.text)
        await stage.press("b", "w")
        assert_snapshot("demo-200-grouped-160x50", stage.text)
        await stage.resize(*SMALL)
        assert_snapshot("demo-200-grouped-80x24", stage.text)


async def press_at_random(stage: Stage, count: int, seed: int) -> list[str]:
    """Press so many keys; the ones that end the program are put back on stage by hand."""
    chance = random.Random(seed)
    pressed: list[str] = []
    for _ in range(count):
        key = NAMES.get(key := chance.choice(KEYS), key)
        if key == "q" and not stage.app.screen.is_modal and not stage.app._trail:
            typing = isinstance(stage.app.focused, Input)
            if not typing:
                continue  # it would end the program, as it should
        pressed.append(key)
        await stage.app._press_keys([key])
        assert stage.app.is_running, pressed[-10:]
    return pressed


async def verify_a_way_out(stage: Stage) -> None:
    """Out of everything, by escape and q alone."""
    for _ in range(6):
        if stage.app.screen.is_modal or isinstance(stage.app.focused, Input):
            await stage.press("escape")
    for _ in range(6):
        if stage.app.is_running:
            await stage.press("q")
    assert not stage.app.is_running


@pytest.mark.parametrize("size", [(60, 15), LARGE], ids=named)
async def test_keys_at_random_neither_crash_nor_strand(size: tuple[int, int]) -> None:
    async with on_stage(moment(42).hosts.values(), size, badge="DEMO") as stage:
        await press_at_random(stage, 100, seed=size[0])
        await stage.settle()
        await verify_a_way_out(stage)
    assert stage.app.return_code == 0


@pytest.mark.bench
async def test_five_thousand_keys_at_random() -> None:
    async with on_stage(moment(200).hosts.values(), SMALL, badge="DEMO") as stage:
        await press_at_random(stage, 5_000, 7)
        await verify_a_way_out(stage)
    assert stage.app.return_code == 0


ENDING = {"quit", "nav.quit", "interrupt", "redraw", "view.fleet"}
"""Keys whose effect is not on the screen, or that are about the page that is open anyway."""


async def test_every_key_of_the_fleet_page_does_something() -> None:
    """A key that changes neither screen, theme, page nor what is asked is no key."""
    async with on_stage(moment(42).hosts.values(), SMALL, view=View(sort="cpu")) as stage:
        keys = {one.binding.id: one.binding.key for one in active_bindings(stage.app)}
        silent = []
        for name, key in keys.items():
            if name is None or name in ENDING:
                continue
            await stage.press("u", "home", "pagedown", "space")
            before = seen(stage)
            await stage.press(key)
            if seen(stage) == before:
                silent.append(name)
            await back_to_fleet(stage)
        assert silent == []


def seen(stage: Stage) -> tuple[object, ...]:
    return (stage.text, stage.app.theme, len(stage.source.asked), stage.app.screen)


async def back_to_fleet(stage: Stage) -> None:
    for _ in range(4):
        if stage.app.screen.is_modal or isinstance(stage.app.focused, Input):
            await stage.press("escape")
    if stage.app.page is not None and stage.app.page.slug != "fleet":
        await stage.press("1")


async def test_q_or_escape_leaves_every_screen() -> None:
    ways: list[list[str]] = [
        ["question_mark"], ["enter"], ["2"], ["y"], ["colon"], ["f"], ["S"], ["Y"], ["slash"],
        ["enter", "question_mark"], ["enter", "y"], ["enter", "colon"],
    ]  # fmt: skip
    for keys in ways:
        async with on_stage(moment(42).hosts.values(), SMALL) as stage:
            await stage.press(*keys)
            await verify_a_way_out(stage)
