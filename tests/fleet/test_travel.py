"""Back in time on the real fleet: after the fault is gone, every page shows who did it."""

from __future__ import annotations

import shutil
import sqlite3
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from opsdash.store.frames import unpacked_frame
from tests.fleet.terminal import Terminal
from tests.fleet.testbed import Testbed
from tests.waiting import wait_for

pytestmark = [
    pytest.mark.fleet,
    pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed"),
]

CULPRIT = "while :; do"
"""The command line of the process that the fault starts."""

LIMIT = "thresholds: {cpu-saturated: {warn: 10%, crit: never}}"
"""The fault keeps one of two cores busy, and that is a share of this machine's."""


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    """A terminal that is gone after the test."""
    found = Terminal(tmp_path)
    yield found
    found.close()


def blamed_at(state: Path, host: str) -> float:
    """When the first frame was taken that shows the culprit; 0: none was."""
    with closing(sqlite3.connect(state / "opsdash" / "history.db")) as db:
        rows = db.execute("SELECT at, data FROM frame WHERE host = ? ORDER BY at", (host,))
        for at, data in rows:
            frame = unpacked_frame(host, data)
            processes = frame.readings.get("ps") if frame is not None else None
            if processes and any(CULPRIT in str(row["args"]) for row in processes.rows):
                return float(at)
    return 0.0


async def goes_to(terminal: Terminal, moment: float) -> None:
    """Type a moment."""
    clock = time.strftime("%H:%M:%S", time.localtime(moment))
    terminal.keys(":")
    await terminal.shows("enter picks")
    terminal.keys("-l", f"at {clock}")
    terminal.keys("Enter")
    assert clock in (await terminal.shows("ago)"))[0]


async def all_pages_show_it(terminal: Terminal, host: str) -> None:
    """From the fleet page on."""
    terminal.keys("f")
    await terminal.shows("jump to a host")
    terminal.keys(host, "Enter")

    def is_ill() -> bool:
        return any(line.startswith("▲") and host in line for line in terminal.lines())

    await wait_for(is_ill, within_s=240, what="the host's row")
    terminal.keys("Enter")
    lines = await terminal.shows("TOP ")
    assert any("root" in line and line.rstrip().endswith(" sh") for line in lines)
    assert "ago)" in lines[0]
    for key in ("P", "8", "x"):
        terminal.keys(key)
        lines = await terminal.shows(CULPRIT if key == "P" else "limit 10%")
        assert "ago)" in lines[0]
        terminal.keys("q")
    await terminal.shows("TOP ")
    terminal.keys("q")
    await terminal.shows("HOST     WHY")


@pytest.mark.parametrize("host", ["suse1"])
async def test_the_culprit_is_there_after_the_fault_is_gone(
    testbed: Testbed, hosts_yaml: Path, tmp_path: Path, terminal: Terminal, host: str
) -> None:
    text = hosts_yaml.read_text()
    hosts_yaml.write_text(text.replace(f"  {host}: {{", f"  {host}: {{{LIMIT}, ", 1))
    state, well = tmp_path / "state", f"●{len(testbed.hosts)} OK"
    command = f"XDG_STATE_HOME={state} {sys.executable} -m opsdash --hosts {hosts_yaml}"
    terminal.open(f"PS1='$ '; {command}; echo left with $?")
    await terminal.shows(well)
    with testbed.with_fault(host, "cpu"):
        await terminal.shows("▲1 WARN", within_s=240)
        await wait_for(lambda: blamed_at(state, host) > 0, within_s=240, what="the culprit's frame")
    moment = blamed_at(state, host) + 1
    await terminal.shows(well, within_s=240)
    await goes_to(terminal, moment)
    await all_pages_show_it(terminal, host)
    terminal.keys("\\;")  # alone it would part two commands of tmux
    await wait_for(lambda: "ago)" not in terminal.lines()[0], within_s=240, what="live again")
    assert any(well in line for line in terminal.lines())
    # another run remembers it as well
    terminal.keys("C-q")
    await terminal.shows("left with 0")
    terminal.keys(command, "Enter")
    await terminal.shows(well)
    await goes_to(terminal, moment)
    await all_pages_show_it(terminal, host)
    terminal.keys(",")
    await wait_for(
        lambda: time.strftime("%H:%M:%S", time.localtime(moment)) not in terminal.lines()[0],
        within_s=240,
        what="a step back",
    )
    assert "ago)" in terminal.lines()[0]
