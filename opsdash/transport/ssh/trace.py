"""What happens on the way to a host, told to whoever examines it: the same code connects for all.

The base class hears everything and does nothing. A Tap stands between asyncssh and one connection
and tells what passes: asyncssh itself tells only how a login ended.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import asyncssh
from asyncssh.packet import PacketDecodeError, SSHPacket
from asyncssh.public_key import decode_ssh_public_key

from opsdash.core.problem import Problem
from opsdash.transport.ssh.keys import Identities, fingerprint_of
from opsdash.transport.ssh.resolve import Route

_KEXINIT, _AUTH_FAILURE = 20, 51  # RFC 4253 and 4252

OFFERS = ("key exchange", "host key", "cipher", "cipher", "MAC", "MAC")
"""What the lists of a KEXINIT are about, in its order: both directions have one of their own."""

Offer = tuple[tuple[str, ...], ...]
"""The algorithms that one side offers, list by list."""


class Trace:
    """Is told of each event on the way to one host, and does nothing with it."""

    quiet = True

    def resolved(self, route: Route) -> None:
        """Files and ssh have said how the host is to be reached."""

    def looked_up(self, addresses: Sequence[str], took_s: float) -> None:
        """The resolver has answered; addresses are as text."""

    def tried(self, address: str, took_s: float, error: OSError | None) -> None:
        """TCP to one address stands, or failed."""

    def heard(self, first: bytes) -> None:
        """The first bytes that the server sent."""

    def prepared(self, route: Route, identities: Identities, login: asyncssh.SSHClient) -> None:
        """What will be offered, and who answers the server's questions."""

    def connected(self, connection: asyncssh.SSHClientConnection) -> None:
        """The handshake begins."""

    def logged_in(self) -> None:
        """The server has let us in."""

    def failed(self, problem: Problem) -> None:
        """The way ends here."""


QUIET = Trace()


@dataclass
class Attempt:
    """One thing that was tried to get in: `what` it was, whether the server asked for its proof."""

    method: str
    what: str
    proved: bool = False
    ended: str = ""
    accepted: bool = False


class Hearer(Protocol):
    """Who is told of what a Tap sees."""

    def negotiating(self, tap: Tap) -> None:
        """Both sides have said what they offer."""

    def agreed(self, tap: Tap) -> None:
        """The algorithms are chosen; the server shows its host key now."""

    def authenticating(self, tap: Tap) -> None:
        """The host key was taken; the login begins."""


@dataclass
class Tap:
    """What passes on one connection: both sides' algorithms, and each thing that is tried to log
    in, in its order. `methods` are those that the server last said may go on.
    """

    connection: asyncssh.SSHClientConnection
    hearer: Hearer
    ours: Offer = ()
    theirs: Offer = ()
    methods: tuple[str, ...] = ()
    attempts: list[Attempt] = field(default_factory=list)
    _begun: bool = False
    _shown: bytes = b""

    def shown_key(self) -> asyncssh.SSHKey | None:
        """The host key that the server showed, whether it was taken or not."""
        try:
            return decode_ssh_public_key(self._shown)
        except ValueError:
            return None  # none yet, or a certificate

    def install(self) -> None:
        """Stand in front of the connection's methods from now on."""
        connection: Any = self.connection
        process, send = connection.process_packet, connection.send_packet
        validate, request = connection.validate_server_host_key, connection.send_userauth_request

        def process_packet(kind: int, number: int, packet: SSHPacket) -> bool | Awaitable[None]:
            self._received(kind, packet)
            done: bool | Awaitable[None] = process(kind, number, packet)
            return done

        def send_packet(kind: int, *parts: bytes, **more: Any) -> None:
            if kind == _KEXINIT and not self.ours:
                self.ours = _offer(bytes([kind]) + b"".join(parts))
            send(kind, *parts, **more)

        def validate_server_host_key(data: bytes) -> asyncssh.SSHKey:
            self._shown = data
            self.hearer.agreed(self)
            key: asyncssh.SSHKey = validate(data)
            return key

        async def send_userauth_request(method: bytes, *parts: bytes, **more: Any) -> None:
            self._requested(method.decode("ascii", "replace"), signed=bool(more.get("key")))
            await request(method, *parts, **more)

        connection.process_packet = process_packet
        connection.send_packet = send_packet
        connection.validate_server_host_key = validate_server_host_key
        connection.send_userauth_request = send_userauth_request
        self._watch_answers(connection)

    def _watch_answers(self, connection: Any) -> None:
        """See which key is taken next, and what is not answered."""
        next_key, go_on = connection.public_key_auth_requested, connection.try_next_auth

        async def public_key_auth_requested() -> asyncssh.SSHKeyPair | None:
            pair: asyncssh.SSHKeyPair | None = await next_key()
            if pair is not None:
                self.attempts.append(Attempt("publickey", told(pair)))
            return pair

        def try_next_auth(**how: Any) -> None:
            last = self.attempts[-1] if self.attempts else None
            if last is not None and not last.ended:
                last.ended = _unsigned(last) if last.method == "publickey" else "not answered"
            go_on(**how)

        connection.public_key_auth_requested = public_key_auth_requested
        connection.try_next_auth = try_next_auth
        connection.password_auth_requested = self._answered(
            "password", connection.password_auth_requested
        )
        connection.kbdint_auth_requested = self._answered(
            "keyboard-interactive", connection.kbdint_auth_requested
        )

    def _answered(
        self, method: str, ask: Callable[[], Awaitable[str | None]]
    ) -> Callable[[], Awaitable[str | None]]:
        """`ask`, seen when there is nothing to answer with."""

        async def asked() -> str | None:
            answer = await ask()
            if answer is None:
                self._unanswered(method)
            return answer

        return asked

    def _unanswered(self, method: str) -> None:
        # asked once more after a wrong answer: that one has its line already
        if not any(one.method == method for one in self.attempts):
            self.attempts.append(Attempt(method, "", ended="nothing to answer with"))

    def _received(self, kind: int, packet: SSHPacket) -> None:
        if kind == _KEXINIT and not self.theirs:
            self.theirs = _offer(packet.get_full_payload())
            self.hearer.negotiating(self)
        elif kind == _AUTH_FAILURE:
            self._refused(packet.get_full_payload())

    def _requested(self, method: str, *, signed: bool) -> None:
        if not self._begun:
            self._begun = True
            self.hearer.authenticating(self)
        if method == "publickey":
            if signed and self.attempts:
                self.attempts[-1].proved = True
        elif method != "none":
            self.attempts.append(Attempt(method, "", proved=True))

    def _refused(self, payload: bytes) -> None:
        copy = SSHPacket(payload)
        try:
            copy.get_byte()
            names = copy.get_namelist()
            half = copy.get_boolean()
        except PacketDecodeError:
            return  # asyncssh will say so
        self.methods = tuple(name.decode("ascii", "replace") for name in names)
        last = self.attempts[-1] if self.attempts else None
        if last is None or last.ended:
            return
        if half:
            last.accepted, last.ended = True, "accepted, and the server wants more"
        elif last.method == "publickey" and last.proved:
            last.ended = "known there, but the login was refused"
        else:
            last.ended = "not accepted"

    def let_in(self) -> None:
        """What was tried last was right."""
        if self.attempts and not self.attempts[-1].ended:
            self.attempts[-1].accepted, self.attempts[-1].ended = True, "accepted"


def _unsigned(attempt: Attempt) -> str:
    """Why a key that the server knows proved nothing."""
    if attempt.what.startswith("agent"):
        return "known there, but the agent did not sign: is it locked, or does it want a touch?"
    return "known there, but its passphrase was not given"


def told(pair: asyncssh.SSHKeyPair) -> str:
    """A key pair by where it is from, its fingerprint, and its comment."""
    where = "agent" if pair.get_key_type() == "agent" else "file"
    name = getattr(pair, "_filename", None) or pair.get_comment_bytes() or b""
    shown = name.decode("utf-8", "replace") if isinstance(name, bytes) else str(name)
    kind = "certificate" if pair.has_cert else pair.get_algorithm()
    words = (where, shown if where == "file" else "", kind, fingerprint_of(pair.key_public_data))
    comment = f"({shown})" if where == "agent" and shown else ""
    return " ".join(part for part in (*words, comment) if part)


def _offer(payload: bytes) -> Offer:
    """The lists of a KEXINIT; empty when it can't be read."""
    packet = SSHPacket(payload)
    try:
        packet.get_bytes(1 + 16)  # its kind, and a cookie
        lists = [packet.get_namelist() for _ in OFFERS]
    except PacketDecodeError:
        return ()
    return tuple(tuple(name.decode("ascii", "replace") for name in one) for one in lists)


def choices(tap: Tap) -> list[str | None]:
    """What both sides agree on, list by list: the first of ours that they have; None: nothing."""
    return [
        next((name for name in ours if name in theirs), None)
        for ours, theirs in zip(tap.ours, tap.theirs, strict=False)
    ]
