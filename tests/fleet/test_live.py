"""What is asked on demand of the real hosts agrees with their own tools: ps, top, ss, who.

Nothing is switched on or off here; one busy loop runs for some seconds.
"""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from opsdash.config.hosts import load_fleet
from opsdash.core.reading import Reading, Row
from opsdash.engine.session import Session
from opsdash.engine.surroundings import Surroundings
from tests.fleet.testbed import Testbed, hosts_file, open_testbed
from tests.waiting import wait_for

pytestmark = pytest.mark.fleet

OLD_S = 30.0
"""A process that is older than this has been there for a list made a moment before."""

SHARED = 0.3
"""Of a core: so much the share of one loop changes between two seconds on a busy test machine."""


@pytest.fixture(scope="module")
def testbed() -> Testbed:
    """The fleet as it is."""
    if "OPSDASH_FLEET" not in os.environ:
        pytest.skip("$OPSDASH_FLEET names no test fleet")
    return open_testbed()


@pytest.fixture
async def session(testbed: Testbed, tmp_path: Path) -> AsyncGenerator[Session, None]:
    """The whole fleet being watched."""
    hosts = hosts_file(testbed, tmp_path / "hosts.yaml")
    async with Session(load_fleet(hosts), Surroundings(tmp_path / "state")) as running:
        yield running


async def asked(session: Session, name: str, *collectors: str) -> dict[str, Reading]:
    """The next readings of these collectors, wanted until they are there."""
    known = session.snapshot().hosts[name].readings
    before = {one: known[one].at if one in known else 0.0 for one in collectors}

    def there() -> bool:
        session.want(name, *collectors)
        readings = session.snapshot().hosts[name].readings
        return all(one in readings and readings[one].at > before[one] for one in collectors)

    await wait_for(there, within_s=240, what=f"{collectors} of {name}")
    found = session.snapshot().hosts[name].readings
    return {one: found[one] for one in collectors}


def run_apart(testbed: Testbed, name: str, loop: str, for_s: int) -> None:
    """Something for the host to do meanwhile; it ends by itself."""
    testbed.inside(name, f"setsid timeout {for_s} bash -c '{loop}' >/dev/null 2>&1 </dev/null &")


def number(value: object) -> float:
    assert isinstance(value, int | float)
    return float(value)


async def test_the_processes_are_those_of_ps(testbed: Testbed, session: Session) -> None:
    """Its own ages of processes ps gets wrong in these containers: uptime is theirs, starts not."""
    for name, host in testbed.hosts.items():
        if host["init"] == "busybox":
            continue
        before = listed(testbed, name)
        reading = (await asked(session, name, "ps"))["ps"]
        assert reading.problem is None, name
        after = listed(testbed, name)
        ours = {row["pid"]: row for row in reading.rows}
        assert before.keys() & after.keys() <= ours.keys(), name
        grown_up = {pid for pid, row in ours.items() if number(row["age_s"]) > OLD_S}
        assert grown_up <= before.keys(), name
        for pid in before.keys() & after.keys():
            parent, threads, rss, user, comm = after[pid][:5]
            row = ours[pid]
            assert (row["parent"], row["threads"], row["user"]) == (int(parent), int(threads), user)
            assert str(row["name"]).startswith(comm)
            assert number(row["memory_bytes"]) == pytest.approx(int(rss) * 1024, rel=0.3, abs=1e6)
        up_s = float(testbed.inside(name, "cat /proc/uptime").split()[0])
        if name != "web2":  # which only says that it is 400 days up
            assert number(ours[1]["age_s"]) == pytest.approx(up_s, abs=12), name


def listed(testbed: Testbed, name: str) -> dict[int, list[str]]:
    """What ps says, by process."""
    told = testbed.inside(name, "ps -eo pid,ppid,nlwp,rss,user:32,comm --no-headers")
    return {int(words[0]): words[1:] for words in map(str.split, told.splitlines())}


async def test_busybox_has_its_processes_too(testbed: Testbed, session: Session) -> None:
    reading = (await asked(session, "box1", "ps"))["ps"]
    listed = testbed.inside("box1", "ps -o pid,comm").splitlines()[1:]
    theirs = {int(words[0]): words[1] for words in map(str.split, listed) if len(words) > 1}
    old = [row for row in reading.rows if number(row["age_s"]) > OLD_S]
    ours = {int(number(row["pid"])): row["name"] for row in old}
    assert set(ours) <= set(theirs)
    assert {pid: theirs[pid] for pid in ours} == ours


async def test_who_is_busy_is_as_busy_as_top_says(testbed: Testbed, session: Session) -> None:
    name = "suse1"
    await asked(session, name, "ps", "top")
    run_apart(testbed, name, "while :; do :; done", 30)
    differences = []
    for _ in range(3):  # other work on the same processors comes and goes: one pair must agree
        command = "top -b -d 2 -n 2 -w 200 | grep 'bash$' | sort -k 9 -n | tail -n 1"
        readings, told = await asyncio.gather(
            asked(session, name, "ps", "top"), asyncio.to_thread(testbed.inside, name, command)
        )
        loop = max(readings["ps"].rows, key=lambda row: number(row["cores"]))
        busiest = max(readings["top"].rows, key=lambda row: number(row["cores"]))
        assert (loop["name"], busiest["pid"]) == ("bash", loop["pid"])
        differences.append(abs(number(loop["cores"]) - float(told.split()[8]) / 100))
        if differences[-1] < SHARED:
            return
    raise AssertionError(f"cores that ps and top differ by: {differences}")


def listeners(text: str) -> set[tuple[str, int, int]]:
    """Protocol, port and process of each line of ``ss -tulpnH``."""
    found = set()
    for line in text.splitlines():
        words = line.split()
        if pids := re.findall(r"pid=(\d+)", line):
            found.add((words[0], int(words[4].rpartition(":")[2]), min(map(int, pids))))
    return found


def as_told(rows: tuple[Row, ...]) -> set[tuple[str, int, int]]:
    return {
        (str(row["proto"])[:3], int(number(row["port"])), int(number(row["pid"])))
        for row in rows
        if row["pid"] is not None
    }


async def test_the_ports_are_those_of_ss(testbed: Testbed, session: Session) -> None:
    for name, host in testbed.hosts.items():
        root = host["sudo"] == "nopasswd"
        readings = await asked(session, name, "ports", *(("listeners",) if root else ()))
        assert readings["ports"].problem is None, name
        if host["init"] == "busybox":
            lines = testbed.inside(name, "netstat -tln").splitlines()[2:]
            ports = {int(line.split()[3].rpartition(":")[2]) for line in lines}
            assert {row["port"] for row in readings["ports"].rows if row["proto"] != "udp"} == ports
            continue
        theirs = listeners(testbed.inside(name, "ss -tulpnH"))
        assert theirs, name
        ports = {port for _, port, _ in theirs}
        assert {row["port"] for row in readings["ports"].rows} == ports, name
        if root:
            assert as_told(readings["listeners"].rows) == theirs, name


async def test_what_is_written_is_seen_by_root(testbed: Testbed, session: Session) -> None:
    name = "web1"
    written = "dd if=/dev/zero of=/var/tmp/live bs=64k count=64 conv=fsync"
    run_apart(testbed, name, f"while :; do {written}; done", 15)
    try:
        reading = (await asked(session, name, "procio"))["procio"]
        assert reading.problem is None
        most = max(reading.rows, key=lambda row: number(row["write_bytes_s"]))
        # what a child has moved counts for its parent as well, once it has ended
        assert (most["name"] in ("dd", "bash"), most["user"]) == (True, "root")
    finally:
        testbed.inside(name, "rm -f /var/tmp/live")


async def test_who_is_logged_in_is_what_who_says(testbed: Testbed, session: Session) -> None:
    for name in ("web1", "rc1", "arch1"):
        reading = (await asked(session, name, "sessions"))["sessions"]
        assert reading.problem is None
        told = testbed.inside(name, "who").splitlines()
        theirs = {(words[0], words[1]) for words in map(str.split, told)}
        assert {(row["user"], row["tty"]) for row in reading.rows if row["tty"]} == theirs, name
