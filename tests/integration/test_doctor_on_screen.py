"""From a host that is down to one that is up, on the screen, over a real server: D, a, y."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from types import MappingProxyType

import asyncssh
import pytest
from textual.pilot import Pilot

from opsdash.app.look import Looks
from opsdash.app.main import OpsdashApp
from opsdash.app.prompt_screen import ConfirmScreen, ScreenPrompter
from opsdash.core.fleet import Fleet
from opsdash.core.host import Host
from opsdash.core.snapshot import LinkState
from opsdash.engine.session import Session
from opsdash.engine.surroundings import Surroundings
from tests.looks import THEMES
from tests.ssh_server import ssh_server
from tests.waiting import wait_for


@pytest.fixture(autouse=True)
def no_agent(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever runs the tests has an agent that is none of our business."""
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)


@asynccontextmanager
async def program(host: Host, folder: Path) -> AsyncGenerator[tuple[Session, Pilot[None]], None]:
    """The program over a real session of one host, which is down by now."""
    prompter = ScreenPrompter()
    fleet = Fleet(MappingProxyType({host.name: host}))
    session = Session(fleet, Surroundings(folder / "state", prompter))

    async def start() -> Session:
        await session.start()
        return session

    app = OpsdashApp(start, session.close, Looks(THEMES, "night", ascii_only=False))
    prompter.serve(app, app.look)
    async with app.run_test(size=(80, 24)) as pilot:
        await app.workers.wait_for_complete()
        await link_is(session, host.name, LinkState.DOWN)
        await wait_for(lambda: app.page is not None, what="the first page")
        await says(pilot, f"{host.name} ○ DOWN")
        yield session, pilot


async def link_is(session: Session, name: str, state: LinkState) -> None:
    """Wait until the host's connection stands so."""
    await wait_for(lambda: session.snapshot().hosts[name].link.state is state, what=state.name)


async def says(pilot: Pilot[None], words: str) -> None:
    """Wait until the screen says so, wherever its lines break."""

    def said() -> bool:
        strips = pilot.app.screen._compositor.render_strips()
        return words in " ".join(" ".join(strip.text for strip in strips).split())

    await wait_for(said, what=words)


async def test_an_unknown_host_key_is_accepted_on_the_spot(tmp_path: Path) -> None:
    async with ssh_server(tmp_path) as server:
        server.known_hosts.write_text("")
        shown = server.host_key.get_fingerprint()
        async with program(server.host, tmp_path) as (session, pilot):
            await pilot.press("D")
            await says(pilot, f"{shown}: UNKNOWN")
            await pilot.press("a")
            await wait_for(lambda: isinstance(pilot.app.screen, ConfirmScreen), what="the question")
            await says(pilot, f"host web1 {shown}")
            await pilot.press("enter")  # no is the default
            await says(pilot, "a answer")
            assert not (tmp_path / "state" / "known_hosts").exists()
            await pilot.press("a")
            await wait_for(lambda: isinstance(pilot.app.screen, ConfirmScreen), what="the question")
            await pilot.press("y")
            await says(pilot, "new, accepted just now")
            await link_is(session, "web1", LinkState.UP)
        assert (tmp_path / "state" / "known_hosts").read_text().startswith("[127.0.0.1]:")


async def test_a_changed_host_key_is_accepted_by_nothing(tmp_path: Path) -> None:
    async with ssh_server(tmp_path) as server:
        other = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode()
        server.known_hosts.write_text(f"[127.0.0.1]:{server.host.port} {other}")
        async with program(server.host, tmp_path) as (session, pilot):
            await pilot.press("D")
            await says(pilot, "CHANGED, another key is listed")
            await says(pilot, "$ ssh-keygen -R")
            await pilot.press("a", "y")
            await pilot.pause()
            assert session.snapshot().hosts["web1"].link.state is LinkState.DOWN
        assert not (tmp_path / "state" / "known_hosts").exists()
