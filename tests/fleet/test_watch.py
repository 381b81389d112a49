"""One polls at a time on real hosts, and whoever comes or goes leaves no gap."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from opsdash.config.hosts import load_fleet
from opsdash.core.health import Health
from opsdash.core.history import FINE
from opsdash.core.holder import Role
from opsdash.engine.session import Session
from opsdash.engine.surroundings import Surroundings
from tests.fleet.terminal import Terminal
from tests.fleet.test_history import seen
from tests.fleet.testbed import Testbed
from tests.waiting import wait_for

pytestmark = pytest.mark.fleet

SLOW, SLOW_LOGIN_S = ("bastion", "vault1"), 5.0
"""The bastion's sshd takes so long for each login, and the other is behind it."""

HOSTS = ("web1", "vault1", "suse1", "rc1", "box1")


@contextmanager
def watch(hosts: Path, state: Path) -> Iterator[subprocess.Popen[bytes]]:
    """``opsdash watch`` in a process of its own."""
    running = subprocess.Popen(
        [sys.executable, "-m", "opsdash", "watch", "--hosts", hosts],
        stderr=subprocess.DEVNULL,
        env={**os.environ, "XDG_STATE_HOME": str(state)},
    )
    try:
        yield running
    finally:
        running.send_signal(signal.SIGCONT)
        running.kill()
        running.wait()


async def remembered(state: Path, since: float, steps: int) -> None:
    """Wait until so many steps are remembered of each host since then."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        known = [await seen(state, host, "cpu.busy_ratio") for host in HOSTS]
        if all(len([at for at in times if at >= since]) >= steps for times in known):
            return
    raise AssertionError(f"less than {steps} steps are remembered")


async def gaps(state: Path) -> dict[str, float]:
    """The longest gap in each host's history, in seconds."""
    found = {}
    for host in HOSTS:
        times = await seen(state, host, "cpu.busy_ratio")
        found[host] = max(after - before for before, after in pairwise(times))
    return found


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, None])
async def test_from_the_watch_to_the_screen_and_back_without_a_gap(
    testbed: Testbed, hosts_yaml: Path, tmp_path: Path, how: signal.Signals | None
) -> None:
    """The watch is killed, ended, or left alone, while a screen opens; then the screen ends."""
    terminal = Terminal(tmp_path)
    with watch(hosts_yaml, tmp_path) as first:
        await remembered(tmp_path, 0, 2)
        if how is not None:
            first.send_signal(how)
            await asyncio.to_thread(first.wait)
        try:
            program = f"{sys.executable} -m opsdash --hosts {hosts_yaml}"
            terminal.open(f"XDG_STATE_HOME={tmp_path} {program}")
            await terminal.shows("10 hosts")
            await remembered(tmp_path, time.time(), 2)
            assert not any("polls" in line for line in terminal.lines())
            if how is not None:
                with watch(hosts_yaml, tmp_path):
                    terminal.keys("q")
                    await remembered(tmp_path, time.time(), 2)
            else:
                terminal.keys("q")
                await remembered(tmp_path, time.time(), 2)
        finally:
            terminal.close()
    found = await gaps(tmp_path)
    assert max(found.values()) <= 2 * FINE.seconds, found


@asynccontextmanager
async def both(hosts: Path, state: Path) -> AsyncGenerator[tuple[Session, Session], None]:
    """A watch that polls, and a screen that is not open yet."""
    around = Surroundings(state / "state", lasts=True, role=Role.WATCH)
    fleet = load_fleet(hosts)
    async with Session(fleet, around) as watching:
        await wait_for(
            lambda: all(
                one.at and one.health is not Health.UNKNOWN
                for one in watching.snapshot().hosts.values()
            ),
            within_s=240,
            what="all hosts are known",
        )
        yield watching, Session(fleet, replace(around, role=Role.SCREEN))


async def test_a_hand_over_costs_no_host_more_than_two_intervals(
    testbed: Testbed, hosts_yaml: Path, tmp_path: Path
) -> None:
    async with both(hosts_yaml, tmp_path) as (watching, screen):
        told: dict[str, list[float]] = {name: [] for name in watching.fleet.hosts}
        at_once = 0

        async def look(session: Session) -> None:
            nonlocal at_once
            while True:
                await session.change()
                at_once = max(at_once, sum(one._polling.begun for one in (watching, screen)))
                for state in session._state.hosts():
                    times = told[state.name]
                    if state.at > (times[-1] if times else 0.0):
                        times.append(state.at)

        looking = [asyncio.create_task(look(one)) for one in (watching, screen)]
        async with screen:
            await wait_for(lambda: screen._polling.begun, what="the screen polls")
            began = time.monotonic()
            states = screen._state.hosts
            await wait_for(lambda: all(one.at for one in states()), within_s=240, what="all answer")
            took_s = time.monotonic() - began
        await wait_for(lambda: watching._polling.begun, what="the watch polls")
        known = {name: len(times) for name, times in told.items()}
        await wait_for(
            lambda: all(len(times) > known[name] + 1 for name, times in told.items()),
            within_s=240,
            what="all answer the watch",
        )
        for task in looking:
            task.cancel()
    longest = {n: max(b - a for a, b in pairwise(times)) for n, times in told.items()}
    print(f"all answered after {took_s:.1f} s, the longest gaps: {longest}")
    assert at_once == 1
    allowed = {name: 2.0 * host.interval_s for name, host in watching.fleet.hosts.items()}
    for name in SLOW:
        allowed[name] += SLOW_LOGIN_S
    assert {n: gap for n, gap in longest.items() if gap > allowed[n]} == {}
