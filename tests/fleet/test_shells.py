"""A shell and a forwarded port on real hosts: behind the bastion, and in a window of tmux."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fleet.terminal import Terminal
from tests.fleet.testbed import Testbed
from tests.unit.test_forward import through
from tests.waiting import wait_for

pytestmark = [
    pytest.mark.fleet,
    pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed"),
]


@pytest.fixture(params=["xterm-256color", "tmux-256color"])
def terminal(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Terminal]:
    """A terminal that is gone after the test: a plain one, and one that knows of tmux."""
    found = Terminal(tmp_path, request.param)
    yield found
    found.close()


async def test_a_shell_behind_the_bastion_and_back(
    testbed: Testbed, hosts_yaml: Path, tmp_path: Path, terminal: Terminal
) -> None:
    terminal.open(
        f"PS1='$ ' XDG_STATE_HOME={tmp_path / 'state'} {sys.executable} -m opsdash"
        f" --hosts {hosts_yaml} ; echo left with $?"
    )
    await terminal.shows(f"{len(testbed.hosts)} hosts")
    terminal.keys("f", "vault1", "Enter")
    await terminal.shows("── vault1")
    terminal.keys("s")
    in_window = terminal.term.startswith("tmux")
    if in_window:
        await wait_for(lambda: "vault1" in terminal.tmux("list-windows"), within_s=60)
    else:
        await terminal.shows("ssh vault1; exit comes back")
    await terminal.shows("ops@vault1")
    terminal.keys("echo $((6*7))-$(hostname)", "Enter")
    await terminal.shows("42-vault1")
    terminal.keys("exit", "Enter")
    await terminal.shows("── vault1")  # the page, as it was left
    if in_window:
        assert "vault1" not in terminal.tmux("list-windows", "-F", "#{window_name}")
    terminal.keys(":", "forward 0:22", "Enter")
    await terminal.shows("leads to localhost:22 of vault1")
    terminal.keys("F")
    lines = await terminal.shows("localhost:22")
    row = next(line for line in lines if "localhost:22" in line and "vault1" in line)
    port = int(row.split()[0].rpartition(":")[2])
    assert (await through(port, b"x\n")).startswith(b"SSH-2.0")
    terminal.keys("K")
    await terminal.shows("no port is forwarded")
    terminal.keys("C-q")
    await terminal.shows("left with 0")
