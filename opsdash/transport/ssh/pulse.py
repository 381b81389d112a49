"""The pulse over SSH: one long-lived remote loop on one channel of one long-lived connection."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager

import asyncssh

from opsdash.core.plugin import Collector
from opsdash.core.reading import Reading
from opsdash.transport import pulse as pulse_module
from opsdash.transport.pulse import Frames, Send, pulse_over
from opsdash.transport.ssh.dial import KEEPALIVE_S
from opsdash.transport.ssh.talk import talk


def pulse(
    connection: asyncssh.SSHClientConnection,
    host: str,
    collectors: Sequence[Collector],
    interval_s: float,
) -> AsyncGenerator[list[Reading], None]:
    """The readings of a host's pulse, every `interval_s` seconds; HostError when it breaks."""

    @asynccontextmanager
    async def start(frames: Frames) -> AsyncGenerator[Send, None]:
        opened = talk(connection, frames, open_s=pulse_module.FIRST_ANSWER_S, farewell_s=0)
        async with opened as channel:
            if interval_s < KEEPALIVE_S:
                # the pulse itself is the sign of life, and each packet would set the timer anew
                connection.set_keepalive(0)
            try:
                yield channel.write
            finally:
                connection.set_keepalive(KEEPALIVE_S)
                channel.write_eof()

    return pulse_over(start, host, collectors, interval_s)
