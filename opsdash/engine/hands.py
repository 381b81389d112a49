"""Hands that reach the hosts of a plan: the session's connections, or some of their own."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from typing import Protocol

from opsdash.core.host import Host
from opsdash.transport.base import Completed, Heard, Order
from opsdash.transport.tcp import Tcp


class Hand(Protocol):
    """One host, held for as long as a plan has something to do there. HostError: it can't be."""

    @property
    def host(self) -> Host:
        """Who it is."""
        ...

    async def run(self, order: Order, heard: Heard | None = None) -> Completed:
        """Run a script to its end, as root if it says so. HostError (TIMEOUT) when its time is over
        and (DENIED) when it may not be run as root. Cancelled, it ends what runs there.
        """
        ...

    async def execute(self, script: bytes, *, timeout_s: float, max_bytes: int) -> Completed:
        """Run a short script of our own, as the user who logs in: cheaper than run(). HostError."""
        ...

    async def open_tcp(self, host: str, port: int) -> Tcp:
        """Let the host make a TCP connection, as Connection.open_tcp(). HostError."""
        ...

    async def renew(self) -> None:
        """Reach the host anew: it was restarted, or the connection is of no use any more."""
        ...


class Hands(Protocol):
    """The way to all hosts of a plan."""

    def hold(self, name: str) -> AbstractAsyncContextManager[Hand]:
        """Reach a host and hold it for the length of the block; HostError says why not."""
        ...

    def address(self, name: str) -> str:
        """The address of a host of the fleet, as the hosts file gives it; HostError."""
        ...

    async def run_here(self, order: Order, heard: Heard | None = None) -> Completed:
        """Run a script on this machine."""
        ...
