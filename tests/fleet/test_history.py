"""What was seen is there after opsdash was killed, and is what the host itself says."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import pytest

from opsdash.core.history import FINE
from tests.fleet.test_clean_ends import first_line, watching
from tests.fleet.testbed import Testbed

pytestmark = pytest.mark.fleet

HOSTS = ("web1", "rc1", "box1")
LATE_S = 4.0
"""What the machine may take beside ten hosts until what was seen is written."""


def opsdash(state: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """What a command says of what is remembered."""
    return subprocess.run(
        [sys.executable, "-m", "opsdash", *words],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "XDG_STATE_HOME": str(state)},
    )


async def seen(state: Path, host: str, metric: str) -> list[float]:
    """The times, in seconds since 1970, of which a metric of a host is remembered."""
    words = ("history", host, metric, "--since", "10m", "--json")
    done = await asyncio.to_thread(opsdash, state, *words)
    if done.returncode != 0:
        return []  # nothing is remembered of it yet
    points = json.loads(done.stdout)["points"]
    return [datetime.fromisoformat(point["at"]).timestamp() for point in points]


@pytest.mark.parametrize("turn", range(2))
async def test_a_kill_loses_at_most_the_last_step(
    testbed: Testbed, hosts_yaml: Path, tmp_path: Path, turn: int
) -> None:
    with watching(hosts_yaml, tmp_path) as running:
        assert "host" in first_line(running)
        began = time.time()
        deadline = began + 60
        while time.time() < deadline:
            known = [await seen(tmp_path, host, "cpu.busy_ratio") for host in HOSTS]
            if all(len(times) >= 2 for times in known):
                break
        running.send_signal(signal.SIGKILL)
        killed = time.time()
        running.communicate(timeout=120)
    for host in HOSTS:
        times = await seen(tmp_path, host, "cpu.busy_ratio")
        assert len(times) >= 2, host
        # a step is called by its beginning, and is written within the next one
        assert times[-1] >= killed - 2 * FINE.seconds - LATE_S, host
        gaps = {after - before for before, after in pairwise(times)}
        assert gaps == {float(FINE.seconds)}, host
    again = opsdash(tmp_path, "status", "--hosts", str(hosts_yaml), "--json")
    assert again.stderr == ""
    assert json.loads(again.stdout)["hosts"]
    assert len(await seen(tmp_path, "web1", "cpu.busy_ratio")) >= 2
