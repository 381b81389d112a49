"""The key of the shell: on which hosts, where, and what is said where there is none."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from opsdash.app.main import OpsdashApp
from opsdash.core.shell import ShellEnd
from tests.fleet_states import mixed_fleet, up
from tests.screens import Stage, on_stage

HOSTS = [up("a1"), up("a2"), up("a3")]


@pytest.fixture(autouse=True)
def no_tmux(monkeypatch: pytest.MonkeyPatch) -> None:
    """No multiplexer but where a test says so."""
    monkeypatch.delenv("TMUX", raising=False)


@pytest.fixture
def lent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A terminal that is given away and comes back at once."""
    found: list[str] = []

    async def lend(app: OpsdashApp, use: object) -> ShellEnd:
        found.append("lent")
        return ShellEnd(255, "ssh: no route")

    monkeypatch.setattr(OpsdashApp, "can_lend", True)
    monkeypatch.setattr(OpsdashApp, "lend", lend)
    return found


@pytest.fixture
def windows(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A tmux whose new windows are written down."""
    found: list[str] = []

    async def open_window(name: str, argv: Sequence[str]) -> None:
        found.append(name)

    monkeypatch.setenv("TMUX", "/tmp/tmux,1,0")
    monkeypatch.setattr("opsdash.transport.tmux.open_window", open_window)
    return found


async def done(stage: Stage) -> None:
    await stage.app.workers.wait_for_complete()
    await stage.settle()


@pytest.mark.parametrize("page", ["1", "2", "P", "T", "t", "x", "8"])
async def test_every_page_that_points_at_a_host_opens_a_shell_on_it(
    page: str, lent: list[str]
) -> None:
    async with on_stage(mixed_fleet()) as stage:
        await stage.press("j", "j", page)
        await stage.draw()
        assert stage.app.page
        pointed = stage.app.page.pointed()
        await stage.press("s")
        await done(stage)
        assert stage.source.shells == [pointed]
        assert stage.source.shell_ends == [(pointed, 255)]
        assert lent == ["lent"]
        assert stage.source.asked == [(pointed,)]  # what was changed there shows at once
        assert f"ssh to {pointed} failed: ssh: no route; D examines the way" in stage.text


async def test_of_several_hosts_one_is_picked_for_the_one_terminal(lent: list[str]) -> None:
    async with on_stage(HOSTS) as stage:
        await stage.press("*", "s")
        assert "shell on one of the 3 marked hosts" in stage.text
        await stage.press("down", "enter")
        await done(stage)
        assert stage.source.shells == ["a2"]


async def test_a_terminal_that_cant_be_lent_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    async with on_stage(HOSTS) as stage:
        await stage.press("s")
        assert "this terminal can't be given back for a while" in stage.text
        assert stage.source.shells == []


async def test_a_host_without_a_shell_says_why(lent: list[str]) -> None:
    async with on_stage(HOSTS) as stage:
        stage.source.shell_argv = ()
        await stage.press("s")
        await done(stage)
        assert "a1 is made up; go elsewhere" in stage.text
        assert lent == []


async def test_in_tmux_each_host_gets_a_window(windows: list[str]) -> None:
    async with on_stage(HOSTS) as stage:
        await stage.press("*", "s")
        await done(stage)
        assert windows == ["a1", "a2", "a3"]
        assert stage.source.shell_ends == [("a1", None), ("a2", None), ("a3", None)]
        assert "a window is open on 3 hosts" in stage.text


async def test_many_windows_are_asked_about_first(windows: list[str]) -> None:
    async with on_stage([up(f"a{number}") for number in range(6)]) as stage:
        await stage.press("*", "s")
        assert "open 6 windows?" in stage.text
        assert windows == []
        await stage.press("enter")
        await done(stage)
        assert len(windows) == 6


async def test_the_way_that_was_picked_by_name_is_the_keys_from_then_on(
    windows: list[str], lent: list[str]
) -> None:
    async with on_stage(HOSTS) as stage:
        await stage.press(":", *"shell here", "enter")
        await done(stage)
        await stage.press("s")
        await done(stage)
        assert (windows, lent) == ([], ["lent", "lent"])
        await stage.press(":", *"shell in a window", "enter")
        await done(stage)
        await stage.press("s")
        await done(stage)
        assert windows == ["a1", "a1"]


async def test_in_the_past_no_shell_is_opened(lent: list[str]) -> None:
    async with on_stage(HOSTS) as stage:
        stage.source.stored = {stage.clock.at - 60: HOSTS}
        await stage.press(",")
        await done(stage)
        await stage.press("s")
        assert "nobody can open a shell in the past" in stage.text
        await stage.press(":", *"shell here", "enter")
        await done(stage)
        assert stage.source.shells == []
