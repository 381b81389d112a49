"""A person's command on real hosts: ended with all of its processes, and with root's own input."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from time import monotonic

import pytest

from opsdash.config.hosts import load_fleet
from opsdash.core.errors import HostError
from opsdash.core.problem import ProblemKind
from opsdash.core.prompts import Asker
from opsdash.engine.privilege import Privilege
from opsdash.transport.base import Connection, Order
from opsdash.transport.files import RemoteFile, get, look, put
from opsdash.transport.ssh.transport import SshTransport
from tests.fleet.testbed import Testbed
from tests.person import Person
from tests.waiting import wait_for

pytestmark = pytest.mark.fleet

KINDS = ("web1", "rpm1", "suse1", "rc1", "box1")
"""systemd with bash, fish and tcsh as login shells, OpenRC, and busybox behind dropbear."""


@asynccontextmanager
async def reached(hosts: Path, folder: Path, name: str) -> AsyncGenerator[Connection, None]:
    """A connection of its own."""
    fleet = load_fleet(hosts)
    transport = SshTransport(fleet.hosts, folder / "own_known_hosts")
    try:
        yield await transport.connect(fleet.hosts[name])
    finally:
        await transport.close()


def sleeps(testbed: Testbed, host: str, mark: str) -> bool:
    """Whether a process with this among its arguments is there."""
    return bool(testbed.inside(host, f"grep -lz '^{mark}$' /proc/[0-9]*/cmdline 2>/dev/null || :"))


def nothing_sleeps(testbed: Testbed, host: str, mark: str) -> bool:
    """Whether none is there any more."""
    return not sleeps(testbed, host, mark)


@pytest.mark.parametrize("name", KINDS)
async def test_a_cancelled_or_broken_command_leaves_no_process(
    testbed: Testbed, hosts_yaml: Path, tmp_path: Path, name: str
) -> None:
    for number, how in enumerate(("cancelled", "broken")):
        mark = f"{86_400 + number}1"
        script = f"trap '' TERM; (sleep {mark}; :) & sleep {mark}; sleep {mark}"
        order = Order(script.encode(), b"input", timeout_s=600)
        async with reached(hosts_yaml, tmp_path, name) as connection:
            running = asyncio.create_task(connection.run(order))
            runs = partial(sleeps, testbed, name, mark)
            await wait_for(runs, within_s=30, what="the command's beginning")
            if how == "broken":
                await connection.close()
                with pytest.raises(HostError) as caught:
                    await running
                assert caught.value.problem.kind is ProblemKind.LOST
            else:
                running.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await running
        gone = partial(nothing_sleeps, testbed, name, mark)
        await wait_for(gone, within_s=30, what="the command's end")


@pytest.mark.parametrize("name", ["web1", "db1"])
async def test_root_has_its_own_input_and_writes_files_by_sudo_with_and_without_a_password(
    testbed: Testbed, hosts_yaml: Path, tmp_path: Path, name: str
) -> None:
    person = Person(eager=False, **{"password of": [str(testbed.hosts["db1"]["sudo_password"])]})
    privilege = Privilege(Asker(person), monotonic)
    host = load_fleet(hosts_yaml).hosts[name]
    blob = bytes(range(256)) * 400
    async with reached(hosts_yaml, tmp_path, name) as connection:
        run = partial(privilege.run, host, connection)
        privilege.want()
        done = await run(Order(b"id -u; sha256sum", blob, root=True))
        assert done.stdout.split()[:2] == [b"0", hashlib.sha256(blob).hexdigest().encode()]
        file = RemoteFile("/etc/opsdash-test-file", root=True)
        try:
            facts = await put(run, file, blob, mode=0o640, owner="root:root")
            assert (facts.mode, facts.owner) == (0o640, "root:root")
            assert await look(run, file) == facts
            assert await get(run, file, max_bytes=len(blob)) == blob
        finally:
            await run(Order(b"rm -f /etc/opsdash-test-file", root=True))
    assert len(person.asked) == (1 if name == "db1" else 0)
