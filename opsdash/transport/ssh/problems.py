"""What asyncssh and the system raise, turned into the closed kinds of Problem."""

from __future__ import annotations

import errno
import socket

import asyncssh
from asyncssh.packet import PacketDecodeError

from opsdash.core.problem import Problem, ProblemKind

CAUGHT = (asyncssh.Error, OSError, ValueError, TimeoutError)
"""All that a connection can raise; anything else is a bug of ours and must show."""

_NO_ROUTE = frozenset(
    {
        errno.ENETUNREACH,
        errno.EHOSTUNREACH,
        errno.ENETDOWN,
        errno.EHOSTDOWN,
        errno.EADDRNOTAVAIL,
        errno.EAFNOSUPPORT,
        errno.EPROTONOSUPPORT,
        errno.EINVAL,  # an IPv6 address of this link without its zone
    }
)
_FORBIDDEN = frozenset({errno.EPERM, errno.EACCES})
_CUT = frozenset({errno.ECONNRESET, errno.ECONNABORTED, errno.EPIPE, errno.ENOTCONN})
_NO_FILES = frozenset({errno.EMFILE, errno.ENFILE})
_NO_MEMORY = frozenset({errno.ENOMEM, errno.ENOBUFS})


def explain(error: BaseException, where: str) -> Problem:
    """The problem behind an exception; `where` names the address, as ``web1:22``."""
    for kinds, explained in (
        (socket.gaierror, _name),
        (ConnectionRefusedError, _refused),
        (TimeoutError, _timeout),
        (OSError, _system),
        ((PacketDecodeError, UnicodeError), _nonsense),
        (asyncssh.ConfigParseError, _config),
        (asyncssh.Error, _protocol),
    ):
        if isinstance(error, kinds):
            return explained(error, where)
    return Problem(ProblemKind.KEY_FILE, f"{where}: {error}")


def stuck(where: str) -> Problem:
    """The server speaks, but the login does not end."""
    return Problem(ProblemKind.LOGIN_STUCK, f"{where} does not finish the login")


def no_ssh(where: str) -> Problem:
    """The server speaks, but not SSH."""
    hint = "is it the right port? another service answers there"
    return Problem(ProblemKind.DROPPED, f"{where} does not speak SSH", hint)


_BEHIND = (
    ("refused", ProblemKind.REFUSED, "connection refused by {}"),
    ("timed out", ProblemKind.TIMEOUT, "no answer from {}"),
    ("no route", ProblemKind.NO_ROUTE, "no route to {}"),
    ("unreachable", ProblemKind.NO_ROUTE, "no route to {}"),
    ("unknown host", ProblemKind.NAME, "name not found: {}"),
    ("not known", ProblemKind.NAME, "name not found: {}"),
    ("resolution", ProblemKind.NAME, "name not found: {}"),
)
"""What a jump host says of the way from there, in lower case."""


def hung_up(where: str, *, speaks_ssh: bool) -> Problem:
    """The server closed the connection before anybody was logged in."""
    if speaks_ssh:
        text = f"{where} closed the connection before the login was over"
        return Problem(ProblemKind.LOST, text)
    problem = no_ssh(where)
    return Problem(problem.kind, f"{problem.text}, and closed the connection", problem.hint)


def place(address: str, port: int) -> str:
    """An address with its port as it is shown: an IPv6 address stands in brackets."""
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def refused_by_jump(error: asyncssh.ChannelOpenError, where: str, jump: str) -> Problem:
    """Why a jump host that lets us in does not lead on to a host."""
    if error.code == asyncssh.OPEN_ADMINISTRATIVELY_PROHIBITED:
        hint = f"sshd on {jump} forbids it: AllowTcpForwarding, PermitOpen, or authorized_keys"
        return Problem(ProblemKind.JUMP, f"{jump} does not lead on to {where}", hint)
    said = error.reason.lower()
    network = f"check the network, resolver and firewall between {jump} and the host"
    for words, kind, text in _BEHIND:
        if words in said:
            hint = "" if kind is ProblemKind.REFUSED else network
            return Problem(kind, f"{text.format(where)}, asked by {jump}", hint)
    text = f"{jump} can't reach {where}: {error.reason}"
    return Problem(ProblemKind.NO_ROUTE, text, network)


def _name(error: BaseException, where: str) -> Problem:
    return Problem(ProblemKind.NAME, f"name not found: {where.rpartition(':')[0]}")


def _refused(error: BaseException, where: str) -> Problem:
    return Problem(ProblemKind.REFUSED, f"connection refused by {where}")


def _reset(error: BaseException, where: str) -> Problem:
    return Problem(ProblemKind.DROPPED, f"{where} closed the connection before login")


def _timeout(error: BaseException, where: str) -> Problem:
    return Problem(ProblemKind.TIMEOUT, f"no answer from {where}")


def _system(error: BaseException, where: str) -> Problem:
    number = getattr(error, "errno", None)
    if number == errno.ETIMEDOUT:
        return _timeout(error, where)
    if number in _CUT or isinstance(error, ConnectionError):
        return _reset(error, where)
    if number == errno.EINVAL and "%" not in where:
        hint = "an address of one link only needs its interface: fe80::1%eth0"
        return Problem(ProblemKind.NO_ROUTE, f"no route to {where}", hint)
    if number in _NO_ROUTE:
        return Problem(ProblemKind.NO_ROUTE, f"no route to {where}")
    if number in _FORBIDDEN:
        hint = "a firewall or sandbox of this machine forbids it: look at its OUTPUT rules"
        return Problem(ProblemKind.NO_ROUTE, f"this machine may not connect to {where}", hint)
    if number in _NO_FILES:
        return Problem(ProblemKind.FILES, f"{where}: this machine allows no more open files")
    if number in _NO_MEMORY:
        hint = "free memory on this machine (free -m, ss -s), then start again"
        return Problem(ProblemKind.FILES, f"{where}: this machine has no memory for it", hint)
    reason = getattr(error, "strerror", None) or str(error)
    return Problem(ProblemKind.LOST, f"{where}: {reason}")


def _nonsense(error: BaseException, where: str) -> Problem:
    """asyncssh lets these through when a packet is not what its length or type says."""
    return Problem(ProblemKind.DROPPED, f"{where} does not speak SSH: {error}")


def _config(error: BaseException, where: str) -> Problem:
    return Problem(ProblemKind.CONFIG, f"{where}: {error}", "correct your ssh config")


_Said = tuple[ProblemKind, str, str]
"""The kind, the words (with the place and the reason to be filled in), a next step of its own."""

_OF_KIND: tuple[tuple[type[asyncssh.Error], _Said], ...] = (
    (asyncssh.PermissionDenied, (ProblemKind.AUTH, "login refused: {text}", "")),
    (asyncssh.KeyExchangeFailed, (ProblemKind.KEX, "{where}: {text}", "")),
    (
        asyncssh.ProtocolNotSupported,
        (ProblemKind.KEX, "{where} speaks only an SSH that is too old: {text}", ""),
    ),
    (
        asyncssh.IllegalUserName,
        (ProblemKind.AUTH, "login refused: the server does not take this user: {text}", ""),
    ),
    (
        asyncssh.ServiceNotAvailable,
        (ProblemKind.DROPPED, "{where} offers no login: {text}", ""),
    ),
    (
        asyncssh.MACError,
        (
            ProblemKind.LOST,
            "what came from {where} was damaged on the way: {text}",
            "a broken link, MTU or middlebox: try another network",
        ),
    ),
    (
        asyncssh.CompressionError,
        (
            ProblemKind.LOST,
            "what came from {where} can't be unpacked: {text}",
            "a broken link or middlebox: try another network",
        ),
    ),
    (asyncssh.ChannelOpenError, (ProblemKind.SESSION, "no session on {where}: {text}", "")),
    (asyncssh.ProtocolError, (ProblemKind.DROPPED, "{where} does not speak SSH: {text}", "")),
    (asyncssh.ProcessError, (ProblemKind.SESSION, "a command on {where} failed: {text}", "")),
    (
        asyncssh.SFTPError,
        (ProblemKind.SESSION, "file transfer with {where}: {text}", "does its sshd offer sftp?"),
    ),
)

_OF_CODE: dict[int, _Said] = {
    asyncssh.DISC_HOST_NOT_ALLOWED_TO_CONNECT: (
        ProblemKind.DROPPED,
        "{where} does not let this machine connect: {text}",
        "",
    ),
    asyncssh.DISC_TOO_MANY_CONNECTIONS: (
        ProblemKind.DROPPED,
        "{where} has too many connections: {text}",
        "",
    ),
    asyncssh.DISC_AUTH_CANCELLED_BY_USER: (ProblemKind.AUTH, "login refused: {text}", ""),
    asyncssh.DISC_NO_MORE_AUTH_METHODS_AVAILABLE: (ProblemKind.AUTH, "login refused: {text}", ""),
}
"""What a server may say when it disconnects (RFC 4253, 11.1)."""


def _protocol(error: BaseException, where: str) -> Problem:
    text = getattr(error, "reason", None) or str(error)
    if isinstance(error, asyncssh.HostKeyNotVerifiable):
        revoked = "revoked" in text
        kind = ProblemKind.HOST_KEY_REVOKED if revoked else ProblemKind.HOST_KEY_UNKNOWN
        return Problem(kind, f"{where}: {text}")
    if "Too many authentication failures" in text:
        hint = "set keys: in hosts.yaml, so that only the right key is offered"
        return Problem(ProblemKind.AUTH, "login refused: too many keys were offered", hint)
    if "timeout" in text.lower() and not isinstance(error, asyncssh.ProcessError):
        return stuck(where)
    said = next((said for kind, said in _OF_KIND if isinstance(error, kind)), None)
    said = said or _OF_CODE.get(getattr(error, "code", 0))
    if said is None:
        return Problem(ProblemKind.LOST, f"connection to {where} lost: {text}")
    kind, words, hint = said
    return Problem(kind, words.format(where=where, text=text), hint)
