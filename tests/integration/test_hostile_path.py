"""Whatever happens to the bytes on the way, at whatever stage: a problem in words, soon, and
nothing is left behind.
"""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path

import pytest

from opsdash.core.discover import collectors
from opsdash.core.errors import HostError
from opsdash.core.host import Host
from opsdash.core.plugin import Tier
from opsdash.core.problem import Problem, ProblemKind
from opsdash.transport import pulse as pulse_module
from opsdash.transport.openssh import transport as openssh_module
from opsdash.transport.openssh.transport import OpensshTransport
from opsdash.transport.ssh import dial, sockets
from opsdash.transport.ssh.transport import SshTransport
from tests.hostile_path import hostile_path
from tests.ssh_server import TestServer, ssh_server
from tests.waiting import wait_for

PULSE = [c for c in collectors().values() if c.tier is Tier.PULSE]
BEATS = 3
STAGES = 12
NEVER = frozenset(
    {ProblemKind.BUG, ProblemKind.CONFIG, ProblemKind.KEY_FILE, ProblemKind.FILES}
    | {ProblemKind.NAME, ProblemKind.OFFLINE, ProblemKind.ACCOUNT}
)
"""What nothing on the way to a host may be taken for."""


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Patience measured in tenths of a second."""
    monkeypatch.setattr(sockets, "BANNER_TIMEOUT_S", 0.5)
    monkeypatch.setattr(dial, "LOGIN_TIMEOUT_S", 1.0)
    monkeypatch.setattr(openssh_module, "LOGIN_TIMEOUT_S", 1.5)
    monkeypatch.setattr(pulse_module, "FIRST_ANSWER_S", 1.0)
    monkeypatch.setattr(pulse_module, "SILENT_AFTER_S", 1.0)


def transport_for(way: str, host: Host, folder: Path) -> SshTransport | OpensshTransport:
    hosts, own = {host.name: host}, folder / "own_known_hosts"
    return SshTransport(hosts, own) if way == "ssh" else OpensshTransport(hosts, own)


async def met(way: str, host: Host, folder: Path, beats_wanted: int) -> Problem | None:
    """What a connection and a few beats of the pulse meet; None: nothing at all."""
    transport = transport_for(way, host, folder)
    try:
        connection = await transport.connect(host)
        try:
            async with aclosing(connection.pulse(PULSE, 0.1)) as beats:
                for _ in range(beats_wanted):
                    await anext(beats)
        finally:
            await connection.close()
    except HostError as error:
        return error.problem
    finally:
        await transport.close()
    return None


async def behind(server: TestServer, mischief: str, at: int | None, folder: Path, way: str) -> int:
    """How many bytes came through a path that did this, its problem checked."""
    port = server.host.port
    assert port is not None
    async with hostile_path(port, mischief, at) as path:
        known = folder / f"known-{mischief}-{at}"
        listed = server.known_hosts.read_text().replace(f"]:{port} ", f"]:{path.port} ")
        known.write_text(listed)
        host = replace(server.host, port=path.port, known_hosts=(str(known),))
        async with asyncio.timeout(15):
            # a path with mischief is used for longer than the one that only counted
            problem = await met(way, host, folder, BEATS if at is None else 3 * BEATS)
        if mischief in ("", "delay"):
            assert problem is None
        else:
            assert problem is not None, f"{mischief} at byte {at} went unnoticed"
            assert problem.kind not in NEVER, f"{mischief} at byte {at}: {problem}"
            assert problem.text.isprintable()
            assert problem.hint
        return path.passed


@pytest.mark.parametrize("way", ["ssh", "openssh"])
@pytest.mark.parametrize(
    "mischief",
    ["cut", "reset", "silence", "garble", "flood", "endless-line", "endless-lines", "delay"],
)
async def test_at_every_stage_it_is_a_problem_in_words_and_nothing_is_left(
    mischief: str, way: str, tmp_path: Path
) -> None:
    async with ssh_server(tmp_path) as server:
        whole = await behind(server, "", None, tmp_path, way)
        # the banner is the first 30 bytes or so; all that follows is as much as a login and a pulse
        stages = [0, 1, 10, 21, 22, *(whole * n // STAGES for n in range(1, STAGES))]
        before = asyncio.all_tasks()
        async with asyncio.TaskGroup() as group:
            for at in stages:
                group.create_task(behind(server, mischief, at, tmp_path, way))
        server.behaviour.drop_all()
        await wait_for(lambda: not server.behaviour.pids, what="the end of all remote shells")
        await wait_for(lambda: len(asyncio.all_tasks()) <= len(before), what="the end of all tasks")
