"""One running ssh that holds the connection to a host; all that is asked goes through it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from secrets import token_hex

from opsdash.transport.openssh.arguments import PROGRAM
from opsdash.transport.process import talk

STDERR_BYTES = 8_000


class _Heard:
    """What a starting ssh says: whether it is logged in, and what it complains of."""

    def __init__(self, mark: bytes) -> None:
        self._mark = mark
        self._tail = b""
        self._said = bytearray()
        self.status = 0
        self.stands = asyncio.Event()
        self.ended = asyncio.Event()

    def feed(self, data: bytes) -> None:
        self._tail = (self._tail + data)[-len(data) - len(self._mark) :]
        if self._mark in self._tail:
            self.stands.set()

    def complain(self, data: bytes) -> None:
        self._said = (self._said + data)[-STDERR_BYTES:]

    def end(self) -> None:
        self.ended.set()

    @property
    def said(self) -> str:
        return self._said.decode("utf-8", "replace")


_GUARDED = (
    'exec 3<&0; "$@" </dev/null 3<&- & ssh=$!; '
    '{ cat <&3; kill "$ssh"; } >/dev/null 2>&1 & guard=$!; '
    'exec 3<&-; wait "$ssh"; status=$?; kill "$guard" 2>/dev/null; exit "$status"'
)
"""Runs a program until our end of its input closes: however we end, ssh does not outlive us."""


class Master:
    """An ssh that runs nothing on the host: it only carries the channels of others."""

    def __init__(self, argv: Sequence[str], destination: str, socket: Path) -> None:
        mark = token_hex(8)
        told = ["-o", "PermitLocalCommand=yes", "-o", f"LocalCommand=echo {mark}"]
        shared = ["-o", "ControlMaster=yes", "-o", f"ControlPath={socket}"]
        program, rest = argv[: len(PROGRAM)], argv[len(PROGRAM) :]
        ssh = [*program, "-N", *told, *shared, *rest, "--", destination]
        self._argv = ["/bin/sh", "-c", _GUARDED, "sh", *ssh]
        self._heard = _Heard(mark.encode())
        self._running = AsyncExitStack()
        self.socket = socket

    async def start(self, timeout_s: float) -> bool:
        """Whether the login worked; TimeoutError when that is not known in time."""
        await self._running.enter_async_context(talk(self._argv, self._heard))
        waiting = [
            asyncio.create_task(self._heard.stands.wait()),
            asyncio.create_task(self._heard.ended.wait()),
        ]
        try:
            async with asyncio.timeout(timeout_s):
                await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in waiting:
                task.cancel()
        return self._heard.stands.is_set()

    @property
    def alive(self) -> bool:
        """Whether the connection stands, as far as ssh knows."""
        return self._heard.stands.is_set() and not self._heard.ended.is_set()

    async def ends_within(self, seconds: float) -> bool:
        """Whether the connection is gone, or goes within so many seconds."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._heard.ended.wait()
        return not self.alive

    @property
    def said(self) -> str:
        """The error output so far."""
        return self._heard.said

    @property
    def status(self) -> int:
        """The exit status, once it has ended."""
        return self._heard.status

    async def close(self) -> None:
        """End it, and with it every channel."""
        await self._running.aclose()
        self.socket.unlink(missing_ok=True)
