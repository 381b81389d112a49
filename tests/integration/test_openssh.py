"""The system's own ssh: what it holds ends with us, and what breaks is said as on any other way."""

from __future__ import annotations

from contextlib import aclosing
from dataclasses import replace
from pathlib import Path

import pytest

from opsdash.core.discover import collectors
from opsdash.core.errors import HostError
from opsdash.core.host import Host, HostKeyPolicy
from opsdash.core.plugin import Tier
from opsdash.core.problem import ProblemKind
from opsdash.transport.openssh.transport import OpensshTransport
from tests.ssh_server import Behaviour, TestServer, ssh_server
from tests.waiting import wait_for

PULSE = [c for c in collectors().values() if c.tier is Tier.PULSE]


def transport_for(folder: Path, *hosts: Host) -> OpensshTransport:
    return OpensshTransport({host.name: host for host in hosts}, folder / "own_known_hosts")


async def refusal(folder: Path, host: Host, *hosts: Host) -> HostError:
    """What it says of a host that can't be reached."""
    transport = transport_for(folder, host, *hosts)
    with pytest.raises(HostError) as caught:
        await transport.connect(host)
    await transport.close()
    return caught.value


async def test_a_connection_that_breaks_ends_the_pulse_in_words(tmp_path: Path) -> None:
    async with ssh_server(tmp_path) as server:
        transport = transport_for(tmp_path, server.host)
        connection = await transport.connect(server.host)

        async def follow() -> None:
            async with aclosing(connection.pulse(PULSE, 1)) as beats:
                async for _ in beats:
                    server.behaviour.drop_all()

        with pytest.raises(HostError) as caught:
            await follow()
        assert caught.value.problem.kind is ProblemKind.LOST
        assert caught.value.problem.text.startswith("connection lost")
        await connection.close()
        await transport.close()


async def test_nothing_runs_on_after_the_end(tmp_path: Path) -> None:
    async with ssh_server(tmp_path) as server:
        transport = transport_for(tmp_path, server.host)
        connection = await transport.connect(server.host)
        async with aclosing(connection.pulse(PULSE, 1)) as beats:
            await anext(beats)
            assert len(server.behaviour.pids) == 1
        await connection.close()
        await transport.close()
        await wait_for(lambda: not server.behaviour.pids, what="the end of all remote shells")


async def test_a_login_of_its_own_tells_how_long_it_took_or_why_not(tmp_path: Path) -> None:
    async with ssh_server(tmp_path) as server:
        transport = transport_for(tmp_path, server.host)
        assert 0 < await transport.log_in(server.host) < 30
        server.behaviour.refuse_login = True
        with pytest.raises(HostError) as caught:
            await transport.log_in(server.host)
        await transport.close()
    assert caught.value.problem.kind is ProblemKind.AUTH
    assert "ssh 127.0.0.1" in caught.value.problem.hint


async def test_a_refused_login_and_a_closed_port_have_their_words(tmp_path: Path) -> None:
    async with ssh_server(tmp_path, Behaviour(refuse_login=True)) as server:
        assert (await refusal(tmp_path, server.host)).problem.kind is ProblemKind.AUTH
    assert (await refusal(tmp_path, server.host)).problem.kind is ProblemKind.REFUSED


async def test_an_account_without_a_shell_says_so(tmp_path: Path) -> None:
    async with ssh_server(tmp_path, Behaviour(instead="exit")) as nologin:
        transport = transport_for(tmp_path, nologin.host)
        connection = await transport.connect(nologin.host)
        with pytest.raises(HostError) as caught:
            await anext(connection.pulse(PULSE, 1))
        await connection.close()
        with pytest.raises(HostError) as refused:
            await transport.log_in(nologin.host)
        await transport.close()
    assert caught.value.problem.kind is ProblemKind.ACCOUNT
    assert "This account is currently not available" in caught.value.problem.text
    assert refused.value.problem.kind is ProblemKind.ACCOUNT


async def test_an_unknown_host_key_is_refused_or_accepted_once_and_pinned(tmp_path: Path) -> None:
    async with ssh_server(tmp_path) as server:
        empty = tmp_path / "empty"
        empty.write_text("")
        strict = replace(server.host, known_hosts=(str(empty),))
        assert (await refusal(tmp_path, strict)).problem.kind is ProblemKind.HOST_KEY_UNKNOWN
        trusting = replace(strict, host_key=HostKeyPolicy.ACCEPT_NEW)
        transport = transport_for(tmp_path, trusting)
        connection = await transport.connect(trusting)
        await connection.close()
        await transport.close()
        assert "127.0.0.1" in (tmp_path / "own_known_hosts").read_text()
        assert empty.read_text() == ""
    async with ssh_server(tmp_path / "other") as other:
        # another key at the same address
        same_place = replace(trusting, port=other.host.port, keys=other.host.keys)
        pinned = (tmp_path / "own_known_hosts").read_text().replace(_port(server), _port(other))
        (tmp_path / "own_known_hosts").write_text(pinned)
        problem = (await refusal(tmp_path, same_place)).problem
    assert problem.kind is ProblemKind.HOST_KEY_CHANGED


def _port(server: TestServer) -> str:
    return f"]:{server.host.port} "


async def test_a_host_behind_a_bastion_is_reached_and_a_dead_bastion_is_the_culprit(
    tmp_path: Path,
) -> None:
    async with (
        ssh_server(tmp_path / "a", name="bastion") as bastion,
        ssh_server(tmp_path / "b", name="vault1") as inner,
    ):
        vault = replace(inner.host, jump="bastion")
        transport = transport_for(tmp_path, vault, bastion.host)
        connection = await transport.connect(vault)
        done = await connection.execute(b"echo in\n", timeout_s=10, max_bytes=100)
        assert done.stdout == b"in\n"
        assert len(bastion.behaviour.connections) == 1
        await connection.close()
        await transport.close()
        bastion.behaviour.refuse_login = True
        problem = (await refusal(tmp_path, vault, bastion.host)).problem
    assert (problem.kind, problem.culprit) == (ProblemKind.JUMP, "bastion")
    assert problem.text.startswith("behind bastion: login refused")
