"""One SSH connection, from a resolved route to a session that is logged in."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field

import asyncssh

from opsdash.core.errors import HostError
from opsdash.core.host import Host
from opsdash.core.problem import Problem, ProblemKind
from opsdash.transport.ssh.hostkeys import PREFERRED_ALGORITHMS, KeyJudge, KnownHosts, Match
from opsdash.transport.ssh.keys import Identities, KeyRing
from opsdash.transport.ssh.problems import CAUGHT, explain
from opsdash.transport.ssh.resolve import Route
from opsdash.transport.ssh.sockets import open_socket

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

HANDSHAKES = 10
HANDSHAKES_PER_JUMP = 4


@dataclass
class Dialer:
    """What all connections of a run share: parsed keys, known hosts, and handshake slots."""

    known_hosts: KnownHosts
    keys: KeyRing = field(default_factory=KeyRing)
    _openings: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(OPENINGS))
    _slots: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(HANDSHAKES))
    _jump_slots: dict[str, asyncio.Semaphore] = field(default_factory=dict)

    async def dial(
        self, host: Host, route: Route, tunnel: asyncssh.SSHClientConnection | None
    ) -> asyncssh.SSHClientConnection:
        """Log in to a host, directly or through an open connection to its jump host."""
        try:
            match = await asyncio.to_thread(self.known_hosts.match, route)
            identities = await asyncio.to_thread(self.keys.identities, route)
        except (OSError, ValueError) as error:
            text = f"known_hosts or key file: {error}"
            raise HostError(Problem(ProblemKind.KEY_FILE, text)) from error
        judge = KeyJudge(host.host_key, match)
        options = _options(route, identities, match, judge)
        if tunnel is not None:
            connection = await self._log_in(route, judge, options, tunnel=tunnel)
        else:
            # held until the login is over: no connection waits unauthenticated for long
            async with self._openings:
                with ExitStack() as on_failure:
                    sock = await open_socket(route.address, route.port)
                    on_failure.callback(sock.close)
                    connection = await self._log_in(route, judge, options, sock=sock)
                    on_failure.pop_all()
        if judge.accepted and judge.offered is not None:
            with suppress(OSError):  # accepted for this run; the next one will see it as new again
                await asyncio.to_thread(self.known_hosts.remember, route, judge.offered)
        return connection

    async def _log_in(
        self,
        route: Route,
        judge: KeyJudge,
        options: asyncssh.SSHClientConnectionOptions,
        **reached: object,
    ) -> asyncssh.SSHClientConnection:
        """The handshake, in its turn and within its time, over a socket or a tunnel."""
        slot = self._slot(route, through_jump="tunnel" in reached)
        try:
            async with slot, asyncio.timeout(LOGIN_TIMEOUT_S):
                connection = await asyncssh.connect(
                    route.address, route.port, options=options, config=[], **reached
                )
        except CAUGHT as error:
            where = f"{route.address}:{route.port}"
            raise HostError(_login_problem(error, where, judge)) from error
        _heed_cancellation(connection)
        return connection

    def _slot(self, route: Route, *, through_jump: bool) -> asyncio.Semaphore:
        """A place among the handshakes in flight: jump hosts count theirs apart (MaxStartups)."""
        if not through_jump:
            return self._slots
        jump = route.hops[-1]
        return self._jump_slots.setdefault(jump, asyncio.Semaphore(HANDSHAKES_PER_JUMP))


def _heed_cancellation(connection: asyncssh.SSHClientConnection) -> None:
    """asyncssh connects by asyncio.wait_for, which in Python 3.11 forgets that it was cancelled
    when the connection is ready in the same moment: then the caller would go on for ever.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        connection.abort()
        raise asyncio.CancelledError


def _options(
    route: Route, identities: Identities, match: Match, judge: KeyJudge
) -> asyncssh.SSHClientConnectionOptions:
    extra: dict[str, object] = {}
    if route.alias:
        extra["host_key_alias"] = route.alias
    if not match[0] and not match[1]:
        # with nothing known asyncssh would take an RSA key first
        extra["server_host_key_algs"] = list(PREFERRED_ALGORITHMS)
    if identities.only is not None:
        extra["agent_identities"] = [key.public_data for key in identities.only] or None
    nothing = not identities.keys and not identities.agent
    return asyncssh.SSHClientConnectionOptions(
        config=[],
        client_factory=lambda: judge,
        known_hosts=lambda host, addr, port: match,
        client_keys=None if nothing else list(identities.keys),
        agent_path=identities.agent,
        username=route.user,
        preferred_auth=("publickey",),
        gss_auth=False,
        gss_kex=False,
        agent_forwarding=False,
        encryption_algs=list(CIPHERS),
        connect_timeout=LOGIN_TIMEOUT_S,
        login_timeout=LOGIN_TIMEOUT_S,
        keepalive_interval=15,
        keepalive_count_max=3,
        request_pty=False,
        **extra,
    )


def _login_problem(error: BaseException, where: str, judge: KeyJudge) -> Problem:
    if isinstance(error, asyncssh.HostKeyNotVerifiable):
        return judge.problem(where, "revoked" in str(error))
    if isinstance(error, TimeoutError):
        return Problem(ProblemKind.NO_BANNER, f"{where} does not finish the login")
    problem = explain(error, where)
    banner = judge.banner.strip()
    if problem.kind in (ProblemKind.AUTH, ProblemKind.LOST) and banner:
        return Problem(problem.kind, f"{problem.text} ({banner})", problem.hint)
    return problem
