"""What asyncssh and the system raise becomes the kind whose next step helps."""

from __future__ import annotations

import asyncio
import errno
import os
import socket

import asyncssh
import pytest

from opsdash.core.errors import HostError
from opsdash.core.problem import CAUSES, HINTS, ProblemKind
from opsdash.transport import process
from opsdash.transport.accounts import account_refused
from opsdash.transport.ssh.problems import explain, place, refused_by_jump


def system(number: int) -> OSError:
    """The system's error of this number."""
    return OSError(number, os.strerror(number))


CONNECT = {
    errno.ECONNREFUSED: ProblemKind.REFUSED,
    errno.ECONNRESET: ProblemKind.DROPPED,
    errno.ECONNABORTED: ProblemKind.DROPPED,
    errno.EPIPE: ProblemKind.DROPPED,
    errno.ENOTCONN: ProblemKind.DROPPED,
    errno.ETIMEDOUT: ProblemKind.TIMEOUT,
    errno.EHOSTUNREACH: ProblemKind.NO_ROUTE,
    errno.ENETUNREACH: ProblemKind.NO_ROUTE,
    errno.ENETDOWN: ProblemKind.NO_ROUTE,
    errno.EHOSTDOWN: ProblemKind.NO_ROUTE,
    errno.EADDRNOTAVAIL: ProblemKind.NO_ROUTE,
    errno.EAFNOSUPPORT: ProblemKind.NO_ROUTE,
    errno.EPROTONOSUPPORT: ProblemKind.NO_ROUTE,
    errno.EINVAL: ProblemKind.NO_ROUTE,
    errno.EPERM: ProblemKind.NO_ROUTE,
    errno.EACCES: ProblemKind.NO_ROUTE,
    errno.EMFILE: ProblemKind.FILES,
    errno.ENFILE: ProblemKind.FILES,
    errno.ENOMEM: ProblemKind.FILES,
    errno.ENOBUFS: ProblemKind.FILES,
    errno.EIO: ProblemKind.LOST,
}
"""What connect(2), ip(7), tcp(7) and socket(2) can fail with."""


@pytest.mark.parametrize(("number", "kind"), CONNECT.items(), ids=lambda v: str(v))
def test_every_error_of_the_system_has_its_kind(number: int, kind: ProblemKind) -> None:
    assert explain(system(number), "web1:22").kind is kind


def raised(kind: type[BaseException]) -> BaseException:
    """An exception of this kind, as asyncssh makes it."""
    if issubclass(kind, asyncssh.ProcessError):
        return kind(None, "false", None, 1, None, 1, "", "")
    if kind in (asyncssh.Error, asyncssh.DisconnectError, asyncssh.ChannelOpenError):
        return kind(asyncssh.DISC_BY_APPLICATION, "reason")
    if kind is asyncssh.SFTPError:
        return kind(4, "reason")
    return kind("reason")


TREE = {
    asyncssh.Error: ProblemKind.LOST,
    asyncssh.DisconnectError: ProblemKind.LOST,
    asyncssh.CompressionError: ProblemKind.LOST,
    asyncssh.ConnectionLost: ProblemKind.LOST,
    asyncssh.HostKeyNotVerifiable: ProblemKind.HOST_KEY_UNKNOWN,
    asyncssh.IllegalUserName: ProblemKind.AUTH,
    asyncssh.KeyExchangeFailed: ProblemKind.KEX,
    asyncssh.MACError: ProblemKind.LOST,
    asyncssh.PermissionDenied: ProblemKind.AUTH,
    asyncssh.ProtocolError: ProblemKind.DROPPED,
    asyncssh.ProtocolNotSupported: ProblemKind.KEX,
    asyncssh.ServiceNotAvailable: ProblemKind.DROPPED,
    asyncssh.ChannelOpenError: ProblemKind.SESSION,
    asyncssh.ProcessError: ProblemKind.SESSION,
    asyncssh.TimeoutError: ProblemKind.TIMEOUT,
    asyncssh.SFTPError: ProblemKind.SESSION,
    asyncssh.ConfigParseError: ProblemKind.CONFIG,
    asyncssh.KeyImportError: ProblemKind.KEY_FILE,
    asyncssh.KeyExportError: ProblemKind.KEY_FILE,
    asyncssh.KeyEncryptionError: ProblemKind.KEY_FILE,
    asyncssh.KeyGenerationError: ProblemKind.KEY_FILE,
}
"""Every exception of asyncssh that a client can meet; what comes below one of these is of its
kind."""


@pytest.mark.parametrize(("error", "kind"), TREE.items(), ids=lambda v: getattr(v, "__name__", v))
def test_every_exception_of_asyncssh_has_its_kind_and_a_next_step(
    error: type[BaseException], kind: ProblemKind
) -> None:
    problem = explain(raised(error), "web1:22")
    assert problem.kind is kind
    assert "reason" in problem.text or kind in (ProblemKind.TIMEOUT, ProblemKind.SESSION)
    assert problem.hint


def test_no_exception_of_asyncssh_is_left_out() -> None:
    public = [one for one in vars(asyncssh).values() if isinstance(one, type)]
    met = {one for one in public if issubclass(one, asyncssh.Error | ValueError)}
    known = tuple(TREE)
    left = {
        one.__name__
        for one in met
        # the kinds of SFTPError are all told as file transfers that failed
        if one not in known and not issubclass(one, asyncssh.SFTPError)
    }
    assert left == set()


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (socket.gaierror(socket.EAI_NONAME, "unknown"), ProblemKind.NAME),
        (socket.gaierror(socket.EAI_AGAIN, "again"), ProblemKind.NAME),
        (asyncssh.HostKeyNotVerifiable("Host key is revoked"), ProblemKind.HOST_KEY_REVOKED),
        (asyncssh.ConnectionLost("Login timeout expired"), ProblemKind.LOGIN_STUCK),
        (asyncssh.ProtocolError("Too many authentication failures"), ProblemKind.AUTH),
        (asyncssh.DisconnectError(1, "not allowed"), ProblemKind.DROPPED),
        (asyncssh.DisconnectError(12, "too many"), ProblemKind.DROPPED),
        (asyncssh.DisconnectError(13, "cancelled"), ProblemKind.AUTH),
        (asyncssh.DisconnectError(14, "no more"), ProblemKind.AUTH),
        (UnicodeDecodeError("ascii", b"\xff", 0, 1, "odd"), ProblemKind.DROPPED),
    ],
)
def test_every_error_has_its_kind(error: BaseException, kind: ProblemKind) -> None:
    assert explain(error, "web1:22").kind is kind


def test_an_address_of_one_link_needs_its_interface() -> None:
    problem = explain(system(errno.EINVAL), place("fe80::1", 22))
    assert problem.text == "no route to [fe80::1]:22"
    assert "fe80::1%eth0" in problem.hint
    zoned = explain(system(errno.EINVAL), place("fe80::1%eth0", 22))
    assert zoned.hint == HINTS[ProblemKind.NO_ROUTE]
    assert place("10.0.0.1", 22) == "10.0.0.1:22"


@pytest.mark.parametrize("kind", ProblemKind)
def test_every_kind_has_a_cause_and_a_next_step(kind: ProblemKind) -> None:
    assert HINTS[kind]
    assert CAUSES[kind]


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        (errno.ENOENT, ProblemKind.MISSING_COMMAND),
        (errno.EACCES, ProblemKind.MISSING_COMMAND),
        (errno.ENOEXEC, ProblemKind.MISSING_COMMAND),
        (errno.EMFILE, ProblemKind.FILES),
        (errno.ENOMEM, ProblemKind.FILES),
        (errno.EAGAIN, ProblemKind.FILES),
    ],
)
async def test_a_program_that_cant_be_started_is_told_why(
    number: int, kind: ProblemKind, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(*args: object, **kwargs: object) -> None:
        raise system(number)

    monkeypatch.setattr(asyncio, "create_subprocess_exec", refuse)
    with pytest.raises(HostError) as caught:
        await process.run(["ssh"], timeout_s=1)
    assert caught.value.problem.kind is kind
    assert "ssh can't be started" in caught.value.problem.text


@pytest.mark.parametrize(
    "said",
    [
        "Your account has expired; please contact your system administrator.",
        "This account is currently not available.",
        "motd\nWARNING: Your password has expired.\nbye",
    ],
)
def test_an_account_that_may_not_be_used_is_told_in_its_own_words(said: str) -> None:
    problem = account_refused(f"\x1b[31m{said}")
    assert problem is not None
    assert problem.kind is ProblemKind.ACCOUNT
    assert "\x1b" not in problem.text
    assert not problem.mends_itself


def test_other_words_are_no_account_problem() -> None:
    assert account_refused("System is booting up. Unprivileged users are not permitted.") is None


@pytest.mark.parametrize(
    ("code", "said", "kind"),
    [
        (asyncssh.OPEN_ADMINISTRATIVELY_PROHIBITED, "open failed", ProblemKind.JUMP),
        (asyncssh.OPEN_CONNECT_FAILED, "Connection refused", ProblemKind.REFUSED),
        (asyncssh.OPEN_CONNECT_FAILED, "Connection timed out", ProblemKind.TIMEOUT),
        (asyncssh.OPEN_CONNECT_FAILED, "No route to host", ProblemKind.NO_ROUTE),
        (asyncssh.OPEN_CONNECT_FAILED, "Network is unreachable", ProblemKind.NO_ROUTE),
        (asyncssh.OPEN_CONNECT_FAILED, "Name or service not known", ProblemKind.NAME),
        (asyncssh.OPEN_CONNECT_FAILED, "\x1b[31mwhatever", ProblemKind.NO_ROUTE),
    ],
)
def test_what_a_jump_host_says_of_the_way_from_there(
    code: int, said: str, kind: ProblemKind
) -> None:
    problem = refused_by_jump(asyncssh.ChannelOpenError(code, said), "vault1:22", "bastion")
    assert problem.kind is kind
    assert "bastion" in problem.text
    assert problem.text.isprintable()
