"""Logs with a name on real hosts: a file on one, a command on others, busybox's tools too."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from secrets import token_hex
from types import MappingProxyType

import pytest

from opsdash.config.hosts import load_fleet
from opsdash.core.fleet import Fleet
from opsdash.core.log_record import LogGap, LogQuery
from opsdash.core.log_state import LogPhase
from opsdash.core.named_log import NamedLog
from opsdash.engine.fleet_logs import FleetLogs
from opsdash.engine.logs_alone import logs_alone
from opsdash.engine.surroundings import Surroundings
from tests.fleet.testbed import Testbed
from tests.waiting import wait_for

pytestmark = pytest.mark.fleet

FILE, COMMANDS = "web1", ("rc1", "box1", "rpm1")
HOSTS = (FILE, *COMMANDS)


@dataclass
class Heard:
    """What has come so far, by host."""

    lines: dict[str, list[str]] = field(default_factory=lambda: {name: [] for name in HOSTS})
    notices: list[str] = field(default_factory=list)

    async def read(self, logs: FleetLogs) -> None:
        """Take all that comes."""
        async for batch in logs.batches():
            self.notices += [one.text for one in logs.notices()]
            for one in batch:
                assert not isinstance(one, LogGap)
                self.lines[one.host].append(one.text)


@pytest.fixture
def log(testbed: Testbed) -> Iterator[str]:
    """A file of one line on each of the hosts."""
    path = f"/tmp/opsdash-{token_hex(6)}.log"
    for host in HOSTS:
        testbed.inside(host, f"echo first >{path}; chmod 644 {path}")
    yield path
    for host in HOSTS:
        testbed.inside(host, f"rm -f {path} {path}.1")


@pytest.fixture
def fleet(hosts_yaml: Path, log: str) -> Fleet:
    """A file on the one, a pipe of commands on the others; one fails on all."""
    found = load_fleet(hosts_yaml)
    broken = NamedLog("broken", command="no-such-program --follow")
    follows = NamedLog("queue", command=f"tail -F {log} | while read -r one; do echo $one; done")
    hosts = {}
    for name in HOSTS:
        queue = NamedLog("queue", log) if name == FILE else follows
        hosts[name] = replace(found.hosts[name], logs=(queue, broken))
    return replace(found, hosts=MappingProxyType(hosts))


def left(testbed: Testbed, log: str) -> list[str]:
    """The hosts on which something still reads the file."""
    look = "cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' ' '"
    return [name for name in COMMANDS if f"-F {log}" in testbed.inside(name, look)]


async def test_a_file_and_commands_are_followed_under_one_name_and_nothing_is_left(
    testbed: Testbed, fleet: Fleet, log: str, tmp_path: Path
) -> None:
    heard = Heard()
    query = LogQuery(named=("queue",), follow=True)
    async with logs_alone(fleet, Surroundings(tmp_path / "state"), query) as logs:
        reading = asyncio.create_task(heard.read(logs))
        await wait_for(
            lambda: (
                all(one.phase is LogPhase.LIVE for one in logs.states())
                and all(heard.lines.values())
            ),
            within_s=60,
            what="the first lines",
        )
        for host in HOSTS:
            testbed.inside(host, f"echo second >>{log}; mv {log} {log}.1; echo third >{log}")
        wanted = ["first", "second", "third"]
        await wait_for(
            lambda: all(lines == wanted for lines in heard.lines.values()),
            within_s=60,
            what="the lines before and behind a rotation",
        )
        reading.cancel()
        await asyncio.wait([reading])
    await wait_for(lambda: not left(testbed, log), within_s=20, what="the end of all commands")
    assert not [one for one in heard.notices if "failed" in one]


async def test_a_command_that_fails_is_told_with_its_words_on_every_kind_of_host(
    fleet: Fleet, tmp_path: Path
) -> None:
    heard = Heard()
    query = LogQuery(named=("broken",))
    async with logs_alone(fleet, Surroundings(tmp_path / "state"), query) as logs:
        await heard.read(logs)
    for name in HOSTS:
        (said,) = [one for one in heard.notices if one.startswith(f"{name}: ")]
        assert said.startswith(f"{name}: source broken: its command failed with exit status 127: ")
        assert "not found" in said
