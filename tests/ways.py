"""A connection by each way to a host: this machine, SSH, the system's ssh, and a recording."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from opsdash.core.discover import collectors
from opsdash.core.host import Host, Way
from opsdash.core.plugin import Tier
from opsdash.core.reading import Output
from opsdash.transport.base import Connection
from opsdash.transport.frames import pulse_files
from opsdash.transport.local import LocalTransport
from opsdash.transport.openssh.transport import OpensshTransport
from opsdash.transport.replay import Recording, ReplayTransport
from opsdash.transport.ssh.transport import SshTransport
from tests.ssh_server import Behaviour, ssh_server

PULSE = [c for c in collectors().values() if c.tier is Tier.PULSE]


def record() -> Recording:
    """What this machine's own files and shell would say."""
    contents = {}
    for path in pulse_files(PULSE):
        if Path(path).is_file():
            contents[path] = Path(path).read_bytes()
    return Recording((contents,), {"os": Output(b"ID=debian\n---\n6.1\nx86_64\n")})


@asynccontextmanager
async def reached(
    way: str, folder: Path, behaviour: Behaviour | None = None
) -> AsyncGenerator[Connection, None]:
    """A connection by each way."""
    if way == "local":
        yield await LocalTransport().connect(Host("here", way=Way.LOCAL))
    elif way == "replay":
        yield await ReplayTransport({"web1": record()}).connect(Host("web1", way=Way.REPLAY))
    else:
        async with ssh_server(folder, behaviour) as server:
            hosts, own = {"web1": server.host}, folder / "own_known_hosts"
            by_itself = way == "ssh"
            transport = SshTransport(hosts, own) if by_itself else OpensshTransport(hosts, own)
            connection = await transport.connect(server.host)
            yield connection
            await connection.close()
            await transport.close()


WAYS = pytest.mark.parametrize("way", ["local", "ssh", "openssh", "replay"])
RUNS = pytest.mark.parametrize("way", ["local", "ssh", "openssh"])
