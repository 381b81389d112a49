"""A real SSH server inside the test, which behaves as badly as it is told to."""

from __future__ import annotations

import asyncio
import os
import signal
from asyncio.subprocess import Process
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import asyncssh

from opsdash.core.host import Host


@dataclass
class Behaviour:
    """How the server treats its clients; the plain one is an ordinary host.

    `before` is sent before any command's output. `instead` replaces the output of every command:
    hang, drop, garbage, endless, exit. `slow_s` delays every command. Running shells are in
    `pids`. So many connections as `close_next` says are cut at once. `certified` shows a
    certificate of a CA that known_hosts trusts, in place of a key. Only one that `forwards` makes
    connections for others.
    """

    before: bytes = b""
    instead: str = ""
    slow_s: float = 0.0
    refuse_login: bool = False
    certified: bool = False
    banner: str = ""
    close_next: int = 0
    forwards: bool = True
    connections: list[asyncssh.SSHServerConnection] = field(default_factory=list)
    pids: set[int] = field(default_factory=set)

    def drop_all(self) -> None:
        """Cut every connection at once, as a host that dies does."""
        for connection in self.connections:
            connection.abort()
        self.connections.clear()


@dataclass(frozen=True)
class TestServer:
    """Where the server listens, and the Host that reaches it."""

    __test__ = False

    host: Host
    behaviour: Behaviour
    host_key: asyncssh.SSHKey
    known_hosts: Path


class _Login(asyncssh.SSHServer):
    def __init__(self, behaviour: Behaviour) -> None:
        self._behaviour = behaviour
        self._connection: asyncssh.SSHServerConnection | None = None

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._connection = conn
        self._behaviour.connections.append(conn)
        if self._behaviour.close_next:
            self._behaviour.close_next -= 1
            conn.abort()

    def begin_auth(self, username: str) -> bool:
        if self._behaviour.banner and self._connection is not None:
            self._connection.send_auth_banner(self._behaviour.banner)
        return True

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        return not self._behaviour.refuse_login

    def public_key_auth_supported(self) -> bool:
        return True

    def connection_requested(
        self, dest_host: str, dest_port: int, orig_host: str, orig_port: int
    ) -> bool:
        if not self._behaviour.forwards:
            code = asyncssh.OPEN_ADMINISTRATIVELY_PROHIBITED
            raise asyncssh.ChannelOpenError(code, "open failed")
        return True


async def _serve(process: asyncssh.SSHServerProcess[bytes], behaviour: Behaviour) -> None:
    match behaviour.instead:
        case "hang":
            await process.stdin.read()
        case "drop":
            process.stdout.write(b"\x1e half a frame")
            behaviour.drop_all()
        case "garbage":
            process.stdout.write(bytes(range(256)) * 40)
        case "endless":
            with suppress(BrokenPipeError, ConnectionError, asyncssh.Error):
                while not process.is_closing():
                    process.stdout.write(b"y\n" * 8192)
                    await process.stdout.drain()
        case "exit":
            process.stderr.write(b"This account is currently not available.\n")
            process.exit(1)
            return
        case _:
            await _run_shell(process, behaviour)
            return
    process.close()


async def _run_shell(process: asyncssh.SSHServerProcess[bytes], behaviour: Behaviour) -> None:
    if behaviour.before:
        process.stdout.write(behaviour.before)
    child = await asyncio.create_subprocess_exec(
        "/bin/sh",
        "-c",
        process.command or ":",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    assert child.stdin
    assert child.stdout
    assert child.stderr
    behaviour.pids.add(child.pid)
    # as sshd does since 7.9: a signal from the client ends the command
    process.signal_received = lambda signal: _hang_up(child)  # type: ignore[method-assign]
    feeding = asyncio.create_task(_feed(process, child))
    try:
        await asyncio.gather(
            _pump(child.stdout, process.stdout), _pump(child.stderr, process.stderr)
        )
        status = await child.wait()
        process.exit(max(0, status))
    finally:
        feeding.cancel()
        await asyncio.wait([feeding])
        _hang_up(child)
        # its end is only noticed when its pipes have been read to theirs
        await asyncio.gather(child.stdout.read(), child.stderr.read())
        await child.wait()
        behaviour.pids.discard(child.pid)


async def _feed(process: asyncssh.SSHServerProcess[bytes], child: Process) -> None:
    """The client's input to the child, until the client ends it or is gone."""
    assert child.stdin
    try:
        with suppress(ConnectionError, asyncssh.Error):
            while data := await process.stdin.read(65_536):
                child.stdin.write(data)
                await child.stdin.drain()
    finally:
        child.stdin.close()  # whatever ended it, the command must see the end of its input


async def _pump(source: asyncio.StreamReader, sink: asyncssh.SSHWriter[bytes]) -> None:
    with suppress(ConnectionError, asyncssh.Error):
        while data := await source.read(65_536):
            sink.write(data)
            await sink.drain()


def _hang_up(child: Process) -> None:
    if child.returncode is None:
        with suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGTERM)


async def end_server(
    server: asyncssh.SSHAcceptor, connections: Sequence[asyncssh.SSHServerConnection]
) -> None:
    """Cut every connection and wait until all that they held open is closed."""
    server.close()
    for connection in connections:
        connection.abort()
    for connection in connections:
        await connection.wait_closed()
    await server.wait_closed()
    for _ in range(3):
        await asyncio.sleep(0)  # sockets of forwarded connections close in the loop's next turns


@asynccontextmanager
async def ssh_server(
    folder: Path, behaviour: Behaviour | None = None, *, name: str = "web1"
) -> AsyncGenerator[TestServer, None]:
    """A server on a free port of the loopback, and a Host with key and known_hosts for it."""
    behaviour = behaviour or Behaviour()
    folder.mkdir(exist_ok=True, parents=True)
    host_key = asyncssh.generate_private_key("ssh-ed25519")
    user_key = asyncssh.generate_private_key("ssh-ed25519")
    key_file = folder / "id_ed25519"
    key_file.write_bytes(user_key.export_private_key())
    key_file.chmod(0o600)

    async def serve(process: asyncssh.SSHServerProcess[bytes]) -> None:
        if behaviour.slow_s:
            await asyncio.sleep(behaviour.slow_s)
        await _serve(process, behaviour)

    ca_key = asyncssh.generate_private_key("ssh-ed25519")
    shown: object = host_key
    if behaviour.certified:
        signed = ca_key.generate_host_certificate(host_key, name, principals=["127.0.0.1"])
        shown = (host_key, signed)
    server = await asyncssh.listen(
        "127.0.0.1",
        0,
        server_host_keys=[shown],
        server_factory=lambda: _Login(behaviour),
        process_factory=serve,
        encoding=None,
    )
    port = server.get_port()
    known_hosts = folder / "known_hosts"
    listed = ca_key if behaviour.certified else host_key
    marker = "@cert-authority " if behaviour.certified else ""
    public = listed.export_public_key().decode().strip()
    known_hosts.write_text(f"{marker}[127.0.0.1]:{port} {public}\n")
    config = folder / "ssh_config"
    config.write_text("")
    host = Host(
        name,
        address="127.0.0.1",
        port=port,
        user="ops",
        keys=(str(key_file),),
        known_hosts=(str(known_hosts),),
        ssh_config=str(config),
        interval_s=1,
    )
    try:
        yield TestServer(host, behaviour, host_key, known_hosts)
    finally:
        await end_server(server, behaviour.connections)
