"""The hosts file is saved while the program runs: the screen follows, or says what is wrong."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual.pilot import Pilot

from opsdash.activities.monitor.fleet_panel import FleetPanel
from opsdash.app import fleet_files
from opsdash.app.look import Looks
from opsdash.app.main import OpsdashApp
from opsdash.app.prompt_screen import ScreenPrompter
from opsdash.cli.tui import Watching
from opsdash.config import paths
from opsdash.engine import declared
from tests.looks import THEMES
from tests.screens import SMALL
from tests.waiting import wait_for


@pytest.fixture(autouse=True)
def home(made_collectors: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's config directory, empty; real collectors; and files that are looked at often."""
    monkeypatch.undo()
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv(paths.HOSTS_VARIABLE, raising=False)
    monkeypatch.setattr(fleet_files, "LOOK_S", 0.1)
    monkeypatch.setattr(declared, "REST_S", 0.02)
    folder = tmp_path / "config" / "opsdash"
    folder.mkdir(parents=True)
    return folder


def save(path: Path, *names: str, more: str = "") -> None:
    """A hosts file with these names for this machine."""
    hosts = "".join(f"  {name}: {{transport: local{more}}}\n" for name in names)
    path.write_text(f"hosts:\n{hosts}")
    path.chmod(0o600)


class Screen:
    """The running program, and what it says."""

    def __init__(self, app: OpsdashApp, pilot: Pilot[None]) -> None:
        self.app, self.pilot = app, pilot

    @property
    def text(self) -> str:
        strips = self.app.screen._compositor.render_strips()
        return "\n".join(strip.text.rstrip() for strip in strips)

    async def expect(self, *words: str, never: str = "\0") -> None:
        """Wait until all of these are on the screen, and that is not."""

        def said() -> bool:
            text = self.text
            return all(word in text for word in words) and never not in text

        try:
            await wait_for(said, what=f"{words} on the screen")
        except AssertionError as error:
            raise AssertionError(f"{error}:\n{self.text}") from None

    @property
    def fleet(self) -> FleetPanel:
        return self.app.query_one(FleetPanel)


@asynccontextmanager
async def running() -> AsyncIterator[Screen]:
    """The program as the command line makes it."""
    prompter = ScreenPrompter()
    watching = Watching(None, None, prompter)
    looks = Looks(THEMES, "night", ascii_only=False)
    app = OpsdashApp(watching.start, watching.stop, looks, declared=watching)
    prompter.serve(app, app.look)
    async with app.run_test(size=SMALL) as pilot:
        yield Screen(app, pilot)


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
        await screen.pilot.press("j", "space", "j", "space", "k")
        await _steady(lambda: len(screen.fleet.grid.marks) == 2)
        marked = screen.fleet.grid.marks.keys
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


async def _steady(happened: Callable[[], bool]) -> None:
    await wait_for(happened)
    await asyncio.sleep(0)
