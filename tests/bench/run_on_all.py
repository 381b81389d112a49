"""``true`` on all hosts of a watched fleet: ``run_on_all.py HOSTS.yaml [RUNS]``.

Waits until every host is up, as it is behind a screen, and then runs it as a key does: a plan, its
journal, the audit log, a lock on each host. Prints CPU and wall seconds of each run as JSON.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from opsdash.config.hosts import load_fleet
from opsdash.core.job import RunState
from opsdash.core.plan import plan_id
from opsdash.core.run_plan import RunWish, run_plan
from opsdash.core.snapshot import LinkState
from opsdash.engine import host_lock
from opsdash.engine.session import Session
from opsdash.engine.surroundings import Surroundings

AT_A_TIME = 64
"""As clush -f 64 and ansible -f 64."""

# all hosts are one machine, which is locked for one at a time: each finds a folder of its own where
# its login begins
host_lock.PLACES = ("./locks",)


async def run_on_all(hosts_file: Path, runs: int) -> list[dict[str, float]]:
    """CPU and wall seconds of each run."""
    fleet = load_fleet(hosts_file)
    found = []
    with tempfile.TemporaryDirectory() as state:
        async with Session(fleet, Surroundings(Path(state))) as session:
            while any(
                one.link.state is not LinkState.UP or not one.at
                for one in session.snapshot().hosts.values()
            ):
                await asyncio.sleep(0.2)
            await asyncio.sleep(10)  # the facts of all hosts are asked for once
            for _ in range(runs):
                plan = run_plan(RunWish("true", at_a_time=AT_A_TIME), tuple(fleet.hosts))
                plan = replace(plan, id=plan_id(time.time()), at=time.time(), who="bench")
                wall, cpu = time.monotonic(), time.process_time()
                job = await (await session.workshop.runner.begin(plan)).wait()
                found.append({"cpu": time.process_time() - cpu, "wall": time.monotonic() - wall})
                done = len(job.in_state(RunState.DONE))
                if done != len(fleet.hosts):
                    raise SystemExit(f"only {done} of {len(fleet.hosts)} did it: {job.runs}")
    return found


if __name__ == "__main__":
    times = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    print(json.dumps(asyncio.run(run_on_all(Path(sys.argv[1]), times))))
