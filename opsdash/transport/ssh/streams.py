"""Streams over SSH: each on a channel of its own of the one connection."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager
from functools import cached_property

import asyncssh

from opsdash.transport.base import Piece
from opsdash.transport.channel import Listener, Shell, Talk
from opsdash.transport.ssh.talk import talk
from opsdash.transport.streaming import Streams


class MakesStreams:
    """What a connection over SSH does to follow what a script says."""

    _connection: asyncssh.SSHClientConnection

    @cached_property
    def _streams(self) -> Streams:
        return Streams()

    def stream(
        self, script: bytes, *, beat_s: float, endless: bool = False
    ) -> AsyncGenerator[Piece, None]:
        """A stream by a channel of its own."""

        def start(listener: Listener, shell: Shell) -> AbstractAsyncContextManager[Talk]:
            return talk(self._connection, listener, shell)

        return self._streams.over(start, script, beat_s)
