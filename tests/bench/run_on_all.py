"""``true`` on all hosts, to which there are connections: ``run_on_all.py HOSTS.yaml [RUNS]``.

As a key does it: a plan, its journal, the audit log, a lock on each host. Nothing is polled
meanwhile, which would be counted as a part of it. Prints CPU and wall seconds of each run as JSON.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
import time
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from opsdash.config.hosts import load_fleet
from opsdash.core.job import RunState
from opsdash.core.plan import plan_id
from opsdash.core.prompts import Asker
from opsdash.core.run_plan import RunWish, run_plan
from opsdash.engine import host_lock
from opsdash.engine.fleet_hands import FleetHands
from opsdash.engine.poller import Reach
from opsdash.engine.privilege import Privilege
from opsdash.engine.root_script import root_rule
from opsdash.engine.surroundings import Surroundings
from opsdash.engine.ways import transports_for
from opsdash.engine.workshop import Bench, Workshop
from opsdash.store.store import Store

AT_A_TIME = 64
"""As clush -f 64 and ansible -f 64."""

# all hosts are one machine, which is locked for one at a time: each finds a folder of its own where
# its login begins
host_lock.PLACES = ("./locks",)


async def run_on_all(hosts_file: Path, state: Path, runs: int) -> list[dict[str, float]]:
    """CPU and wall seconds of each run."""
    fleet, around = load_fleet(hosts_file), Surroundings(state)
    asker = Asker(around.prompter)
    transports = transports_for(fleet, state / "known_hosts", asker)
    reach = Reach(transports, Privilege(asker, around.clock, root_rule()))
    store = Store(state / "history.db")
    await store.open()
    hands = FleetHands(lambda: fleet, reach)
    workshop = Workshop(Bench(hands, store, around))
    found = []
    async with AsyncExitStack() as held:
        for name in fleet.hosts:
            await held.enter_async_context(hands.hold(name))
        for _ in range(runs):
            plan = run_plan(RunWish("true", at_a_time=AT_A_TIME), tuple(fleet.hosts))
            plan = replace(plan, id=plan_id(time.time()), at=time.time(), who="bench")
            wall, cpu = time.monotonic(), time.process_time()
            job = await (await workshop.runner.begin(plan)).wait()
            found.append({"cpu": time.process_time() - cpu, "wall": time.monotonic() - wall})
            if len(job.in_state(RunState.DONE)) != len(fleet.hosts):
                raise SystemExit(f"not all of them did it: {job.runs}")
    await asyncio.gather(*(transport.close() for transport in transports.values()))
    await store.close()
    return found


if __name__ == "__main__":
    times = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(asyncio.run(run_on_all(Path(sys.argv[1]), Path(folder), times))))
