"""The whole program over real files and a real session, and what its screen says."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual.pilot import Pilot

from opsdash.activities.monitor.fleet_panel import FleetPanel
from opsdash.app import keys_in_force
from opsdash.app.look import Looks
from opsdash.app.main import OpsdashApp
from opsdash.app.prompt_screen import ScreenPrompter
from opsdash.cli.tui import Watching
from opsdash.config import paths
from opsdash.config.importers import ssh_config
from opsdash.engine import declared
from tests.looks import THEMES
from tests.screens import SMALL
from tests.waiting import wait_for


def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's config directory, empty; real collectors; and files that are looked at often."""
    monkeypatch.undo()
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(ssh_config, "user_home", lambda: tmp_path)  # ssh does not heed $HOME
    monkeypatch.delenv(paths.HOSTS_VARIABLE, raising=False)
    monkeypatch.setattr(keys_in_force, "LOOK_S", 0.1)
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
