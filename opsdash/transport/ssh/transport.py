"""Hosts over plain SSH: one connection per host, jump hosts shared, channels counted."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, aclosing, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from time import monotonic
from weakref import WeakSet

import asyncssh

from opsdash.core.errors import HostError
from opsdash.core.examination import Examination
from opsdash.core.host import Host
from opsdash.core.plugin import Collector
from opsdash.core.problem import Problem, ProblemKind
from opsdash.core.prompts import Asker, Nobody
from opsdash.core.reading import Reading
from opsdash.transport.base import Completed, Connection, Elevation, Heard, Order
from opsdash.transport.bundle import collect_bundle
from opsdash.transport.channel import Listener, Shell, Talk
from opsdash.transport.orders import elevated, run_over
from opsdash.transport.pulse import renewed
from opsdash.transport.ssh.dial import LOGIN_TOOK_S, Dialer
from opsdash.transport.ssh.execute import execute
from opsdash.transport.ssh.hang_up import hang_up
from opsdash.transport.ssh.hostkeys import KnownHosts, kind_and_bits
from opsdash.transport.ssh.login import May
from opsdash.transport.ssh.pulse import pulse
from opsdash.transport.ssh.resolve import hop_host, resolve
from opsdash.transport.ssh.streams import MakesStreams
from opsdash.transport.ssh.talk import talk
from opsdash.transport.ssh.tcp import MakesTcp
from opsdash.transport.ssh.trace import QUIET, Trace

CHANNELS_PER_HOST = 4
"""sshd allows 10 sessions a connection; the rest is left to the user."""

JUMP_REST_S = 5.0
"""How long a jump host that failed is left alone by the hosts behind it."""

RESOLVERS = 4
"""``ssh -G`` processes at a time."""

_DEAD = frozenset({ProblemKind.SILENT, ProblemKind.LOST, ProblemKind.DROPPED})

_PERSON_COULD_MEND = frozenset(
    {ProblemKind.AUTH, ProblemKind.UNANSWERED, ProblemKind.HOST_KEY_UNKNOWN}
)


class SshConnection(MakesTcp, MakesStreams):
    """One host over SSH: the pulse's channel, and a few more for what is asked besides."""

    def __init__(
        self,
        host: Host,
        connection: asyncssh.SSHClientConnection,
        carries_others: Callable[[], bool] = lambda: False,
    ) -> None:
        self._host = host
        self._connection = connection
        self._carries_others = carries_others
        self._dead = False
        self._channels = asyncio.Semaphore(CHANNELS_PER_HOST)

    @property
    def host_key(self) -> str:
        """The key that the server proved to have."""
        key = self._connection.get_server_host_key()
        return "" if key is None else kind_and_bits(key)

    async def pulse(
        self, collectors: Sequence[Collector], interval_s: float
    ) -> AsyncGenerator[list[Reading], None]:
        """The readings of the pulse collectors until the connection breaks."""
        connection = self._connection

        def begin() -> AsyncGenerator[list[Reading], None]:
            return pulse(connection, self._host.name, collectors, interval_s)

        beats = renewed(begin, lambda: not connection.is_closed(), interval_s)
        async with self._channels, aclosing(beats):
            try:
                async for readings in beats:
                    yield readings
            except HostError as error:
                self._dead = error.problem.kind in _DEAD
                raise

    async def collect(self, due: Sequence[Collector]) -> list[Reading]:
        """All due facts by one script on one channel."""
        return await collect_bundle(self.execute, due, self._host.name)

    async def execute(self, script: bytes, *, timeout_s: float, max_bytes: int) -> Completed:
        """Run a POSIX sh script, whatever the login shell is."""
        async with self._channels:
            return await execute(self._connection, script, timeout_s=timeout_s, max_bytes=max_bytes)

    async def run(
        self, order: Order, heard: Heard | None = None, *, by: Elevation | None = None
    ) -> Completed:
        """Run an order by a channel of its own."""

        def start(listener: Listener, shell: Shell) -> AbstractAsyncContextManager[Talk]:
            return talk(self._connection, listener, shell)

        rising = await elevated(self, order, by)
        async with self._channels:
            return await run_over(start, order, heard, rising)

    async def close(self) -> None:
        """Say goodbye, and hang up if the goodbye is not answered.

        A jump host that only gives us no session (a forwarding account, a shell that is broken)
        goes on carrying the hosts behind it.
        """
        if self._dead or not self._carries_others():
            await hang_up(self._connection)


class SshTransport:
    """The way to a fleet over SSH; jump hosts that are in the fleet share its connections."""

    def __init__(
        self,
        hosts: Mapping[str, Host],
        known_hosts_file: Path,
        asker: Asker | None = None,
        dialer: Dialer | None = None,
    ) -> None:
        self._hosts = hosts
        self._asker = asker or Asker(Nobody())
        self._dialer = dialer or Dialer(KnownHosts(known_hosts_file), self._asker)
        self._needs_person: set[str] = set()
        self._open: dict[str, asyncssh.SSHClientConnection] = {}
        self._failed: dict[str, tuple[float, Problem]] = {}
        self._dialling: Counter[str] = Counter()
        self._carried: dict[str, WeakSet[asyncssh.SSHClientConnection]] = {}
        self._locks: dict[str, asyncio.Lock] = {}
        self._resolving = asyncio.Semaphore(RESOLVERS)

    async def connect(self, host: Host) -> SshConnection:
        """Reach a host, through its jump hosts if it has any; HostError says why not."""
        connection = await self._connection(host)
        return SshConnection(host, connection, lambda: self._carries_others(host.name))

    async def log_in(self, host: Host) -> float:
        """A login of its own, with a command that does nothing: an account may be refused there."""
        connection = await self._dial(host, May.NOTHING)
        try:
            asked = SshConnection(host, connection)
            done = await asked.execute(b":\n", timeout_s=20, max_bytes=65_536)
        finally:
            await hang_up(connection)
        return float(connection.get_extra_info(LOGIN_TOOK_S, 0.0)) + done.took_s

    @asynccontextmanager
    async def examine(
        self, host: Host, exam: Examination, *, ask: bool
    ) -> AsyncGenerator[Connection, None]:
        """A connection of its own, told of stage by stage; keys that were unlocked stay so."""
        from opsdash.transport.ssh.examine import Shared, examined

        if ask:
            self._asker.forget_declined()
        shared = Shared(self._hosts, self._dialer, self._asker)
        async with examined(shared, host, exam, ask=ask) as connection:
            yield connection

    def _carries_others(self, name: str) -> bool:
        """Whether hosts are connected through this one, or about to be."""
        return self._dialling[name] > 0 or any(
            not connection.is_closed() for connection in self._carried.get(name, ())
        )

    async def change_fleet(self, hosts: Mapping[str, Host], gone: Collection[str]) -> None:
        """Reach these hosts from now on; jump hosts that carry nobody any more are let go."""
        self._hosts = hosts
        await self._hang_up([name for name in self._open if name in gone])
        passed = [name for name in self._open if name not in hosts]
        await self._hang_up([name for name in passed if not self._carries_others(name)])
        self._needs_person.difference_update(gone)
        for held in (self._failed, self._carried, self._dialling):
            for name in gone:
                held.pop(name, None)
        for name in [name for name, lock in self._locks.items() if not lock.locked()]:
            if name not in self._open:
                del self._locks[name]

    async def _hang_up(self, names: Collection[str]) -> None:
        await asyncio.gather(*(hang_up(self._open.pop(name)) for name in names))

    def ask_again(self) -> None:
        """Questions that were declined may be asked again."""
        self._asker.forget_declined()

    async def _connection(
        self, host: Host, *, as_jump: bool = False
    ) -> asyncssh.SSHClientConnection:
        """The open connection to a host, or a new one; never two at once.

        As a jump host it is not dialled while there is no use in trying again.
        """
        async with self._locks.setdefault(host.name, asyncio.Lock()):
            connection = self._open.get(host.name)
            if connection is None or connection.is_closed():
                known = self._known_failure(host) if as_jump else None
                if known is not None:
                    raise HostError(known)
                try:
                    connection = await self._dial(host, self._may_ask(host))
                except HostError as error:
                    self._failed[host.name] = (monotonic(), error.problem)
                    if error.problem.kind in _PERSON_COULD_MEND:
                        self._needs_person.add(host.name)
                    raise
                self._needs_person.discard(host.name)
                self._failed.pop(host.name, None)
                self._open[host.name] = connection
            return connection

    def _may_ask(self, host: Host) -> May:
        """What may be asked on the way to a host.

        Nothing but passphrases comes up unbidden on a screen. What a person could have mended is
        never tried again by itself, so a second try is one that the person wants.
        """
        wanted = self._asker.eager or host.name in self._needs_person
        return May.ANYTHING if wanted else May.PASSPHRASE

    def _trace(self, host: Host) -> Trace:
        """Who is told of what happens on the way to a host."""
        return QUIET

    async def _dial(self, host: Host, may: May) -> asyncssh.SSHClientConnection:
        trace = self._trace(host)
        async with self._resolving:
            route = await resolve(host)
        trace.resolved(route)
        tunnel: asyncssh.SSHClientConnection | None = None
        previous: Host = host
        for number, hop in enumerate(route.hops):
            jump = self._jump(hop, previous, first=number == 0)
            if jump.name == host.name:
                text = f"{host.name} is its own jump host"
                raise HostError(Problem(ProblemKind.CONFIG, text))
            tunnel = await self._through(jump)
            previous = jump
        if tunnel is None:
            return await self._dialer.dial(host, route, None, may, trace=trace)
        self._dialling[previous.name] += 1
        try:
            connection = await self._dialer.dial(host, route, tunnel, may, trace=trace)
        finally:
            self._dialling[previous.name] -= 1
        self._carried.setdefault(previous.name, WeakSet()).add(connection)
        return connection

    def _jump(self, hop: str, previous: Host, *, first: bool) -> Host:
        """The host that a hop means: one of the fleet by its name, or an address."""
        known = self._hosts.get(hop)
        if known is not None:
            return known
        jump = hop_host(hop, previous)
        # a later hop of a ProxyJump chain is reached through the one before it
        return jump if first else replace(jump, jump=previous.name)

    async def _through(self, jump: Host) -> asyncssh.SSHClientConnection:
        """The connection to a jump host; when it fails, the hosts behind it do not each try."""
        try:
            return await self._connection(jump, as_jump=True)
        except HostError as error:
            problem = error.problem
            # nobody but the hosts behind it tries a jump host that is not of the fleet
            hopeless = not problem.mends_itself and jump.name not in self._hosts
            kind = problem.kind if hopeless else ProblemKind.JUMP
            text = f"behind {jump.name}: {problem.text}"
            culprit = problem.culprit or jump.name
            raise HostError(Problem(kind, text, culprit=culprit)) from error

    def _known_failure(self, jump: Host) -> Problem | None:
        """Why a jump host can't be reached, as long as there is no use in trying again: what does
        not mend itself stays so until the jump host's own turn shows otherwise.
        """
        at, problem = self._failed.get(jump.name, (0.0, None))
        if problem is None:
            return None
        lasting = not problem.mends_itself and jump.name in self._hosts
        return problem if lasting or monotonic() - at < JUMP_REST_S else None

    async def close(self) -> None:
        """Close every connection, all at once and in bounded time."""
        await self._hang_up(tuple(self._open))
        await self._dialer.close()
