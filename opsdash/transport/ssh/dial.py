"""One SSH connection, from a resolved route to a session that is logged in."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, ExitStack, suppress
from dataclasses import dataclass, field
from time import monotonic

import asyncssh

from opsdash.core.errors import HostError
from opsdash.core.host import Host
from opsdash.core.problem import Problem, ProblemKind
from opsdash.core.prompts import Asker
from opsdash.transport.accounts import account_refused
from opsdash.transport.ssh.hostkeys import PREFERRED_ALGORITHMS, KnownHosts, fingerprint
from opsdash.transport.ssh.keys import Identities, KeyRing
from opsdash.transport.ssh.login import Login, May, Turn, trusts
from opsdash.transport.ssh.problems import (
    CAUGHT,
    explain,
    hung_up,
    no_ssh,
    place,
    refused_by_jump,
    stuck,
)
from opsdash.transport.ssh.proxy import open_proxy
from opsdash.transport.ssh.resolve import Route
from opsdash.transport.ssh.sockets import open_socket
from opsdash.transport.ssh.trace import QUIET, Trace

LOGIN_TIMEOUT_S = 20.0
CIPHERS = (
    "aes128-gcm@openssh.com",  # half the CPU of chacha20 per sample; the others stay as fallback
    "aes256-gcm@openssh.com",
    "chacha20-poly1305@openssh.com",
    "aes256-ctr",
    "aes192-ctr",
    "aes128-ctr",
)
OPENINGS = 100
"""TCP connections that wait for an answer at a time: a thousand at once would look like an attack
to the firewall in between, and every dead one holds its place for as long as its time-out."""

LOGIN_TOOK_S = "opsdash_login_s"
"""The extra info of a connection that says how long its host took to let us in."""

KEEPALIVE_S = 15.0
"""How often a silent server is asked for a sign of life."""

HANDSHAKES = 10
HANDSHAKES_PER_JUMP = 4


@dataclass
class Dialer:
    """What all connections of a run share: parsed keys, known hosts, handshake slots, and who is
    asked when a login needs a person.
    """

    known_hosts: KnownHosts
    asker: Asker
    keys: KeyRing = field(default_factory=KeyRing)
    _openings: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(OPENINGS))
    _slots: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(HANDSHAKES))
    _jump_slots: dict[str, asyncio.Semaphore] = field(default_factory=dict)
    _ending: set[asyncio.Task[None]] = field(default_factory=set)

    async def dial(
        self,
        host: Host,
        route: Route,
        tunnel: asyncssh.SSHClientConnection | None,
        may: May = May.NOTHING,
        *,
        trace: Trace = QUIET,
    ) -> asyncssh.SSHClientConnection:
        """Log in to a host, directly or through an open connection to its jump host.

        A host key that no file lists is shown to the person, where `may` allows to ask; trusted, it
        is the only one that the second try takes. `trace` is told of each event on the way.
        """
        try:
            match = await asyncio.to_thread(self.known_hosts.match, route)
            identities = await asyncio.to_thread(self.keys.identities, route)
        except (OSError, ValueError) as error:
            text = f"known_hosts or key file: {error}"
            raise HostError(Problem(ProblemKind.KEY_FILE, text)) from error
        login = Login(host, route.user, match, self.asker, may)
        login.trace = trace
        try:
            connection = await self._reach(route, identities, login, tunnel)
        except HostError as error:
            unknown = error.problem.kind is ProblemKind.HOST_KEY_UNKNOWN
            if not (unknown and may is May.ANYTHING and login.offered and self.asker.present):
                raise
            if not await trusts(self.asker, host, fingerprint(login.offered)):
                raise
            pinned, login = login.offered, Login(host, route.user, match, self.asker, may)
            login.pinned, login.trace = pinned, trace
            connection = await self._reach(route, identities, login, tunnel)
        if login.accepted and login.offered is not None:
            with suppress(OSError):  # accepted for this run; the next one will see it as new again
                await asyncio.to_thread(self.known_hosts.remember, route, login.offered)
        return connection

    async def _reach(
        self,
        route: Route,
        identities: Identities,
        login: Login,
        tunnel: asyncssh.SSHClientConnection | None,
    ) -> asyncssh.SSHClientConnection:
        """One try, by the way that the route says: a tunnel, a ProxyCommand, or TCP."""
        options = _options(route, identities, login, self.keys)
        login.trace.prepared(route, identities, login)
        if tunnel is not None:
            return await self._log_in(route, login, options, tunnel=tunnel)
        # held until the login is over: no connection waits unauthenticated for long
        async with self._openings:
            if route.proxy_command:
                return await self._through_proxy(route, login, options)
            with ExitStack() as on_failure:
                began = monotonic()
                sock = await open_socket(route.address, route.port, login.trace)
                opening_s = monotonic() - began
                on_failure.callback(sock.close)
                connection = await self._log_in(route, login, options, sock=sock)
                on_failure.pop_all()
        handshake_s = connection.get_extra_info(LOGIN_TOOK_S)
        connection.set_extra_info(**{LOGIN_TOOK_S: opening_s + handshake_s})
        return connection

    async def _through_proxy(
        self, route: Route, login: Login, options: asyncssh.SSHClientConnectionOptions
    ) -> asyncssh.SSHClientConnection:
        """Log in over the user's ProxyCommand, which ends when the connection does."""
        sock, proxy = await open_proxy(route.proxy_command, login.trace)
        async with AsyncExitStack() as on_failure:
            on_failure.push_async_callback(proxy.end)
            on_failure.callback(sock.close)
            try:
                connection = await self._log_in(route, login, options, sock=sock)
            except HostError as error:
                dropped = error.problem.kind in (ProblemKind.LOST, ProblemKind.DROPPED)
                problem = await proxy.why(error.problem) if dropped else error.problem
                raise HostError(problem) from error
            on_failure.pop_all()

        async def end_with_connection() -> None:
            await connection.wait_closed()
            await proxy.end()

        ending = asyncio.create_task(end_with_connection(), name="end proxy command")
        self._ending.add(ending)
        ending.add_done_callback(self._ending.discard)
        return connection

    async def _log_in(
        self,
        route: Route,
        login: Login,
        options: asyncssh.SSHClientConnectionOptions,
        **reached: object,
    ) -> asyncssh.SSHClientConnection:
        """The handshake, in its turn and within its time, over a socket or a tunnel."""
        login.turn = Turn(self._slot(route, through_jump="tunnel" in reached), LOGIN_TIMEOUT_S)
        try:
            async with login.turn.taken():
                connection = await asyncssh.connect(
                    route.address, route.port, options=options, config=[], **reached
                )
        except CAUGHT as error:
            where = place(route.address, route.port)
            if isinstance(error, asyncssh.ChannelOpenError) and "tunnel" in reached:
                raise HostError(refused_by_jump(error, where, route.hops[-1])) from error
            raise HostError(login.refusal(_login_problem(error, where, login))) from error
        _heed_cancellation(connection)
        connection.set_extra_info(**{LOGIN_TOOK_S: login.turn.took_s})
        return connection

    def _slot(self, route: Route, *, through_jump: bool) -> asyncio.Semaphore:
        """A place among the handshakes in flight: jump hosts count theirs apart (MaxStartups)."""
        if not through_jump:
            return self._slots
        jump = route.hops[-1]
        return self._jump_slots.setdefault(jump, asyncio.Semaphore(HANDSHAKES_PER_JUMP))

    async def close(self) -> None:
        """Wait for the ProxyCommands of closed connections to end; each has its own deadline."""
        if self._ending:
            await asyncio.wait(self._ending)


def _heed_cancellation(connection: asyncssh.SSHClientConnection) -> None:
    """asyncssh connects by asyncio.wait_for, which in Python 3.11 forgets that it was cancelled
    when the connection is ready in the same moment: then the caller would go on for ever.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        connection.abort()
        raise asyncio.CancelledError


def _options(
    route: Route, identities: Identities, login: Login, ring: KeyRing
) -> asyncssh.SSHClientConnectionOptions:
    async def unlock(path: str) -> asyncssh.SSHKey:
        return await login.unlock(ring, path)

    extra: dict[str, object] = {}
    match = login.match
    if route.alias:
        extra["host_key_alias"] = route.alias
    if not match[0] and not match[1]:
        # with nothing known asyncssh would take an RSA key first
        extra["server_host_key_algs"] = list(PREFERRED_ALGORITHMS)
    if identities.only is not None:
        extra["agent_identities"] = [key.public_data for key in identities.only] or None
    pairs = identities.offered(unlock)
    return asyncssh.SSHClientConnectionOptions(
        config=[],
        client_factory=lambda: login,
        known_hosts=lambda host, addr, port: match,
        client_keys=pairs if pairs or identities.agent else None,
        agent_path=identities.agent,
        username=route.user,
        preferred_auth=("publickey", "keyboard-interactive", "password"),
        gss_auth=False,
        gss_kex=False,
        agent_forwarding=False,
        encryption_algs=list(CIPHERS),
        connect_timeout=None,  # Turn keeps the time, and stops it while a person thinks
        login_timeout=0,
        keepalive_interval=KEEPALIVE_S,
        keepalive_count_max=3,
        request_pty=False,
        **extra,
    )


def _login_problem(error: BaseException, where: str, judge: Login) -> Problem:
    if isinstance(error, asyncssh.HostKeyNotVerifiable):
        return judge.problem(where, "revoked" in str(error))
    if isinstance(error, TimeoutError):
        return stuck(where) if judge.speaks_ssh else no_ssh(where)
    problem = explain(error, where)
    cut_off = isinstance(error, asyncssh.ConnectionLost | ConnectionError)
    if cut_off and problem.kind in (ProblemKind.LOST, ProblemKind.DROPPED):
        problem = hung_up(where, speaks_ssh=judge.speaks_ssh)
    banner = judge.banner.strip()
    account = account_refused(banner)
    if account is not None and problem.kind in (ProblemKind.AUTH, ProblemKind.LOST):
        return account
    if problem.kind in (ProblemKind.AUTH, ProblemKind.LOST) and banner:
        return Problem(problem.kind, f"{problem.text} ({banner})", problem.hint)
    return problem
