"""Lines written at known times on six hosts: in true order, none lost, none twice.

systemd's hosts write to their journal by ``logger``, rc1 to rsyslog's file, box1 to busybox's,
whose stamps are whole seconds: against others it is right to a second.
"""

from __future__ import annotations

import asyncio
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from secrets import token_hex
from types import MappingProxyType

import psutil
import pytest

from opsdash.config.hosts import load_fleet
from opsdash.core.host import Way
from opsdash.core.log_record import LogGap, LogQuery, LogRecord
from opsdash.core.log_state import LogPhase
from opsdash.core.prompts import Asker, Nobody
from opsdash.engine.fleet_logs import FleetLogs
from opsdash.engine.log_merger import HOLD_S
from opsdash.engine.logs_alone import logs_alone
from opsdash.engine.surroundings import Surroundings
from opsdash.transport.ssh.transport import SshTransport
from tests.fleet.testbed import Testbed
from tests.waiting import wait_for

pytestmark = pytest.mark.fleet

HOSTS = ("web1", "rpm1", "suse1", "arch1", "rc1", "box1")
WHOLE_SECONDS = "box1"
FLOOD_S, PER_S = 5, 2_000


@dataclass
class Followed:
    """The logs of the six hosts being followed, and what has come so far."""

    testbed: Testbed
    transport: SshTransport
    logs: FleetLogs
    token: str
    written: dict[int, tuple[str, float]] = field(default_factory=dict)
    heard: list[tuple[int, str, float]] = field(default_factory=list)
    flood: list[int] = field(default_factory=list)
    gaps: list[LogGap] = field(default_factory=list)

    async def read(self) -> None:
        """Take all that comes."""
        async for batch in self.logs.batches():
            for one in batch:
                if isinstance(one, LogGap):
                    self.gaps.append(one)
                elif one.text.startswith(f"{self.token}-flood "):
                    self.flood.append(int(one.text.split()[1]))
                elif found := re.fullmatch(rf"{self.token} (\d+)", one.text):
                    self.heard.append((int(found[1]), one.host, time.time()))

    async def write(self, host: str) -> None:
        """One line, by the host's own logger, from outside."""
        number = len(self.written)
        self.written[number] = (host, time.time())
        command = f"logger -t opsdash-test '{self.token} {number}'"
        await asyncio.to_thread(self.testbed.inside, host, command)

    async def round(self) -> None:
        """A line on each host, one after the other."""
        for host in HOSTS:
            await self.write(host)

    def live(self) -> bool:
        """Whether all hosts are followed."""
        return all(one.phase is LogPhase.LIVE for one in self.logs.states())

    def all_heard(self) -> bool:
        """Whether every line that was written has come."""
        return {number for number, _, _ in self.heard} == set(self.written)

    def port(self, host: str) -> int:
        """The port here of the connection to a host."""
        return int(self.transport._open[host].get_extra_info("sockname")[1])

    def check(self) -> None:
        """None lost, none twice, in the order in which they were written."""
        assert self.all_heard(), set(self.written) - {number for number, _, _ in self.heard}
        assert len(self.heard) == len(self.written)
        exact = [number for number, host, _ in self.heard if host != WHOLE_SECONDS]
        assert exact == sorted(exact)
        rough = [number for number, host, _ in self.heard if host == WHOLE_SECONDS]
        assert rough == sorted(rough)
        for place, (_, host, _) in enumerate(self.heard):
            if host != WHOLE_SECONDS:
                continue
            at = self.written[self.heard[place][0]][1]
            before = [self.written[number][1] for number, _, _ in self.heard[:place]]
            after = [self.written[number][1] for number, _, _ in self.heard[place + 1 :]]
            assert all(other <= at + 0.5 for other in before)
            assert all(other >= at - 1.5 for other in after)


def its_processes(testbed: Testbed, host: str, port: int) -> list[str]:
    """The processes on a host that came by a connection from this port: pid and parent."""
    script = (
        "for one in /proc/[0-9]*; do "
        f"tr '\\0' '\\n' <$one/environ 2>/dev/null | grep -q '^SSH_CLIENT=[^ ]* {port} ' && "
        "sed -n 's/^PPid:.//p' $one/status | sed \"s|^|${one#/proc/} |\"; done; true"
    )
    return testbed.inside(host, script).split("\n")[:-1]


def cut(testbed: Testbed, host: str, port: int) -> None:
    """Kill the server's process of the connection from this port, so that nobody says goodbye."""
    pairs = [line.split() for line in its_processes(testbed, host, port)]
    own = {pid for pid, _ in pairs}
    servers = {parent for _, parent in pairs if parent not in own and parent != "1"}
    assert servers, f"{host}: no session from port {port}"
    testbed.inside(host, f"kill -9 {' '.join(servers)}")


@asynccontextmanager
async def following(
    testbed: Testbed, hosts_yaml: Path, folder: Path
) -> AsyncGenerator[Followed, None]:
    """Follow the six hosts; nothing is left on them afterwards."""
    fleet = load_fleet(hosts_yaml)
    hosts = {name: fleet.hosts[name] for name in HOSTS}
    fleet = replace(fleet, hosts=MappingProxyType(hosts))
    transport = SshTransport(hosts, folder / "known_hosts", Asker(Nobody()))
    around = Surroundings(folder / "state", transports={Way.SSH: transport})
    token = f"t{token_hex(4)}"
    query = LogQuery(lines=0, follow=True, grep=token)
    async with logs_alone(fleet, around, query) as logs:
        followed = Followed(testbed, transport, logs, token)
        reading = asyncio.create_task(followed.read())
        try:
            await wait_for(followed.live, what="that all are followed")
            yield followed
            ports = {name: followed.port(name) for name in HOSTS}
        finally:
            reading.cancel()
            await asyncio.wait([reading])
    await gone(testbed, ports)


async def gone(testbed: Testbed, ports: dict[str, int], within_s: float = 10) -> None:
    """Wait until nothing is left on the hosts of the connections from these ports."""
    for host, port in ports.items():
        left: list[str] = []

        def nothing(host: str = host, port: int = port, left: list[str] = left) -> bool:
            left[:] = its_processes(testbed, host, port)
            return not left

        await wait_for(nothing, within_s=within_s, what=f"the end of all on {host}")


async def test_lines_of_six_hosts_come_in_their_true_order(
    testbed: Testbed, hosts_yaml: Path, tmp_path: Path
) -> None:
    async with following(testbed, hosts_yaml, tmp_path) as followed:
        for _ in range(5):
            await followed.round()
        await wait_for(followed.all_heard, what="all lines")
        followed.check()
        late = [at - followed.written[number][1] for number, _, at in followed.heard]
        assert max(late) < HOLD_S + 2.5
        assert not followed.gaps
        assert [one.ahead_s for one in followed.logs.states()] == [0.0] * len(HOSTS)


async def test_killed_connections_lose_and_double_nothing(
    testbed: Testbed, hosts_yaml: Path, tmp_path: Path
) -> None:
    async with following(testbed, hosts_yaml, tmp_path) as followed:
        await followed.round()
        for host in ("web1", "rc1", "box1"):
            cut(testbed, host, followed.port(host))
            await followed.write(host)
        await followed.round()
        await wait_for(followed.all_heard, within_s=60, what="all lines")
        await wait_for(followed.live, within_s=60)
        await followed.round()
        await wait_for(followed.all_heard, what="all lines")
        assert len(followed.heard) == len(followed.written)
        for name in HOSTS:  # what was written while a host was away comes late, in its own order
            own = [number for number, host, _ in followed.heard if host == name]
            assert own == sorted(own)
        assert not followed.gaps


HUP = "kill -HUP $(cat /run/rsyslogd.pid 2>/dev/null || pidof rsyslogd)"
LATE = "logger -t opsdash-test 'TOKEN 900001'"
LOG, BOX_LOG = "/var/log/syslog", "/var/log/messages"
ROTATE = {
    "rc1": (
        f"mv {LOG} {LOG}.1; {LATE}; sleep 1; {HUP}",
        f"cat {LOG} >>{LOG}.1; mv {LOG}.1 {LOG}; {HUP}",
    ),
    "box1": (
        f"mv {BOX_LOG} {BOX_LOG}.1",
        f"cat {BOX_LOG} >>{BOX_LOG}.1; mv {BOX_LOG}.1 {BOX_LOG}",
    ),
    "web1": ("journalctl --rotate", "true"),
}
"""How each kind of log is rotated, and how that is taken back."""


@pytest.mark.parametrize("away", [False, True], ids=["read", "away"])
async def test_a_rotation_loses_and_doubles_nothing(
    testbed: Testbed, hosts_yaml: Path, tmp_path: Path, away: bool
) -> None:
    async with following(testbed, hosts_yaml, tmp_path) as followed:
        await followed.round()
        await wait_for(followed.all_heard, what="the first lines")
        try:
            for host, (rotate, _) in ROTATE.items():
                if away:
                    cut(testbed, host, followed.port(host))
                testbed.inside(host, rotate.replace("TOKEN", followed.token))
            followed.written[900_001] = ("rc1", time.time())
            await followed.round()
            await wait_for(followed.all_heard, within_s=60, what="all lines")
        finally:
            for host, (_, back) in ROTATE.items():
                testbed.inside(host, back)
        assert len(followed.heard) == len(followed.written)
        assert not followed.gaps
        await wait_for(followed.live, within_s=60)


async def test_a_flood_from_one_host_costs_the_others_nothing(
    testbed: Testbed, hosts_yaml: Path, tmp_path: Path
) -> None:
    async with following(testbed, hosts_yaml, tmp_path) as followed:
        tenth = PER_S // 10
        script = (
            f"i=0; while [ $i -lt {FLOOD_S * PER_S} ]; do "
            f"seq -f '{followed.token}-flood %.0f' $i $((i+{tenth - 1})); i=$((i+{tenth})); "
            "sleep 0.08; done | systemd-cat -t opsdash-test"
        )
        flooding = asyncio.create_task(asyncio.to_thread(testbed.inside, "suse1", script))
        others = [host for host in HOSTS if host != "suse1"]
        began = time.time()
        while not flooding.done() and time.time() - began < 60:
            for host in others:
                await followed.write(host)
        await flooding
        await wait_for(followed.all_heard, what="all lines of the others")
        followed.check()
        late = [at - followed.written[number][1] for number, _, at in followed.heard]
        assert max(late) < HOLD_S + 3
        wanted = FLOOD_S * PER_S
        await wait_for(lambda: len(followed.flood) >= wanted, what="the flood")
        assert followed.flood == list(range(wanted))
        assert [one.dropped for one in followed.logs.states()] == [0] * len(HOSTS)


def spawned(hosts_yaml: Path, tmp_path: Path, *words: str) -> subprocess.Popen[bytes]:
    """The program itself."""
    argv = [sys.executable, "-m", "opsdash", "logs", "--hosts", str(hosts_yaml), "--batch", *words]
    env = {**os.environ, "XDG_STATE_HOME": str(tmp_path / "own")}
    return subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env)


def ports_of(process: subprocess.Popen[bytes], testbed: Testbed) -> dict[str, int]:
    """By which ports here the program is connected to which host."""
    names = {str(testbed.hosts[name]["address"]): name for name in HOSTS}
    found = psutil.Process(process.pid).net_connections("tcp")
    return {
        names[one.raddr.ip]: one.laddr.port
        for one in found
        if one.status == psutil.CONN_ESTABLISHED
    }


def ready(process: subprocess.Popen[bytes], lines: list[bytes]) -> Callable[[], bool]:
    """Whether so much was printed that all hosts are being followed."""
    assert process.stdout
    os.set_blocking(process.stdout.fileno(), False)

    def some() -> bool:
        assert process.stdout
        lines.append(process.stdout.read() or b"")
        told = b"".join(lines)
        return all(name.encode() in told for name in HOSTS)

    return some


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
async def test_the_program_ends_quietly_and_leaves_nothing_on_any_host(
    testbed: Testbed, hosts_yaml: Path, tmp_path: Path, how: signal.Signals
) -> None:
    process = spawned(hosts_yaml, tmp_path, *HOSTS, "--follow", "--json", "-n", "1")
    await wait_for(ready(process, []), what="lines of all hosts")
    ports = ports_of(process, testbed)
    assert set(ports) == set(HOSTS)
    process.send_signal(how)
    _, said = process.communicate(timeout=20)
    assert b"Traceback" not in said
    assert process.returncode == (130 if how is signal.SIGINT else -signal.SIGKILL)
    await gone(testbed, ports, within_s=30)


def test_a_reader_that_has_enough_is_no_error(
    testbed: Testbed, hosts_yaml: Path, tmp_path: Path
) -> None:
    process = spawned(hosts_yaml, tmp_path, *HOSTS, "-n", "50")
    assert process.stdout
    with process:
        assert process.stdout.readline()
        process.stdout.close()
        assert process.wait(timeout=30) == 0


def test_what_an_account_may_not_read_is_said(
    testbed: Testbed, hosts_yaml: Path, tmp_path: Path
) -> None:
    text = hosts_yaml.read_text().replace("user: ops", "user: viewer")
    hosts_yaml.write_text(text)
    process = spawned(hosts_yaml, tmp_path, "web1", "rc1", "-n", "1")
    _, said = process.communicate(timeout=30)
    assert b"web1: this account may read only its own lines of the journal" in said
    assert b"rc1: this account may not read /var/log/syslog (usermod -aG adm USER)" in said
    assert process.returncode == 3


async def test_the_history_of_a_fleet_is_read_once_and_in_order(
    testbed: Testbed, hosts_yaml: Path, tmp_path: Path
) -> None:
    fleet = load_fleet(hosts_yaml)
    found: list[LogRecord] = []
    around = Surroundings(tmp_path / "state")
    query = LogQuery(lines=None, since_s=time.time() - 900)
    async with logs_alone(fleet, around, query) as logs:
        async for batch in logs.batches():
            found += [one for one in batch if isinstance(one, LogRecord)]
        assert all(one.problem is None for one in logs.states())
    assert {one.host for one in found} == set(fleet.hosts)
    times = [one.at_s for one in found if one.at_s is not None]
    back = sum(later < earlier for earlier, later in pairwise(times))
    assert back <= len(found) // 100  # hosts whose own log goes back in time keep their order
    assert all(one >= time.time() - 1000 for one in times)
