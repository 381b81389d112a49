"""One sample of every host of a file that is not called dead: ``first_samples.py HOSTS.yaml``.

It says after how many seconds it had the last one, and ends. It loads what `opsdash status` would.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from contextlib import aclosing
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from opsdash.config.hosts import load_fleet
from opsdash.core.discover import collectors
from opsdash.core.host import Host
from opsdash.core.plugin import Tier
from opsdash.transport.ssh.transport import SshTransport


async def first_samples(hosts_file: Path) -> None:
    """Connect, take, print."""
    fleet = load_fleet(hosts_file)
    transport = SshTransport(fleet.hosts, Path(tempfile.mkdtemp()) / "known_hosts")
    pulse = [one for one in collectors().values() if one.tier is Tier.PULSE]

    async def first(host: Host) -> None:
        connection = await transport.connect(host)
        async with aclosing(connection.pulse(pulse, host.interval_s)) as beats:
            await anext(beats)

    began = time.monotonic()
    # the dead come first in the file: whoever waits in its order waits for them
    tasks = {name: asyncio.create_task(first(host)) for name, host in fleet.hosts.items()}
    await asyncio.gather(*(task for name, task in tasks.items() if not name.startswith("dead")))
    print(time.monotonic() - began)
    for task in tasks.values():
        task.cancel()
    await transport.close()


if __name__ == "__main__":
    asyncio.run(first_samples(Path(sys.argv[1])))
