"""The pulse over SSH: one long-lived remote loop on one channel of one long-lived connection."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager, suppress

import asyncssh

from opsdash.core.errors import HostError
from opsdash.core.plugin import Collector
from opsdash.core.reading import Reading
from opsdash.transport import pulse as pulse_module
from opsdash.transport.frames import BOOT
from opsdash.transport.pulse import Frames, Send, pulse_over
from opsdash.transport.ssh.dial import KEEPALIVE_S
from opsdash.transport.ssh.problems import CAUGHT, explain


class PulseSession(asyncssh.SSHClientSession[bytes]):
    """The channel of the remote loop."""

    def __init__(self, frames: Frames) -> None:
        self._frames = frames

    def data_received(self, data: bytes, datatype: int | None) -> None:
        """Output is frames; error output is kept for the error text."""
        if datatype is None:
            self._frames.feed(data)
        else:
            self._frames.complain(data)

    def connection_lost(self, exc: Exception | None) -> None:
        """The channel is gone."""
        self._frames.end()

    def eof_received(self) -> bool:
        """The loop has ended over there."""
        self._frames.end()
        return False

    def exit_status_received(self, status: int) -> None:
        """The loop's exit status: anything but 0 was not our lease running out."""
        self._frames.status = status


def pulse(
    connection: asyncssh.SSHClientConnection,
    host: str,
    collectors: Sequence[Collector],
    interval_s: float,
) -> AsyncGenerator[list[Reading], None]:
    """The readings of a host's pulse, every `interval_s` seconds; HostError when it breaks."""

    @asynccontextmanager
    async def start(frames: Frames) -> AsyncGenerator[Send, None]:
        try:
            async with asyncio.timeout(pulse_module.FIRST_ANSWER_S):
                channel, _ = await connection.create_session(
                    lambda: PulseSession(frames), BOOT, encoding=None
                )
        except CAUGHT as error:
            raise HostError(explain(error, host)) from error

        def send(data: bytes) -> None:
            with suppress(*CAUGHT):  # a channel that is gone says so to the frames, and why
                channel.write(data)

        if interval_s < KEEPALIVE_S:
            # the pulse itself is the sign of life, and each packet would set the timer anew
            connection.set_keepalive(0)
        try:
            yield send
        finally:
            connection.set_keepalive(KEEPALIVE_S)
            with suppress(*CAUGHT):
                channel.write_eof()
            channel.close()

    return pulse_over(start, host, collectors, interval_s)
