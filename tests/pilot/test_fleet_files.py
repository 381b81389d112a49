"""The hosts file is saved while the program runs: the screen follows, or says what is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.program import own_home, running, save
from tests.waiting import wait_for


@pytest.fixture(autouse=True)
def home(made_collectors: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's config directory, empty."""
    return own_home(tmp_path, monkeypatch)


async def test_what_is_saved_is_watched_at_once_and_said(home: Path) -> None:
    save(home / "hosts.yaml", "alpha", "bravo")
    async with running() as screen:
        await screen.expect("alpha", "bravo")
        save(home / "hosts.yaml", "bravo", "charlie", "delta")
        await screen.expect("hosts.yaml read again: 2 added, 1 removed")
        await screen.expect("charlie", "delta", never="alpha")


async def test_what_is_broken_keeps_the_fleet_and_says_so_until_it_is_mended(home: Path) -> None:
    save(home / "hosts.yaml", "alpha", "bravo")
    async with running() as screen:
        await screen.expect("alpha", "bravo")
        save(home / "hosts.yaml", "charlie", more=", prot: 22")
        await screen.expect("hosts.yaml has 1 fault", "HOSTS FILE: 1 fault", "alpha", "bravo")
        await screen.pilot.press("O")
        await screen.expect("hosts.yaml:2:", "prot", "did you mean port?", "hosts from before")
        await screen.pilot.press("q")
        save(home / "hosts.yaml", "alpha", "charlie")
        await screen.expect(
            "hosts.yaml is right again: 1 added, 1 removed", "charlie", never="HOSTS FILE"
        )


async def test_the_first_hosts_file_is_picked_up(home: Path) -> None:
    async with running() as screen:
        await screen.expect("this machine alone")
        save(home / "hosts.yaml", "alpha")
        await screen.expect("alpha", "1 added, 1 removed", never="this machine alone")


async def test_a_start_that_failed_begins_again_when_its_file_is_mended(home: Path) -> None:
    (home / "hosts.yaml").write_text("hosts: [")
    (home / "hosts.yaml").chmod(0o600)
    async with running() as screen:
        await screen.expect("hosts.yaml:2:1:", "ctrl+r")
        save(home / "hosts.yaml", "alpha")
        await screen.expect("alpha", never="hosts.yaml:2:1:")


async def test_cursor_marks_and_filter_survive_what_is_saved(home: Path) -> None:
    save(home / "hosts.yaml", "alpha", "bravo", "charlie", "delta")
    async with running() as screen:
        await screen.expect("delta")
        grid = screen.fleet.grid
        await screen.pilot.press("j", "space")
        await wait_for(lambda: len(grid.marks) == 1, what="a mark")
        for key in ("j", "k", "k"):  # rows change places while the first figures come in
            if grid.cursor_key not in grid.marks.keys:
                break
            await screen.pilot.press(key)
        await screen.pilot.press("space", "k")
        await wait_for(lambda: len(grid.marks) == 2, what="two marks")
        marked = grid.marks.keys
        cursor = screen.fleet.grid.cursor_key
        assert cursor
        stay = [name for name in ("alpha", "bravo", "charlie", "delta") if name != marked[0]]
        save(home / "hosts.yaml", *stay, "echo")
        await screen.expect("1 added, 1 removed", "echo")
        await wait_for(lambda: screen.fleet.grid.marks.keys == marked[1:], what="one mark left")
        assert screen.fleet.grid.cursor_key in stay
        await screen.pilot.press("slash", *"echo", "enter")
        await screen.expect("echo", never="charlie")
        save(home / "hosts.yaml", *stay, "echo", "echo2")
        await screen.expect("1 added", "echo2", never="charlie")


async def test_a_screen_that_is_frozen_stays_so_and_asking_for_who_is_gone_is_no_error(
    home: Path,
) -> None:
    save(home / "hosts.yaml", "alpha", "bravo")
    async with running() as screen:
        await screen.expect("alpha", "bravo")
        await screen.pilot.press("asterisk", "p")
        await screen.expect("FROZEN")
        save(home / "hosts.yaml", "charlie")
        await screen.expect("1 added, 2 removed", "alpha", "bravo", never="charlie ")
        await screen.expect("3 hosts changed")
        await screen.pilot.press("ctrl+r", "enter", "q", "p")
        await screen.expect("charlie", never="bravo")


async def test_the_key_reads_what_no_clock_could_tell(home: Path) -> None:
    save(home / "hosts.yaml", "alpha")
    async with running() as screen:
        await screen.expect("alpha")
        await screen.pilot.press("O")
        await screen.expect("hosts.yaml read again: nothing changed")
