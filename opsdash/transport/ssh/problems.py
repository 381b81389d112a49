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
    {errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, errno.EHOSTDOWN, errno.EADDRNOTAVAIL}
)


_NO_FILES = frozenset({errno.EMFILE, errno.ENFILE})


def explain(error: BaseException, where: str) -> Problem:
    """The problem behind an exception; `where` names the address, as ``web1:22``."""
    for kinds, explained in (
        (socket.gaierror, _name),
        (ConnectionRefusedError, _refused),
        (ConnectionResetError, _reset),
        (TimeoutError, _timeout),
        (OSError, _system),
        ((PacketDecodeError, UnicodeError), _nonsense),
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


def refused_by_jump(error: asyncssh.ChannelOpenError, where: str, jump: str) -> Problem:
    """Why a jump host that lets us in does not lead on to a host."""
    if error.code == asyncssh.OPEN_ADMINISTRATIVELY_PROHIBITED:
        hint = f"sshd on {jump} forbids it: AllowTcpForwarding, PermitOpen, or authorized_keys"
        return Problem(ProblemKind.JUMP, f"{jump} does not lead on to {where}", hint)
    said = error.reason.lower()
    for words, kind, text in _BEHIND:
        if words in said:
            return Problem(kind, f"{text.format(where)}, asked by {jump}")
    return Problem(ProblemKind.NO_ROUTE, f"{jump} can't reach {where}: {error.reason}")


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
    if number in _NO_ROUTE:
        return Problem(ProblemKind.NO_ROUTE, f"no route to {where}")
    if number in _NO_FILES:
        return Problem(ProblemKind.FILES, f"{where}: this machine allows no more open files")
    reason = getattr(error, "strerror", None) or str(error)
    return Problem(ProblemKind.LOST, f"{where}: {reason}")


def _nonsense(error: BaseException, where: str) -> Problem:
    """asyncssh lets these through when a packet is not what its length or type says."""
    return Problem(ProblemKind.DROPPED, f"{where} does not speak SSH: {error}")


def _protocol(error: BaseException, where: str) -> Problem:
    text = getattr(error, "reason", None) or str(error)
    if isinstance(error, asyncssh.PermissionDenied):
        return Problem(ProblemKind.AUTH, f"login refused: {text}")
    if isinstance(error, asyncssh.KeyExchangeFailed):
        return Problem(ProblemKind.KEX, f"{where}: {text}")
    if "Too many authentication failures" in text:
        hint = "set keys: in hosts.yaml, so that only the right key is offered"
        return Problem(ProblemKind.AUTH, "login refused: too many keys were offered", hint)
    if "timeout" in text.lower():
        return stuck(where)
    if isinstance(error, asyncssh.ChannelOpenError):
        return Problem(ProblemKind.SESSION, f"no session on {where}: {text}")
    if isinstance(error, asyncssh.ProtocolError):
        return Problem(ProblemKind.DROPPED, f"{where} does not speak SSH: {text}")
    return Problem(ProblemKind.LOST, f"connection to {where} lost: {text}")
