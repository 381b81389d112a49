"""Hands that reach a fleet's hosts: by the session's live connections, or by some of their own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field

from opsdash.core.errors import HostError
from opsdash.core.fleet import Fleet
from opsdash.core.host import Host, Way
from opsdash.core.problem import Problem, ProblemKind
from opsdash.core.text import clean_line
from opsdash.engine.live import LiveConnections
from opsdash.engine.poller import Reach
from opsdash.transport.base import Completed, Connection, Heard, Order, Piece
from opsdash.transport.local import LocalConnection
from opsdash.transport.tcp import Tcp

LIVE_WAIT_S = 30.0
"""How long to wait until the poller has reached a host that it has no connection to."""


@dataclass
class Poll:
    """The poller as hands see it: its connections, and a way to make it try a host at once."""

    live: Callable[[], LiveConnections]
    refresh: Callable[[tuple[str, ...]], None]
    polls: Callable[[], bool]


@dataclass
class _Held:
    """A connection of our own, and how many use it."""

    connection: Connection
    users: int = 0


@dataclass
class FleetHands:
    """Reaches the hosts of the fleet as it is declared now. While a poller is at work its
    connections are used, and it is the one that makes new ones: two connections where one would do
    are never opened. Else there are some of our own, closed when nobody holds the host any more.
    """

    fleet: Callable[[], Fleet]
    reach: Reach
    poll: Poll | None = None
    _own: dict[str, _Held] = field(default_factory=dict)
    _turn: dict[str, asyncio.Lock] = field(default_factory=dict)

    @asynccontextmanager
    async def hold(self, name: str) -> AsyncGenerator[FleetHand, None]:
        """Reach a host of the fleet; HostError."""
        host = self.fleet().hosts.get(name)
        if host is None:
            text = f"{name} is not in the fleet any more"
            raise HostError(Problem(ProblemKind.CONFIG, text, "make the plan again"))
        hand = FleetHand(host, self)
        await hand.take()
        try:
            yield hand
        finally:
            await hand.give_back()

    def address(self, name: str) -> str:
        """The address of a host of the fleet, one that is only passed through too; HostError."""
        fleet = self.fleet()
        host = fleet.hosts.get(name) or fleet.passed_through.get(name)
        if host is None:
            text = f"{clean_line(name, 60)} is not in the fleet"
            raise HostError(Problem(ProblemKind.CONFIG, text, "give its address with net.tcp"))
        return host.address or host.name

    async def run_here(self, order: Order, heard: Heard | None = None) -> Completed:
        """Run a script on this machine."""
        here = Host("here", way=Way.LOCAL)
        return await self.reach.privilege.run(here, LocalConnection(here), order, heard)

    async def connection(self, host: Host, not_this: Connection | None) -> Connection:
        """A connection to a host, another one than `not_this`; HostError."""
        if self.poll is not None and self.poll.polls():
            return await self._live(self.poll, host.name, not_this)
        async with self._turn.setdefault(host.name, asyncio.Lock()):
            held = self._own.get(host.name)
            if held is None or held.connection is not_this:
                held = _Held(await self.reach.transports[host.way].connect(host))
                self._own[host.name] = held
            held.users += 1
            return held.connection

    async def let_go(self, host: Host, connection: Connection, *, of_no_use: bool = False) -> None:
        """It is not needed any more, or not to anybody (`of_no_use`). The poller's own stays."""
        held = self._own.get(host.name)
        if held is None or held.connection is not connection:
            return
        held.users -= 1
        if held.users <= 0 or of_no_use:
            del self._own[host.name]
            await connection.close()

    async def _live(self, poll: Poll, name: str, not_this: Connection | None) -> Connection:
        found = poll.live().get(name)
        if found is not None and found is not not_this:
            return found
        waiting = asyncio.ensure_future(poll.live().other_than(name, not_this))
        await asyncio.sleep(0)  # it listens before the poller tries
        poll.refresh((name,))
        try:
            async with asyncio.timeout(LIVE_WAIT_S):
                return await waiting
        except TimeoutError:
            text = f"not reached within {LIVE_WAIT_S:.0f} s"
            raise HostError(Problem(ProblemKind.TIMEOUT, text)) from None


@dataclass
class FleetHand:
    """One host of the fleet that is held."""

    host: Host
    hands: FleetHands
    _connection: Connection | None = None

    async def take(self) -> None:
        """Reach it; HostError."""
        self._connection = await self.hands.connection(self.host, None)

    async def give_back(self) -> None:
        """It is not needed any more."""
        connection, self._connection = self._connection, None
        if connection is not None:
            await self.hands.let_go(self.host, connection)

    async def run(self, order: Order, heard: Heard | None = None) -> Completed:
        """Run a script, as root if it says so; HostError as Connection.run()."""
        privilege = self.hands.reach.privilege
        return await privilege.run(self.host, await self._standing(), order, heard)

    async def execute(self, script: bytes, *, timeout_s: float, max_bytes: int) -> Completed:
        """Run a short script of our own; HostError."""
        connection = await self._standing()
        return await connection.execute(script, timeout_s=timeout_s, max_bytes=max_bytes)

    async def open_tcp(self, host: str, port: int) -> Tcp:
        """Let it make a TCP connection; HostError."""
        return await (await self._standing()).open_tcp(host, port)

    async def stream(
        self, script: bytes, *, beat_s: float, endless: bool = False
    ) -> AsyncGenerator[Piece, None]:
        """Follow what a script of our own says; HostError as Connection.stream()."""
        connection = await self._standing()
        async with aclosing(connection.stream(script, beat_s=beat_s, endless=endless)) as pieces:
            async for piece in pieces:
                yield piece

    async def renew(self) -> None:
        """Reach it by another connection; HostError."""
        known, self._connection = self._connection, None
        if known is not None:
            await self.hands.let_go(self.host, known, of_no_use=True)
        self._connection = await self.hands.connection(self.host, known)

    async def _standing(self) -> Connection:
        """The connection; one that a failed renewal has cost is made anew."""
        if self._connection is None:
            self._connection = await self.hands.connection(self.host, None)
        return self._connection
