"""Hosts by the system's ssh: one master connection for each, all else multiplexed over it."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncGenerator, Collection, Mapping, Sequence
from contextlib import (
    AbstractAsyncContextManager,
    AsyncExitStack,
    aclosing,
    asynccontextmanager,
    suppress,
)
from itertools import count
from pathlib import Path

from opsdash.core.errors import HostError
from opsdash.core.examination import Examination
from opsdash.core.host import Host
from opsdash.core.plugin import Collector
from opsdash.core.problem import Problem, ProblemKind
from opsdash.core.reading import Reading
from opsdash.transport import process
from opsdash.transport.base import Completed, Connection, Elevation, Heard, Order, Piece
from opsdash.transport.bundle import collect_bundle
from opsdash.transport.channel import Listener, Shell, Talk
from opsdash.transport.frames import BOOT
from opsdash.transport.openssh.arguments import PROGRAM, destination, options
from opsdash.transport.openssh.complaints import behind, complaint, proxy_ended
from opsdash.transport.openssh.examine import EXAMINED_S, Told, resolved, spoken, tell, tell_end
from opsdash.transport.openssh.master import Master
from opsdash.transport.openssh.tcp import open_tcp
from opsdash.transport.orders import elevated, no_terminal, run_over
from opsdash.transport.pulse import Frames, Send, pulse_over, renewed
from opsdash.transport.ssh.problems import place, stuck
from opsdash.transport.ssh.resolve import Route, resolve
from opsdash.transport.streaming import Streams
from opsdash.transport.tcp import Tcp

CHANNELS_PER_HOST = 4
HANDSHAKES = 10
LOGIN_TIMEOUT_S = 30.0
"""Longer than our own ssh takes: somebody may have to touch a token."""

SSH_FAILED = 255
"""The exit status of ssh itself; a command's own 255 looks the same."""

DYING_S = 0.5
"""A channel's ssh ends a little before the master does that lost the connection."""

_OF_A_CHANNEL = frozenset({ProblemKind.LOST, ProblemKind.SESSION})

_NOT_OF_SSH = frozenset({ProblemKind.SILENT, ProblemKind.TRUNCATED, ProblemKind.MISSING_COMMAND})


class OpensshConnection:
    """One host behind a running master."""

    def __init__(self, host: Host, master: Master) -> None:
        self._host = host
        self._master = master
        self._channels = asyncio.Semaphore(CHANNELS_PER_HOST)
        self._streams = Streams()

    def _over_master(self, command: str) -> list[str]:
        """An ssh that only asks the master for a channel: without one it connects to nothing."""
        return [
            *(*PROGRAM, "-F", "none", "-T", "-o", f"ControlPath={self._master.socket}"),
            *("-o", "ControlMaster=no", "-o", "ProxyCommand=exit 255", "-o", "BatchMode=yes"),
            *("-o", "EscapeChar=none", "--", destination(self._host), command),
        ]

    @property
    def host_key(self) -> str:
        """The ssh program verified it and does not say which."""
        return ""

    async def pulse(
        self, collectors: Sequence[Collector], interval_s: float
    ) -> AsyncGenerator[list[Reading], None]:
        """The readings of the pulse collectors until the connection breaks."""

        def begin() -> AsyncGenerator[list[Reading], None]:
            return pulse_over(self._loop, self._host.name, collectors, interval_s)

        beats = renewed(begin, lambda: self._master.alive, interval_s)
        async with self._channels, aclosing(beats):
            try:
                async for readings in beats:
                    yield readings
            except HostError as error:
                raise HostError(await self._why(error.problem)) from error

    @asynccontextmanager
    async def _loop(self, frames: Frames) -> AsyncGenerator[Send, None]:
        async with process.talk(self._over_master(BOOT), frames) as talk:
            yield talk.write

    async def _why(self, problem: Problem) -> Problem:
        """When the master has ended, that is the reason and not what its channels say of it."""
        if problem.kind in _NOT_OF_SSH or not await self._master.ends_within(DYING_S):
            return problem
        lines = self._master.said.strip().splitlines()
        return Problem(ProblemKind.LOST, f"connection lost: {lines[-1] if lines else 'ssh ended'}")

    async def collect(self, due: Sequence[Collector]) -> list[Reading]:
        """All due facts by one script on one channel."""
        return await collect_bundle(self.execute, due, self._host.name)

    async def execute(self, script: bytes, *, timeout_s: float, max_bytes: int) -> Completed:
        """Run a POSIX sh script, whatever the login shell is."""
        async with self._channels:
            done = await process.run(
                self._over_master("exec /bin/sh -s"),
                stdin=script,
                timeout_s=timeout_s,
                max_bytes=max_bytes,
            )
        if done.status == SSH_FAILED and await self._master.ends_within(DYING_S):
            raise HostError(await self._why(Problem(ProblemKind.LOST, "connection lost")))
        if done.status == SSH_FAILED and b"mux_client" in done.stderr:
            said = done.stderr.decode("utf-8", "replace")
            raise HostError(complaint(said, self._host.name, self._host.name))
        return done

    async def run(
        self, order: Order, heard: Heard | None = None, *, by: Elevation | None = None
    ) -> Completed:
        """Run an order by a channel of its own. What wants a terminal to become root gets none."""

        def start(listener: Listener, shell: Shell) -> AbstractAsyncContextManager[Talk]:
            if shell.on_tty:
                raise HostError(no_terminal(self._host.name))
            return process.talk(self._over_master(shell.command), listener)

        rising = await elevated(self, order, by)
        async with self._channels:
            try:
                return await run_over(start, order, heard, rising)
            except HostError as error:
                if error.problem.kind not in _OF_A_CHANNEL:
                    raise
                raise HostError(await self._why(error.problem), error.partial) from error

    async def stream(
        self, script: bytes, *, beat_s: float, endless: bool = False
    ) -> AsyncGenerator[Piece, None]:
        """A stream by a channel of its own."""

        def start(listener: Listener, shell: Shell) -> AbstractAsyncContextManager[Talk]:
            return process.talk(self._over_master(shell.command), listener)

        async with aclosing(self._streams.over(start, script, beat_s)) as pieces:
            try:
                async for piece in pieces:
                    yield piece
            except HostError as error:
                if error.problem.kind not in _OF_A_CHANNEL:
                    raise
                raise HostError(await self._why(error.problem)) from error

    async def open_tcp(self, host: str, port: int) -> Tcp:
        """A connection that the host makes, by an ssh of its own over the master."""
        ssh, name = self._over_master("")[:-1], self._host.name
        return await open_tcp(ssh, host, port, name=name, master_said=lambda: self._master.said)

    async def close(self) -> None:
        """End the master, and with it every channel."""
        await self._master.close()


class OpensshTransport:
    """The way to hosts that only the system's ssh can reach."""

    def __init__(self, hosts: Mapping[str, Host], known_hosts_file: Path) -> None:
        self._hosts = hosts
        self._known_hosts = known_hosts_file
        self._sockets = tempfile.TemporaryDirectory(prefix="opsdash-", ignore_cleanup_errors=True)
        self._numbers = count()
        self._slots = asyncio.Semaphore(HANDSHAKES)

    async def connect(self, host: Host) -> OpensshConnection:
        """Start a master and wait until it is logged in; HostError says why it is not."""
        async with self._slots, AsyncExitStack() as on_failure:
            route = await resolve(host)
            socket = Path(self._sockets.name) / str(next(self._numbers))
            master = Master(self._argv(host, route), destination(host), socket)
            on_failure.push_async_callback(master.close)
            try:
                logged_in = await master.start(LOGIN_TIMEOUT_S)
            except TimeoutError:
                raise HostError(stuck(_where(route))) from None
            if not logged_in:
                raise HostError(self._refusal(host, route, master.said, master.status))
            on_failure.pop_all()
        return OpensshConnection(host, master)

    def _argv(self, host: Host, route: Route) -> list[str]:
        return [*PROGRAM, "-T", *options(host, route, self._hosts, self._known_hosts)]

    def _refusal(self, host: Host, route: Route, said: str, status: int) -> Problem:
        """Why there is no session: what ssh complains of, or what the login shell did."""
        problem = complaint(said, _where(route), destination(host))
        if status in (SSH_FAILED, 0):
            if route.proxy_command and not host.jump:
                return proxy_ended(said, problem)
            return (behind(said, host.jump) if host.jump else None) or problem
        if problem.kind is ProblemKind.ACCOUNT:
            return problem
        lines = said.strip().splitlines() or [f"status {status}"]
        return Problem(ProblemKind.SESSION, f"the session was closed: {lines[-1]}")

    async def log_in(self, host: Host) -> float:
        """A login of its own, with a command that does nothing."""
        async with self._slots:
            route = await resolve(host)
            alone = ["-o", "ControlMaster=no", "-o", "ControlPath=none"]
            argv = [*self._argv(host, route), *alone]
            argv += ["--", destination(host), "exec /bin/sh -s"]
            try:
                done = await process.run(
                    argv, stdin=b":\n", timeout_s=LOGIN_TIMEOUT_S, max_bytes=65_536
                )
            except HostError as error:
                if error.problem.kind is ProblemKind.TIMEOUT:
                    raise HostError(stuck(_where(route))) from error
                raise
        if done.status != 0:
            said = done.stderr.decode("utf-8", "replace")
            raise HostError(self._refusal(host, route, said, done.status))
        return done.took_s

    async def change_fleet(self, hosts: Mapping[str, Host], gone: Collection[str]) -> None:
        """Nothing is shared here: every connection has been closed by whoever held it."""
        self._hosts = hosts

    async def _tell(self, host: Host, exam: Examination) -> None:
        """Log in by an ssh that tells what it does; HostError where it fails."""
        route = await resolve(host)
        exam.report(await resolved(host, route, exam))
        words = ["-o", "ControlMaster=no", "-o", "ControlPath=none", "-v", "--"]
        argv = [*self._argv(host, route), *words, destination(host), "exec /bin/sh -s"]
        done = await process.run(argv, stdin=b":\n", timeout_s=EXAMINED_S, max_bytes=262_144)
        said = done.stderr.decode("utf-8", "replace").replace("\r\n", "\n")
        problem = self._refusal(host, route, spoken(said), done.status) if done.status else None
        tell(Told(host, route, said), problem, exam)
        if problem is not None:
            raise HostError(problem)

    @asynccontextmanager
    async def examine(
        self, host: Host, exam: Examination, *, ask: bool
    ) -> AsyncGenerator[Connection, None]:
        """A login of its own by an ssh that tells what it does, then a connection as ever."""
        try:
            await self._tell(host, exam)
            connection = await self.connect(host)
        except HostError as error:
            tell_end(host, error.problem, exam)
            raise
        try:
            yield connection
        finally:
            await connection.close()

    def ask_again(self) -> None:
        """ssh runs in batch mode: nothing was asked."""

    async def close(self) -> None:
        """The connections have been closed by those who hold them; the sockets' directory goes."""
        with suppress(OSError):
            self._sockets.cleanup()


def _where(route: Route) -> str:
    return place(route.address, route.port)
