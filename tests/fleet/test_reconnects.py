"""Five hundred connections, one after the other: nothing grows, here or there."""

from __future__ import annotations

import asyncio
import gc
import os
from contextlib import aclosing
from pathlib import Path

import psutil
import pytest

from opsdash.config.hosts import load_fleet
from opsdash.core.discover import collectors
from opsdash.core.host import Host
from opsdash.core.plugin import Tier
from opsdash.transport.ssh.transport import SshTransport
from tests.fleet.testbed import Testbed
from tests.waiting import wait_for

pytestmark = pytest.mark.fleet

HOSTS = ("web1", "web2", "db1", "rpm1", "suse1", "arch1", "rc1", "box1")
WARM_UP = 12
ROUNDS = 63
RSS_MAY_GROW_BYTES = 4_000_000
"""asyncssh's own caches and the allocator's; a leak of 500 connections is 20 times as much."""

PULSE = [c for c in collectors().values() if c.tier is Tier.PULSE]
FACTS = [c for c in collectors().values() if c.tier is Tier.FACTS]


class Held:
    """What this process holds: memory, tasks, open files."""

    def __init__(self) -> None:
        gc.collect()
        process = psutil.Process(os.getpid())
        self.rss_bytes = process.memory_info().rss
        self.tasks = len(asyncio.all_tasks())
        self.files = process.num_fds()


async def once(transport: SshTransport, host: Host) -> None:
    """One connection as the poller makes it: a beat, some facts, the end."""
    connection = await transport.connect(host)
    async with aclosing(connection.pulse(PULSE, 2)) as beats:
        await anext(beats)
        await connection.collect(FACTS[:1])
    await connection.close()


async def rounds(transport: SshTransport, hosts: list[Host], number: int) -> None:
    async def one_host(host: Host) -> None:
        for _ in range(number):
            await once(transport, host)

    async with asyncio.TaskGroup() as group:
        for host in hosts:
            group.create_task(one_host(host))


async def test_nothing_grows_over_five_hundred_connections(
    testbed: Testbed, hosts_yaml: Path, tmp_path: Path
) -> None:
    fleet = load_fleet(hosts_yaml)
    hosts = [fleet.hosts[name] for name in HOSTS]
    transport = SshTransport(fleet.hosts, tmp_path / "known_hosts")
    sessions = {host.name: children(testbed, host.name) for host in hosts}
    await rounds(transport, hosts, WARM_UP)
    before = Held()
    await rounds(transport, hosts, ROUNDS)
    after = Held()
    await transport.close()
    assert ROUNDS * len(hosts) >= 500
    assert after.tasks == before.tasks
    assert after.files == before.files
    assert after.rss_bytes - before.rss_bytes < RSS_MAY_GROW_BYTES
    await wait_for(
        lambda: all(children(testbed, name) <= known for name, known in sessions.items()),
        within_s=240,
        what="the end of every session on every host",
    )


def children(testbed: Testbed, host: str) -> int:
    """Processes of the user that logs in, those of sshd included."""
    return int(testbed.inside(host, "ls -ld /proc/[0-9]* | grep -c ' ops ' || true") or 0)
