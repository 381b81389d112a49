"""Hosts of an imported ssh config are reached as ssh reaches them: includes, aliases, jumps."""

from __future__ import annotations

import shutil
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from opsdash.config.hosts import load_fleet
from opsdash.config.importers.imported import rendered
from opsdash.config.importers.ssh_config import read_ssh_config
from opsdash.transport.ssh.transport import SshTransport
from tests.ssh_server import TestServer, ssh_server

pytestmark = pytest.mark.skipif(shutil.which("ssh") is None, reason="no OpenSSH client here")


def block(name: str, server: TestServer, *more: str) -> str:
    """The Host block of a server."""
    key, known_hosts, port = server.host.keys[0], server.known_hosts, server.host.port
    lines = [
        f"Host {name}",
        f"HostName 127.0.0.1\n  Port={port}\n  IdentityFile {key}",
        f'UserKnownHostsFile "{known_hosts}"',
        *more,
    ]
    return "\n  ".join(lines) + "\n"


async def test_every_host_is_reached_through_the_hosts_that_its_config_names(
    tmp_path: Path,
) -> None:
    async with AsyncExitStack() as stack:
        gate, mid, inner = [
            await stack.enter_async_context(ssh_server(tmp_path / name, name=name))
            for name in ("gate", "mid", "inner")
        ]
        config = tmp_path / "config"
        (tmp_path / "inner.conf").write_text(
            block("behind", inner, "ProxyJump gate")
            + block("chained", inner, "ProxyJump gate,mid")
            + block("by-default", inner)
            + block("undone", inner, "ProxyJump none")
        )
        (tmp_path / "inner.conf").chmod(0o600)
        config.write_text(
            f"Include {tmp_path}/inner.conf\n"
            + block("gate", gate, "ProxyJump none")
            + block("mid", mid, "ProxyJump gate")
            + f"Match originalhost undone,nobody\n  User {inner.host.user}\n"
            + f"Host *\n  User {inner.host.user}\n  ProxyJump gate\n"
        )
        config.chmod(0o600)
        assert await names_that_answer(config, tmp_path) == {
            *("behind", "chained", "by-default", "undone", "gate", "mid")
        }
        assert len(mid.behaviour.connections) == 1
        assert len(gate.behaviour.connections) == 1


async def names_that_answer(config: Path, folder: Path) -> set[str]:
    """The hosts behind a config that run a command."""
    hosts_file = folder / "hosts.yaml"
    hosts_file.write_text(rendered(read_ssh_config(config)))
    hosts_file.chmod(0o600)
    fleet = load_fleet(hosts_file)
    transport = SshTransport(fleet.hosts, folder / "own_known_hosts")
    found: set[str] = set()
    for name in fleet.hosts:
        connection = await transport.connect(fleet.hosts[name])
        done = await connection.execute(b"exit 7\n", timeout_s=10, max_bytes=100)
        found |= {name} if done.status == 7 else set()
        await connection.close()
    await transport.close()
    return found
