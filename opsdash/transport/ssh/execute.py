"""A script of our own over SSH: run to its end, so that the end is known and nothing stays behind.

What a person orders takes more than this: see transport/orders.py.
"""

from __future__ import annotations

import asyncio
from time import monotonic

import asyncssh

from opsdash.core.errors import HostError
from opsdash.core.problem import Problem, ProblemKind
from opsdash.transport.base import Completed
from opsdash.transport.ssh.talk import talk

_LEAST_ERRORS_BYTES = 65_536
_NO_STATUS = 1 << 16
_ENDED_BY_US = -15


class _Both:
    """Both outputs of a script, each up to its cap."""

    def __init__(self, max_bytes: int) -> None:
        self._caps = (max_bytes, max(max_bytes, _LEAST_ERRORS_BYTES))
        self.kept = (bytearray(), bytearray())
        self.status = _NO_STATUS
        self.truncated = False
        self.gone = False
        self.over = asyncio.Event()

    def feed(self, data: bytes) -> None:
        """Output."""
        self._keep(0, data)

    def complain(self, data: bytes) -> None:
        """Error output."""
        self._keep(1, data)

    def end(self) -> None:
        """The channel is gone."""
        self.gone = True
        self.over.set()

    def _keep(self, which: int, data: bytes) -> None:
        kept, cap = self.kept[which], self._caps[which]
        room = cap - len(kept)
        kept += data[:room]
        if len(data) > room:
            self.truncated = True
            self.over.set()


async def execute(
    connection: asyncssh.SSHClientConnection, script: bytes, *, timeout_s: float, max_bytes: int
) -> Completed:
    """Run a POSIX sh script to its end, its output capped at `max_bytes`; HostError (TIMEOUT) with
    what it had said when it takes longer, and (LOST) when the connection breaks.
    """
    both, began = _Both(max_bytes), monotonic()
    try:
        later_s = timeout_s + 1  # it is our own deadline that counts
        async with asyncio.timeout(timeout_s), talk(connection, both, open_s=later_s) as channel:
            channel.write(b"exec /bin/sh -s\n" + script)
            channel.write_eof()
            try:
                await both.over.wait()
            finally:
                if not both.gone:
                    channel.terminate()
    except TimeoutError:
        text = f"no answer within {timeout_s:.0f}s"
        raise HostError(Problem(ProblemKind.TIMEOUT, text), bytes(both.kept[0])) from None
    stdout, stderr, took_s = bytes(both.kept[0]), bytes(both.kept[1]), monotonic() - began
    if both.truncated:
        return Completed(_ENDED_BY_US, stdout, stderr, truncated=True, took_s=took_s)
    if both.status == _NO_STATUS:
        raise HostError(Problem(ProblemKind.LOST, "the connection broke in mid-command"))
    return Completed(both.status, stdout, stderr, took_s=took_s)
