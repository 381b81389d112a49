"""The program as an admin meets it: in tmux, on the real fleet, with a fault switched on."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fleet.terminal import Terminal
from tests.fleet.testbed import Testbed
from tests.waiting import wait_for

pytestmark = [
    pytest.mark.fleet,
    pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed"),
]


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    """A terminal that is gone after the test."""
    found = Terminal(tmp_path)
    yield found
    found.close()


async def test_from_the_first_screen_to_the_cause_and_out(
    testbed: Testbed, hosts_yaml: Path, tmp_path: Path, terminal: Terminal
) -> None:
    state = tmp_path / "state"
    terminal.open(
        f"PS1='$ ' XDG_STATE_HOME={state} {sys.executable} -m opsdash --hosts {hosts_yaml}"
        " ; echo left with $?"
    )
    lines = await terminal.shows("●10 OK")
    assert all(any(f" {name} " in line for line in lines) for name in testbed.hosts)
    with testbed.with_fault("web1", "service-failed"):
        lines = await terminal.shows("✖1 CRIT")
        worst = lines[3]  # below the summary, the map and the heading
        assert "web1" in worst
        assert "shop-web.service failed" in worst
        assert "NEW" in worst
        terminal.keys("Enter")
        lines = await terminal.shows("WHY")
        assert any("shop-web.service failed" in line for line in lines)
        assert any("Debian GNU/Linux 12" in line for line in lines) or len(lines) < 30
        terminal.keys("q")
        await terminal.shows("HOST     WHY")
        terminal.keys("?")
        await terminal.shows("Keys in")
        terminal.keys("q")
        await terminal.shows("HOST     WHY")
        terminal.keys("/", "why~shop", "Enter")
        await terminal.shows("1 of 10 · filter why~shop")
        terminal.keys("Escape")
        await wait_for(
            lambda: not any("1 of 10" in line for line in terminal.lines()), within_s=240
        )
        terminal.keys("f", "vault", "Enter")
        await terminal.shows("── vault1")
        terminal.keys("p")
        await terminal.shows("FROZEN")
        terminal.keys("p")
        await terminal.shows("live again")
        terminal.tmux("resize-window", "-x", "160", "-y", "50")
        lines = await terminal.shows("CHANGES", within_s=240)
        assert any("web1       ●→✖ shop-web" in line for line in lines)
        assert max(len(line) for line in lines) <= 160
        terminal.tmux("resize-window", "-x", "80", "-y", "24")
    await terminal.shows("●10 OK")
    terminal.keys("C-c")
    await terminal.shows("again within 2 s to quit")
    terminal.keys("C-c")
    lines = await terminal.shows("left with 0")
    assert not any("Traceback" in line for line in lines)
    assert (state / "opsdash" / "history.db").stat().st_mode & 0o777 == 0o600
