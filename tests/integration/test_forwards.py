"""TCP connections that a host makes for us, by each way to it."""

from __future__ import annotations

from pathlib import Path

import pytest

from opsdash.core.errors import HostError
from opsdash.core.forward import HERE
from opsdash.core.problem import ProblemKind
from opsdash.transport.local_port import LocalPort
from tests.ssh_server import Behaviour
from tests.unit.test_forward import echo, through
from tests.waiting import wait_for
from tests.ways import RUNS, reached

BY_SSH = pytest.mark.parametrize("way", ["ssh", "openssh"])


@RUNS
async def test_a_port_here_leads_to_one_there(way: str, tmp_path: Path) -> None:
    async with echo() as served, reached(way, tmp_path) as connection:
        port = LocalPort(lambda: connection.open_tcp(HERE, served))
        number = await port.listen(0)
        assert await through(number, b"a" * 200_000) == b"A" * 200_000
        assert await through(number, b"b") == b"B"
        await wait_for(lambda: not port.open)
        assert (port.made, port.sent_bytes, port.said) == (2, 200_001, "")
        await port.close()


@RUNS
async def test_a_port_that_nobody_listens_on_is_told(way: str, tmp_path: Path) -> None:
    async with echo() as free:
        pass
    async with reached(way, tmp_path) as connection:
        with pytest.raises(HostError) as caught:
            await connection.open_tcp(HERE, free)
        assert caught.value.problem.kind is ProblemKind.REFUSED
        assert f"no connection to {HERE}:{free}" in caught.value.problem.text
        assert "ss -ltn" in caught.value.problem.hint


@BY_SSH
async def test_an_sshd_that_forwards_nothing_is_told(way: str, tmp_path: Path) -> None:
    async with reached(way, tmp_path, Behaviour(forwards=False)) as connection:
        with pytest.raises(HostError) as caught:
            await connection.open_tcp(HERE, 22)
        assert caught.value.problem.kind is ProblemKind.DENIED
        assert "AllowTcpForwarding" in caught.value.problem.hint


async def test_a_recording_makes_no_connections(tmp_path: Path) -> None:
    async with reached("replay", tmp_path) as connection:
        with pytest.raises(HostError) as caught:
            await connection.open_tcp(HERE, 80)
        assert caught.value.problem.kind is ProblemKind.UNSUPPORTED
