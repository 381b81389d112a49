"""What asyncssh and the system raise becomes the kind whose next step helps."""

from __future__ import annotations

import errno
import os
import socket

import asyncssh
import pytest

from opsdash.core.problem import ProblemKind
from opsdash.transport.accounts import account_refused
from opsdash.transport.ssh.problems import explain, refused_by_jump


def system(number: int) -> OSError:
    """The system's error of this number."""
    return OSError(number, os.strerror(number))


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (socket.gaierror(socket.EAI_NONAME, "unknown"), ProblemKind.NAME),
        (system(errno.ECONNREFUSED), ProblemKind.REFUSED),
        (system(errno.ECONNRESET), ProblemKind.DROPPED),
        (system(errno.ETIMEDOUT), ProblemKind.TIMEOUT),
        (system(errno.EHOSTUNREACH), ProblemKind.NO_ROUTE),
        (system(errno.EMFILE), ProblemKind.FILES),
        (system(errno.ENFILE), ProblemKind.FILES),
        (asyncssh.PermissionDenied("Permission denied"), ProblemKind.AUTH),
        (asyncssh.ConnectionLost("Login timeout expired"), ProblemKind.LOGIN_STUCK),
        (asyncssh.ProtocolError("Too many authentication failures"), ProblemKind.AUTH),
        (asyncssh.KeyExchangeFailed("No matching cipher"), ProblemKind.KEX),
        (asyncssh.ChannelOpenError(2, "open failed"), ProblemKind.SESSION),
        (asyncssh.ConnectionLost("Connection lost"), ProblemKind.LOST),
    ],
)
def test_every_error_has_its_kind(error: BaseException, kind: ProblemKind) -> None:
    assert explain(error, "web1:22").kind is kind


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
