"""Every way in which a host can fail to answer is told apart, and none of them hangs."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncGenerator
from contextlib import aclosing, asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path

import asyncssh
import pytest

from opsdash.core.discover import collectors
from opsdash.core.errors import HostError
from opsdash.core.host import Host, HostKeyPolicy
from opsdash.core.plugin import Tier
from opsdash.core.problem import ProblemKind
from opsdash.transport import pulse as pulse_module
from opsdash.transport.ssh import sockets
from opsdash.transport.ssh.transport import SshTransport
from tests.ssh_server import Behaviour, ssh_server
from tests.waiting import wait_for

PULSE = [c for c in collectors().values() if c.tier is Tier.PULSE]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Patience measured in tenths of a second."""
    monkeypatch.setattr(sockets, "BANNER_TIMEOUT_S", 0.3)
    monkeypatch.setattr(sockets, "CONNECT_TIMEOUT_S", 2.0)
    monkeypatch.setattr(pulse_module, "FIRST_ANSWER_S", 0.4)
    monkeypatch.setattr(pulse_module, "SILENT_AFTER_S", 0.4)


async def _watch(transport: SshTransport, host: Host) -> None:
    connection = await transport.connect(host)
    async with aclosing(connection.pulse(PULSE, 0.1)) as pulses:
        async for _ in pulses:
            pass


async def problem_of(host: Host, folder: Path, *others: Host) -> tuple[ProblemKind, str]:
    """Why a host can't be connected to, or why its pulse breaks."""
    transport = SshTransport({h.name: h for h in (host, *others)}, folder / "own_known_hosts")
    try:
        with pytest.raises(HostError) as caught:
            await _watch(transport, host)
    finally:
        await transport.close()
    return caught.value.problem.kind, caught.value.problem.text


async def test_a_closed_port_is_refused(tmp_path: Path) -> None:
    async with ssh_server(tmp_path) as server:
        host = server.host
    kind, text = await problem_of(host, tmp_path)
    assert kind is ProblemKind.REFUSED
    assert f"127.0.0.1:{host.port}" in text


async def test_a_name_that_does_not_resolve_is_a_name_problem(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def nowhere(*args: object, **kwargs: object) -> list[object]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", nowhere, raising=False)
    kind, text = await problem_of(Host("web9", address="web9.example"), tmp_path)
    assert (kind, text) == (ProblemKind.NAME, "name not found: web9.example")


@asynccontextmanager
async def raw_server(first: bytes, *, close: bool) -> AsyncGenerator[Host, None]:
    """A TCP server that says `first` to everybody, then closes or stays silent."""
    done = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(first)
        if not close:
            with suppress(ConnectionError):
                await reader.read()
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()
        done.set()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    yield Host("web1", address="127.0.0.1", port=port, user="ops")
    await done.wait()
    server.close()
    await server.wait_closed()


async def test_a_server_that_accepts_and_says_nothing_has_no_banner(tmp_path: Path) -> None:
    async with raw_server(b"", close=False) as host:
        kind, text = await problem_of(host, tmp_path)
    assert kind is ProblemKind.NO_BANNER
    assert "sshd does not answer" in text


async def test_a_server_that_closes_before_its_banner_has_dropped_us(tmp_path: Path) -> None:
    async with raw_server(b"", close=True) as host:
        kind, _ = await problem_of(host, tmp_path)
    assert kind is ProblemKind.DROPPED


async def test_a_server_that_does_not_speak_ssh_is_said_not_to(tmp_path: Path) -> None:
    async with raw_server(b"HTTP/1.1 400 Bad Request\r\n\r\n", close=True) as host:
        kind, _ = await problem_of(host, tmp_path)
    assert kind in (ProblemKind.DROPPED, ProblemKind.LOST)


async def test_a_key_that_the_host_does_not_take_is_an_auth_problem(tmp_path: Path) -> None:
    behaviour = Behaviour(refuse_login=True, banner="\x1b[31mauthorised only\n")
    async with ssh_server(tmp_path, behaviour) as server:
        kind, text = await problem_of(server.host, tmp_path)
    assert kind is ProblemKind.AUTH
    assert "authorised only" in text
    assert "\x1b" not in text


async def test_an_unknown_host_key_is_refused_with_its_fingerprint(tmp_path: Path) -> None:
    async with ssh_server(tmp_path) as server:
        server.known_hosts.write_text("")
        kind, text = await problem_of(server.host, tmp_path)
        shown = server.host_key.get_fingerprint()
    assert kind is ProblemKind.HOST_KEY_UNKNOWN
    assert shown in text


async def test_a_changed_host_key_is_refused_even_where_new_ones_are_accepted(
    tmp_path: Path,
) -> None:
    async with ssh_server(tmp_path) as server:
        other = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode()
        server.known_hosts.write_text(f"[127.0.0.1]:{server.host.port} {other}")
        lax = replace(server.host, host_key=HostKeyPolicy.ACCEPT_NEW)
        for host in (server.host, lax):
            kind, text = await problem_of(host, tmp_path)
            assert kind is ProblemKind.HOST_KEY_CHANGED
            assert "CHANGED" in text


async def test_a_revoked_host_key_is_refused(tmp_path: Path) -> None:
    async with ssh_server(tmp_path) as server:
        line = server.known_hosts.read_text()
        server.known_hosts.write_text(f"{line}@revoked {line}")
        kind, _ = await problem_of(server.host, tmp_path)
    assert kind is ProblemKind.HOST_KEY_REVOKED


@pytest.mark.parametrize("odd", ["/dev/zero", "fifo"])
async def test_a_file_that_is_no_file_is_not_read_for_ever(tmp_path: Path, odd: str) -> None:
    os.mkfifo(tmp_path / "fifo")
    path = odd if odd.startswith("/") else str(tmp_path / odd)
    async with ssh_server(tmp_path / "s") as server:
        keyless = replace(server.host, keys=(path,))
        kind, text = await problem_of(keyless, tmp_path)
        assert kind is ProblemKind.KEY_FILE
        assert path in text
        unlisted = replace(server.host, known_hosts=(path,))
        kind, _ = await problem_of(unlisted, tmp_path)
        assert kind is ProblemKind.HOST_KEY_UNKNOWN


async def test_a_bad_line_in_known_hosts_costs_that_line_only(tmp_path: Path) -> None:
    async with ssh_server(tmp_path) as server:
        good = server.known_hosts.read_text()
        server.known_hosts.write_text(f"nonsense\n|2|bad= ssh-rsa AAAA\n@what x y\n{good}")
        transport = SshTransport({"web1": server.host}, tmp_path / "own")
        connection = await transport.connect(server.host)
        done = await connection.execute(b"echo up\n", timeout_s=5, max_bytes=100)
        await transport.close()
    assert done.stdout == b"up\n"


async def test_a_new_key_is_accepted_once_and_kept_where_the_policy_says_so(
    tmp_path: Path,
) -> None:
    own = tmp_path / "state" / "known_hosts"
    async with ssh_server(tmp_path) as server:
        server.known_hosts.write_text("")
        host = replace(server.host, host_key=HostKeyPolicy.ACCEPT_NEW)
        for _ in range(2):
            transport = SshTransport({"web1": host}, own)
            await transport.connect(host)
            await transport.close()
        strict = SshTransport({"web1": server.host}, own)
        await strict.connect(server.host)
        await strict.close()
    assert len(own.read_text().splitlines()) == 1
    assert own.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("instead", ["hang", "garbage", "drop", "endless", "exit"])
async def test_a_host_that_misbehaves_after_login_ends_in_a_problem(
    instead: str, tmp_path: Path
) -> None:
    expected = {
        "hang": {ProblemKind.SILENT},
        "garbage": {ProblemKind.LOST},
        "drop": {ProblemKind.LOST},
        "endless": {ProblemKind.TRUNCATED},
        "exit": {ProblemKind.ACCOUNT},
    }
    async with ssh_server(tmp_path, Behaviour(instead=instead)) as server:
        kind, text = await problem_of(server.host, tmp_path)
    assert kind in expected[instead]
    assert text.isprintable()


async def test_a_connection_that_dies_in_mid_command_is_lost_not_done(tmp_path: Path) -> None:
    async with ssh_server(tmp_path) as server:
        transport = SshTransport({"web1": server.host}, tmp_path / "own")
        connection = await transport.connect(server.host)
        running = asyncio.create_task(
            connection.execute(b"echo part; sleep 60\n", timeout_s=30, max_bytes=1000)
        )
        await wait_for(lambda: bool(server.behaviour.pids), what="the remote shell")
        server.behaviour.drop_all()
        with pytest.raises(HostError) as caught:
            await running
        await transport.close()
    assert caught.value.problem.kind is ProblemKind.LOST


async def test_a_cancelled_command_leaves_no_process_on_the_host(tmp_path: Path) -> None:
    async with ssh_server(tmp_path) as server:
        transport = SshTransport({"web1": server.host}, tmp_path / "own")
        connection = await transport.connect(server.host)
        running = asyncio.create_task(
            connection.execute(b"sleep 60\n", timeout_s=30, max_bytes=1000)
        )
        await wait_for(lambda: bool(server.behaviour.pids), what="the remote shell")
        (pid,) = server.behaviour.pids
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        await transport.close()
        await wait_for(lambda: not _alive(pid), what="the end of the remote shell")
    assert not _alive(pid)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def test_a_host_behind_a_jump_host_shares_its_connection_and_names_it_when_it_is_gone(
    tmp_path: Path,
) -> None:
    async with (
        ssh_server(tmp_path / "jump", name="bastion") as bastion,
        ssh_server(tmp_path / "inner", name="vault1") as inner,
    ):
        vault = replace(inner.host, jump="bastion")
        hosts = {"bastion": bastion.host, "vault1": vault}
        transport = SshTransport(hosts, tmp_path / "own")
        await transport.connect(bastion.host)
        connection = await transport.connect(vault)
        done = await connection.execute(b"echo inside\n", timeout_s=5, max_bytes=100)
        assert done.stdout == b"inside\n"
        assert len(bastion.behaviour.connections) == 1
        await transport.close()
    kind, text = await problem_of(vault, tmp_path, bastion.host)
    assert kind is ProblemKind.JUMP
    assert text.startswith("behind bastion: connection refused")


async def test_the_remote_loop_ends_by_itself_when_grants_stop_coming(tmp_path: Path) -> None:
    async with ssh_server(tmp_path) as server:
        transport = SshTransport({"web1": server.host}, tmp_path / "own")
        connection = await transport.connect(server.host)
        async with aclosing(connection.pulse(PULSE, 1)) as pulses:
            await anext(pulses)
            # nobody asks for more: the lease of two intervals, at least 4 s, runs out over there
            await wait_for(lambda: not server.behaviour.pids, what="the end of the loop")
        await transport.close()
    assert not server.behaviour.pids


async def test_closing_the_pulse_ends_the_remote_loop_at_once(tmp_path: Path) -> None:
    async with ssh_server(tmp_path) as server:
        transport = SshTransport({"web1": server.host}, tmp_path / "own")
        connection = await transport.connect(server.host)
        async with aclosing(connection.pulse(PULSE, 60)) as pulses:
            await anext(pulses)
            assert server.behaviour.pids
        await wait_for(lambda: not server.behaviour.pids, within_s=3, what="the end of the loop")
        await transport.close()


async def test_a_name_that_could_be_an_option_never_reaches_ssh(tmp_path: Path) -> None:
    kind, _ = await problem_of(Host("-oProxyCommand=touch x"), tmp_path)
    assert kind is ProblemKind.CONFIG


async def test_a_cancellation_that_comes_as_the_login_succeeds_is_not_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect = asyncssh.connect

    async def forgetful(*args: object, **options: object) -> object:
        connection = await connect(*args, **options)
        task = asyncio.current_task()
        assert task is not None
        task.cancel()
        with suppress(asyncio.CancelledError):  # as wait_for of Python 3.11 does
            await asyncio.sleep(0)
        return connection

    monkeypatch.setattr(asyncssh, "connect", forgetful)
    async with ssh_server(tmp_path) as server:
        transport = SshTransport({"web1": server.host}, tmp_path / "own")
        connecting = asyncio.create_task(transport.connect(server.host))
        with pytest.raises(asyncio.CancelledError):
            await connecting
        await transport.close()


async def test_a_host_with_a_certificate_is_trusted_by_its_authority(tmp_path: Path) -> None:
    async with ssh_server(tmp_path, Behaviour(certified=True)) as server:
        transport = SshTransport({"web1": server.host}, tmp_path / "own")
        connection = await transport.connect(server.host)
        done = await connection.execute(b"echo up\n", timeout_s=5, max_bytes=100)
        await transport.close()
    assert done.stdout == b"up\n"


async def test_a_server_that_turns_logins_away_is_quoted() -> None:
    async def full(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"Exceeded MaxStartups\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(full, "127.0.0.1", 0)
    async with server:
        with pytest.raises(HostError) as caught:
            await sockets.open_socket("127.0.0.1", server.sockets[0].getsockname()[1])
    assert caught.value.problem.kind is ProblemKind.DROPPED
    assert caught.value.problem.text == "sshd turns logins away: Exceeded MaxStartups"
