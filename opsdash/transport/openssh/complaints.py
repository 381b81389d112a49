"""What ssh complains of on its error output, turned into the closed kinds of Problem."""

from __future__ import annotations

import re

from opsdash.core.problem import Problem, ProblemKind
from opsdash.transport.accounts import account_refused

_Kind = ProblemKind

_KNOWN: tuple[tuple[str, ProblemKind, str], ...] = (
    (r"REMOTE HOST IDENTIFICATION HAS CHANGED", _Kind.HOST_KEY_CHANGED, "host key CHANGED on {}"),
    (r"REVOKED HOST KEY|host key .* revoked", _Kind.HOST_KEY_REVOKED, "host key of {} is revoked"),
    (r"Host key verification failed", _Kind.HOST_KEY_UNKNOWN, "host key of {} is not known"),
    (r"Could not resolve hostname", _Kind.NAME, "name not found: {}"),
    (r"Connection refused", _Kind.REFUSED, "connection refused by {}"),
    (r"No route to host|Network is unreachable", _Kind.NO_ROUTE, "no route to {}"),
    (r"timed out during banner exchange", _Kind.NO_BANNER, "sshd does not answer on {}"),
    (r"Connection to .* timed out|Operation timed out", _Kind.TIMEOUT, "no answer from {}"),
    (r"Connection timed out", _Kind.TIMEOUT, "no answer from {}"),
    (r"Unable to negotiate|no matching .* found", _Kind.KEX, "{}: no common algorithm"),
    (r"Too many authentication failures", _Kind.AUTH, "login refused: too many keys were offered"),
    (r"UNPROTECTED PRIVATE KEY FILE", _Kind.KEY_FILE, "a private key is readable by others"),
    (r"Permission denied \(.*\)", _Kind.AUTH, "login refused: {said}"),
    (r"Bad configuration option|Bad owner or permissions", _Kind.CONFIG, "ssh: {said}"),
    (r"user config file|command-line: line|[Ff]ile .* line \d+", _Kind.CONFIG, "ssh: {said}"),
    (r"Too many open files", _Kind.FILES, "{}: this machine allows no more open files"),
    (r"invalid characters|protocol version", _Kind.DROPPED, "{} does not speak SSH"),
    (
        r"(closed|reset) by|kex_exchange_identification",
        _Kind.DROPPED,
        "{} closed the connection before login",
    ),
    (
        r"[Ss]ession open refused|open failed",
        _Kind.SESSION,
        "sshd allows no further session (MaxSessions)",
    ),
)
"""A pattern for one line, the kind that it means, and the words; the first that is found counts."""

_HINTS = {
    _Kind.AUTH: "try `ssh {}` in a terminal: a ticket (kinit), a key in the agent, a token?",
    _Kind.HOST_KEY_UNKNOWN: "run `ssh {}` once to compare and accept it, or host_key: accept-new",
}


def complaint(said: str, where: str, name: str) -> Problem:
    """The problem behind the error output of an ssh that could not log in.

    `where` is the address for the words, `name` what its user would call ssh with.
    """
    refused = account_refused(said)
    if refused is not None:
        return refused
    for pattern, kind, words in _KNOWN:
        line = next((line for line in said.splitlines() if re.search(pattern, line)), None)
        if line is not None:
            text = words.format(where, said=line.strip())
            return Problem(kind, text, _HINTS.get(kind, "").format(name))
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    if lines:
        return Problem(_Kind.LOST, f"ssh ended: {lines[-1]}", f"try `ssh -v {name}` in a terminal")
    hint = f"try `ssh -v {name}` in a terminal"
    return Problem(_Kind.LOST, "ssh ended without a word", hint)


_NAMELESS = "UNKNOWN port 65535"
"""What ssh calls the other end of a ProxyCommand."""


def proxy_ended(said: str, problem: Problem) -> Problem:
    """The problem of a host behind a ProxyCommand of the user's: its own words, where it ended.

    ssh does not tell its exit status, and says of itself only that a peer without a name is gone.
    """
    if _NAMELESS not in said or problem.kind not in (_Kind.DROPPED, _Kind.LOST):
        return problem
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    own = [line for line in lines if not re.search(rf"{_NAMELESS}|^kex_exchange_id", line)]
    text = own[0] if own else "without a word"
    return Problem(_Kind.PROXY, f"ProxyCommand ended before the login: {text}")


def behind(said: str, jump: str) -> Problem | None:
    """The problem of a host whose jump host failed; None when ssh got past that one.

    A ProxyCommand that ended without a connection leaves ssh a peer without a name.
    """
    if _NAMELESS not in said:
        return None
    own = "\n".join(line for line in said.splitlines() if _NAMELESS not in line)
    text = f"behind {jump}: {complaint(own, jump, jump).text}"
    return Problem(_Kind.JUMP, text, culprit=jump)
