"""TLS over a connection of any kind: this machine's own, or one that a host makes for us."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache
from threading import Lock
from time import monotonic
from typing import TypeVar

from opsdash.transport.tcp import Tcp

T = TypeVar("T")

CHUNK_BYTES = 16_384
TRUST_READ_EVERY_S = 600
_reading = Lock()


class _Ended(ConnectionResetError):
    """The other side has ended the connection."""


class TlsTcp:
    """One connection with TLS in it. ssl.SSLError when the other side does not speak it, or is not
    trusted; ConnectionError when it breaks.
    """

    def __init__(self, under: Tcp, context: ssl.SSLContext, name: str) -> None:
        self._under = under
        self._came, self._goes = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self._came, self._goes, server_hostname=name)

    async def shake(self) -> None:
        """Agree on how it is spoken, which comes first."""
        await self._done(self.tls.do_handshake)

    async def read(self, most: int) -> bytes:
        """Some bytes; none: nothing more comes. Many servers close without a word of TLS."""
        try:
            return await self._done(lambda: self.tls.read(most))
        except (ssl.SSLZeroReturnError, _Ended):
            return b""

    async def write(self, data: bytes) -> None:
        """Send."""
        await self._done(lambda: self.tls.write(data))

    def write_eof(self) -> None:
        """TLS has no half that could end alone."""

    async def close(self) -> None:
        """End it; never raises."""
        await self._under.close()

    async def _done(self, act: Callable[[], T]) -> T:
        """Do it, and whatever has to go to and fro for it."""
        while True:
            try:
                outcome = act()
            except ssl.SSLWantReadError:
                await self._send()
                data = await self._under.read(CHUNK_BYTES)
                if not data:
                    raise _Ended("it closed the connection") from None
                self._came.write(data)
            except ssl.SSLError:
                with suppress(OSError):  # the other side is told why, if it still listens
                    await self._send()
                raise
            else:
                await self._send()
                return outcome

    async def _send(self) -> None:
        if data := self._goes.read():
            await self._under.write(data)


def trusting() -> ssl.SSLContext:
    """TLS with whom this machine trusts: read again now and then, since it takes 45 ms."""
    with _reading:
        return _trusting_since(int(monotonic() // TRUST_READ_EVERY_S))


@lru_cache(maxsize=1)
def _trusting_since(_turn: int) -> ssl.SSLContext:
    return ssl.create_default_context()


@lru_cache(maxsize=1)
def anything() -> ssl.SSLContext:
    """TLS with whoever answers: what is shown is looked at, not trusted."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
