"""An examination of hosts over SSH: the product's own way in, with every event put into words."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

import asyncssh

from opsdash.core.errors import HostError
from opsdash.core.examination import Examination
from opsdash.core.host import Host
from opsdash.core.prompts import Asker
from opsdash.transport.base import Connection
from opsdash.transport.ssh.dial import Dialer
from opsdash.transport.ssh.examined_way import ExaminedWay
from opsdash.transport.ssh.login import May
from opsdash.transport.ssh.resolve import resolve
from opsdash.transport.ssh.sources import ask_ssh_where
from opsdash.transport.ssh.trace import Trace
from opsdash.transport.ssh.transport import SshTransport


@dataclass(frozen=True, slots=True)
class Shared:
    """What an examination has in common with the transport that it examines for."""

    hosts: Mapping[str, Host]
    dialer: Dialer
    asker: Asker


class _Examining(SshTransport):
    """A transport of connections of its own, each of which is told of."""

    def __init__(self, shared: Shared, exam: Examination, may: May) -> None:
        own = shared.dialer.known_hosts
        # its own places among the handshakes: nothing here waits for a busy fleet
        dialer = Dialer(own, shared.asker, shared.dialer.keys)
        super().__init__(shared.hosts, own.own_file, shared.asker, dialer)
        self._known = own
        self._exam = exam
        self._may = may
        self._traces: dict[str, ExaminedWay] = {}

    def _may_ask(self, host: Host) -> May:
        return self._may

    def _trace(self, host: Host) -> Trace:
        return self._traces[host.name]

    async def _dial(self, host: Host, may: May) -> asyncssh.SSHClientConnection:
        trace = self._traces[host.name] = ExaminedWay(host, self._exam)
        try:
            route = await resolve(host)
            trace.ssh_says = await ask_ssh_where(host)
            trace.entries = await asyncio.to_thread(self._known.entries, route)
            return await super()._dial(host, may)
        except HostError as error:
            trace.failed(error.problem)
            raise


@asynccontextmanager
async def examined(
    shared: Shared, host: Host, exam: Examination, *, ask: bool
) -> AsyncGenerator[Connection, None]:
    """A connection of its own to a host, through jump hosts of its own, each stage reported.

    With `ask` a person may be asked for whatever the login takes. HostError when it fails; what
    failed has been reported by then.
    """
    transport = _Examining(shared, exam, May.ANYTHING if ask else May.NOTHING)
    try:
        yield await transport.connect(host)
    finally:
        await transport.close()
