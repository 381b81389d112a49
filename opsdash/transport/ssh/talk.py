"""A program on a host, by a channel of its own on a connection that stands."""

from __future__ import annotations

import asyncio
import signal as signals
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress

import asyncssh

from opsdash.core.errors import HostError
from opsdash.core.problem import Problem, ProblemKind
from opsdash.transport.channel import READS_BOOT, Listener, Shell, Talk
from opsdash.transport.ssh.problems import CAUGHT, explain

OPEN_S = 15.0
"""How long the host may take to give a channel."""

FAREWELL_S = 1.0


class _Session(asyncssh.SSHClientSession[bytes]):
    """Passes on to a listener what comes on a channel, and knows whether more may be written."""

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self.writable = asyncio.Event()
        self.writable.set()
        self.gone = asyncio.Event()

    def data_received(self, data: bytes, datatype: int | None) -> None:
        """Output, or error output."""
        if datatype is None:
            self._listener.feed(data)
        else:
            self._listener.complain(data)

    def exit_status_received(self, status: int) -> None:
        """It has ended by itself."""
        self._listener.status = status

    def exit_signal_received(self, signal: str, core_dumped: bool, msg: str, lang: str) -> None:
        """It was killed."""
        number = getattr(signals, f"SIG{signal}", signals.SIGKILL)
        self._listener.status = -int(number)

    def connection_lost(self, exc: Exception | None) -> None:
        """The channel is gone."""
        self.gone.set()
        self.writable.set()
        self._listener.end()

    def pause_writing(self) -> None:
        """Much that was written has not been sent yet."""
        self.writable.clear()

    def resume_writing(self) -> None:
        """Most of it has been sent."""
        self.writable.set()


class _ChannelTalk:
    """The input of what runs on a channel; one that is gone says so to the listener."""

    def __init__(self, channel: asyncssh.SSHClientChannel[bytes], session: _Session) -> None:
        self._channel = channel
        self._session = session

    def write(self, data: bytes) -> None:
        with suppress(*CAUGHT):
            self._channel.write(data)

    async def drain(self) -> None:
        await self._session.writable.wait()

    def write_eof(self) -> None:
        with suppress(*CAUGHT):
            self._channel.write_eof()

    def terminate(self) -> None:
        """By a signal, which not every server passes on, and none to what became root."""
        with suppress(*CAUGHT):
            self._channel.terminate()

    def pause(self) -> None:
        self._channel.pause_reading()

    def resume(self) -> None:
        self._channel.resume_reading()


@asynccontextmanager
async def talk(
    connection: asyncssh.SSHClientConnection,
    listener: Listener,
    shell: Shell = READS_BOOT,
    *,
    open_s: float = OPEN_S,
    farewell_s: float = FAREWELL_S,
) -> AsyncGenerator[Talk, None]:
    """Start a shell for as long as the block lasts; HostError when there is no channel for it
    within `open_s` seconds. Its end is waited for up to `farewell_s`.
    """
    session = _Session(listener)
    try:
        async with asyncio.timeout(open_s):
            channel, _ = await connection.create_session(
                lambda: session,
                shell.command,
                encoding=None,
                window=shell.window_bytes,
                request_pty=shell.on_tty,
                term_type="dumb" if shell.on_tty else None,
            )
    except asyncssh.ChannelOpenError as error:
        raise HostError(_no_channel(connection)) from error
    except CAUGHT as error:
        raise HostError(explain(error, "the host")) from error
    try:
        yield _ChannelTalk(channel, session)
    finally:
        with suppress(*CAUGHT):
            channel.close()
        # sshd counts it among the sessions until it is closed on both sides
        with suppress(TimeoutError):
            async with asyncio.timeout(farewell_s):
                await session.gone.wait()


def _no_channel(connection: asyncssh.SSHClientConnection) -> Problem:
    if connection.is_closed():
        return Problem(ProblemKind.LOST, "connection lost")
    return Problem(ProblemKind.SESSION, "sshd allows no further session (MaxSessions)")
