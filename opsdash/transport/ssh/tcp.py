"""TCP connections that sshd makes for us: a direct-tcpip channel each."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import asyncssh

from opsdash.core.errors import HostError
from opsdash.core.forward import place
from opsdash.core.host import Host
from opsdash.transport.ssh.problems import CAUGHT, explain
from opsdash.transport.tcp import CLOSE_S, OPEN_S, Tcp, forbidden, not_there, too_slow


class SshTcp:
    """One over such a channel."""

    def __init__(
        self, reader: asyncssh.SSHReader[bytes], writer: asyncssh.SSHWriter[bytes]
    ) -> None:
        self._reader, self._writer = reader, writer

    async def read(self, most: int) -> bytes:
        """Some bytes."""
        try:
            return await self._reader.read(most)
        except asyncssh.Error as error:
            raise ConnectionError(str(error)) from error

    async def write(self, data: bytes) -> None:
        """Send."""
        try:
            self._writer.write(data)
            await self._writer.drain()
        except asyncssh.Error as error:
            raise ConnectionError(str(error)) from error

    def write_eof(self) -> None:
        """Nothing more is sent."""
        with suppress(OSError, asyncssh.Error):
            self._writer.write_eof()

    async def close(self) -> None:
        """End it; what is still on its way may get there."""
        self._writer.close()
        try:
            async with asyncio.timeout(CLOSE_S):
                await self._writer.wait_closed()
        except (OSError, asyncssh.Error, TimeoutError):
            self._writer.channel.abort()


class MakesTcp:
    """The part of a connection to a host that lets it connect to others."""

    _host: Host
    _connection: asyncssh.SSHClientConnection

    async def open_tcp(self, host: str, port: int) -> Tcp:
        """A connection that the host makes, on a channel of its own."""
        return await open_tcp(self._connection, self._host.name, host, port)


async def open_tcp(
    connection: asyncssh.SSHClientConnection, name: str, host: str, port: int
) -> SshTcp:
    """A connection from a host to a port; HostError says why there is none."""
    where = place(host, port)
    try:
        async with asyncio.timeout(OPEN_S):
            reader, writer = await connection.open_connection(host, port, encoding=None)
    except TimeoutError:
        raise HostError(too_slow(where)) from None
    except asyncssh.ChannelOpenError as error:
        if error.code == asyncssh.OPEN_ADMINISTRATIVELY_PROHIBITED:
            raise HostError(forbidden(name, where)) from error
        raise HostError(not_there(where, error.reason)) from error
    except CAUGHT as error:
        raise HostError(explain(error, where)) from error
    return SshTcp(reader, writer)
