"""A command on real hosts: four answers are four groups, and what is called off runs no more."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import pytest

from opsdash.config.hosts import load_fleet
from opsdash.core.job import RunState
from opsdash.core.run_plan import RunWish, run_plan
from opsdash.engine.surroundings import Surroundings
from opsdash.engine.workshop import workshop_alone
from tests.fleet.testbed import Testbed
from tests.waiting import wait_for

pytestmark = pytest.mark.fleet

HOSTS = ("web1", "web2", "db1", "rc1", "box1")
ANSWER = """\
case $(hostname) in
  web1|web2) echo one ;;
  db1) echo two ;;
  rc1) echo three ;;
  *) echo four; exit 4 ;;
esac
"""


def test_four_different_answers_are_four_groups(hosts_yaml: Path, tmp_path: Path) -> None:
    argv = [*HOSTS, "--hosts", str(hosts_yaml), "--confirm", str(len(HOSTS)), "--json"]
    done = subprocess.run(
        [sys.executable, "-m", "opsdash", "run", *argv, "--timeout", "120s", "--", ANSWER],
        env={**os.environ, "XDG_STATE_HOME": str(tmp_path)},
        capture_output=True,
        check=False,
        timeout=400,
    )
    data = json.loads(done.stdout)
    found = {
        (one["bucket"], one["stdout"], one["exit_status"], tuple(one["hosts"]))
        for one in data["groups"]
    }
    assert found == {
        ("same", "one\n", 0, ("web1", "web2")),
        ("differs", "two\n", 0, ("db1",)),
        ("differs", "three\n", 0, ("rc1",)),
        ("failed", "four\n", 4, ("box1",)),
    }
    assert done.returncode == 1


async def test_what_is_called_off_runs_no_more(
    hosts_yaml: Path, testbed: Testbed, tmp_path: Path
) -> None:
    fleet = load_fleet(hosts_yaml)
    hosts = {name: fleet.hosts[name] for name in ("web1", "rc1", "box1")}
    some = replace(fleet, hosts=MappingProxyType(hosts), passed_through=fleet.hosts)
    wish = RunWish("echo begun; sleep 98765", timeout_s=300)
    plan = replace(run_plan(wish, tuple(hosts)), id="fleet-run", who="ann")
    async with workshop_alone(some, Surroundings(tmp_path / "state", root=False)) as shop:
        handle = await shop.runner.begin(plan)
        await wait_for(
            lambda: all(
                (said := handle.tail(name, 99)) is not None and said.stdout == b"begun\n"
                for name in hosts
            ),
            within_s=120,
            what="all of them",
        )
        handle.cancel()
        job = await handle.wait()
    assert {run.state for run in job.runs.values()} == {RunState.CANCELLED}
    for name in hosts:
        await wait_for(
            lambda name=name: "98765" not in testbed.inside(name, "ps w 2>/dev/null || ps"),  # type: ignore[misc]
            within_s=60,
            what=f"{name} to be left alone",
        )
