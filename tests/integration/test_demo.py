"""The demo as a user meets it: by the session behind the screen, and on the command line."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from opsdash.core.clock import now
from opsdash.core.health import Health
from opsdash.core.snapshot import LinkState
from opsdash.engine.demo import DemoSession
from opsdash.transport.replay import Pause
from tests.waiting import wait_for

FASTER = 40.0


def faster(pause: Pause) -> Pause:
    """The same pause, a fraction as long."""
    return lambda wait_s: pause(wait_s / FASTER)


def fast_clock() -> float:
    """A clock that runs as much faster."""
    return now() * FASTER


async def test_a_demo_is_a_session_like_any_other_and_leaves_no_folder_behind() -> None:
    session = DemoSession(40, pause=faster(asyncio.sleep), clock=fast_clock)
    folder = Path(session._folder.name)
    async with session:
        assert (folder / "history.db").exists()

        def running() -> bool:
            states = session.snapshot().hosts.values()
            return sum(s.value("cpu.busy_ratio") is not None for s in states) > 35

        await wait_for(running)
        snapshot = session.snapshot()
        assert snapshot.source == "demo"
        assert "nothing is contacted" in snapshot.notices[0]
        up = [state for state in snapshot.hosts.values() if state.link.state is LinkState.UP]
        assert len(up) > 35
        await wait_for(lambda: bool(session.snapshot().counts()[Health.CRIT]))
        found = [f for state in session.snapshot().hosts.values() for f in state.findings]
        # it was there before the demo began, so the store remembered it
        assert min(finding.since for finding in found) < session._cast.epoch
    assert not folder.exists()


async def test_a_demo_has_a_past_that_goes_on_with_what_is_seen() -> None:
    session = DemoSession(40)
    async with session:
        await wait_for(
            lambda: session.snapshot().hosts["web01"].value("cpu.busy_ratio") is not None
        )
        epoch = session._cast.epoch
        for key in (("cpu.busy_ratio", ""), ("filesystem.used_ratio", "/"), ("load.one", "")):
            for span_s in (3600, 6 * 3600, 7 * 86_400):
                found = await session.past("web01", key, epoch - span_s, now())
                ats = [point.at for point in found.points]
                assert 200 <= len(ats) <= 450
                assert ats == sorted(ats)
                assert epoch - span_s <= ats[0] + found.step_s
                assert all(0 <= point.least <= point.most < 100 for point in found.points)
        again = await session.past("web01", key, epoch - 3600, epoch)
        assert again == await session.past("web01", key, epoch - 3600, epoch)
        held = await session.holdings("web01")
        assert held.since == epoch - 30 * 86_400
        assert (await session.past("nobody", key, epoch - 3600, epoch)).points == []
        assert (await session.past("web01", ("no.such", ""), epoch - 3600, epoch)).points == []


def opsdash(home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the program with a home of its own, and nothing of ours in its environment."""
    env = {"HOME": str(home), "PATH": os.environ["PATH"], "LANG": "C.UTF-8"}
    argv = [sys.executable, "-m", "opsdash", *words]
    return subprocess.run(argv, env=env, capture_output=True, text=True, check=False, timeout=60)


def test_status_of_a_demo_neither_reads_nor_writes_a_file_of_the_user(tmp_path: Path) -> None:
    hosts = tmp_path / ".config/opsdash/hosts.yaml"
    hosts.parent.mkdir(parents=True)
    hosts.write_text("this is: [no hosts file\n")
    before = sorted(tmp_path.rglob("*"))
    done = opsdash(tmp_path, "status", "--demo=12", "--json", "web*", "app*")
    assert done.returncode in (0, 1, 2), done.stderr
    answer = json.loads(done.stdout)
    assert answer["source"] == "demo"
    assert {host["name"][:3] for host in answer["hosts"]} == {"web", "app"}
    assert all(host["health"] != "unknown" for host in answer["hosts"])
    assert sorted(tmp_path.rglob("*")) == before


def test_the_demo_of_the_program_is_the_demo_of_its_verb(tmp_path: Path) -> None:
    done = opsdash(tmp_path, "--demo=3", "status", "--json")
    answer = json.loads(done.stdout)
    assert (answer["source"], answer["summary"]["hosts"]) == ("demo", 3)
    refused = opsdash(tmp_path, "--demo=3", "hosts", "list")
    assert refused.returncode == 64
    assert "there is no demo of 'hosts'" in refused.stderr


@pytest.mark.parametrize("number", ["0", "2001", "many", "1e3", "٣"])
def test_a_bad_number_of_hosts_is_a_usage_error_that_says_what_is_right(
    tmp_path: Path, number: str
) -> None:
    for words in ((f"--demo={number}",), ("status", f"--demo={number}")):
        done = opsdash(tmp_path, *words)
        assert done.returncode == 64
        assert "N is a number of hosts from 1 to 2000" in done.stderr


def test_a_selection_that_selects_no_made_up_host_is_an_error(tmp_path: Path) -> None:
    done = opsdash(tmp_path, "status", "--demo=3", "nobody*")
    assert done.returncode == 64
