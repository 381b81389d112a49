"""Becoming root on a host for one script: what the host allows is found out, a password is passed
on standard input alone, and a refusal is told from a script that failed.
"""

from __future__ import annotations

import re
from enum import StrEnum
from secrets import token_hex

from opsdash.core.errors import HostError
from opsdash.core.problem import Problem, ProblemKind
from opsdash.core.secret import Secret
from opsdash.transport.base import Completed, Connection
from opsdash.transport.bundle import Execute, quote
from opsdash.transport.root_rule import NOT_THE_SCRIPT, RootRule


class Root(StrEnum):
    """How a login becomes root on a host: it is, by sudo or doas alone, by sudo for the one script
    that a rule allows, by a password for sudo, by one that doas wants to have typed on a terminal,
    or never.
    """

    IS = "is"
    SUDO = "sudo"
    RULE = "rule"
    DOAS = "doas"
    PASSWORD = "password"  # noqa: S105 - a way, not a password
    TTY = "tty"
    NEVER = "never"

    @property
    def takes_password(self) -> bool:
        """Whether a person has to give one."""
        return self in (Root.PASSWORD, Root.TTY)


FIND_TIMEOUT_S = 10.0

_FIND = """\
w=never
if [ "$(id -u 2>/dev/null)" = 0 ]; then w=is
elif command -v sudo >/dev/null 2>&1; then
  said=$(LC_ALL=C sudo -n true 2>&1 </dev/null) && w=sudo || case $said in
    *password*|*terminal*|*askpass*) w=password ;;
  esac
  case $w:$said in
    sudo:*|*"not in the sudoers"*|*"may not run sudo"*) ;;
    *) %s; [ $? = %d ] && w=rule ;;
  esac
fi
if [ $w = never ] && command -v doas >/dev/null 2>&1; then
  said=$(LC_ALL=C doas -n true 2>&1 </dev/null) && w=doas || case $said in
    *required*) w=tty ;;
  esac
fi
"""

REFUSED = "sudo refused the password"
AGAIN = "press # to type it again"

_REFUSALS = (
    (r"not in the sudoers|may not run|not allowed to (run|execute)", "sudo does not let it"),
    (
        r"incorrect password|orry, try again|no password was provided",
        REFUSED,
    ),
    (r"must have a tty|no tty present|terminal is required", "sudo wants a terminal (requiretty)"),
    (r"a password is required|[Aa]uthentication (failed|required)", "sudo asks for a password"),
    (r"account.*(expired|locked)|PAM", "sudo's own login check refuses"),
)


async def find_root(execute: Execute, rule: RootRule | None = None) -> Root:
    """How this login becomes root, found out by ``sudo -n true`` or ``doas -n true``; where that
    is refused, by the command of a rule, which does nothing without its script.
    """
    mark = token_hex(6)
    command = f"{_by_rule(rule)} >/dev/null 2>&1 </dev/null" if rule else "false"
    script = f"{_FIND % (command, NOT_THE_SCRIPT)}echo {mark}=$w\n".encode()
    done = await execute(script, timeout_s=FIND_TIMEOUT_S, max_bytes=65_536)
    found = re.search(rf"{mark}=(\w+)", done.stdout.decode("utf-8", "replace"))
    return Root(found[1]) if found and found[1] in list(Root) else Root.NEVER


def _by_rule(rule: RootRule) -> str:
    """The command that sudo has a rule for, as a line of shell."""
    return f"sudo -n -- {' '.join(quote(word) for word in rule.argv)}"


def by_rule(connection: Connection, rule: RootRule) -> Execute:
    """A connection's execute(), but by sudo and for the script of a rule alone; HostError (DENIED)
    when the host refuses.
    """

    async def elevated(script: bytes, *, timeout_s: float, max_bytes: int) -> Completed:
        wrapped = _with_input(f"LC_ALL=C exec {_by_rule(rule)}", script.decode())
        return await _allowed(connection.execute, wrapped, timeout_s, max_bytes)

    return elevated


async def _allowed(execute: Execute, wrapped: bytes, timeout_s: float, max_bytes: int) -> Completed:
    done = await execute(wrapped, timeout_s=timeout_s, max_bytes=max_bytes)
    if done.status != 0 and not done.stdout:
        reason = _refusal(done.stderr.decode("utf-8", "replace"), done.status)
        raise _denied(reason, AGAIN if reason == REFUSED else "")
    return done


def _with_input(command: str, text: str) -> bytes:
    """A command that gets a text on its standard input."""
    end = f"END-{token_hex(6)}"
    return f"{command} <<'{end}'\n{text}\n{end}\n".encode()


def as_root(connection: Connection, root: Root, password: Secret | None = None) -> Execute:
    """A connection's execute(), but as root; HostError (DENIED) when the host refuses.

    A password is tried once: it stands alone on sudo's input, so a second try finds the end of it.
    It is never an argument, in the environment or on a disk: the remote shell gets it on its own
    input and prints it by a builtin.
    """

    async def elevated(script: bytes, *, timeout_s: float, max_bytes: int) -> Completed:
        if root is Root.TTY and password:
            command = f"doas -- /bin/sh -c {quote(_RAW_TTY + script.decode())}"
            done = await connection.execute_on_tty(
                command, password, timeout_s=timeout_s, max_bytes=max_bytes
            )
            if done.status != 0 and b"doas: " in done.stdout[:400]:
                raise _denied("doas refused the password", AGAIN)
            return done
        wrapped = _wrapped(script, root, password)
        return await _allowed(connection.execute, wrapped, timeout_s, max_bytes)

    return elevated


def _denied(reason: str, hint: str = "") -> HostError:
    return HostError(Problem(ProblemKind.DENIED, f"needs root: {reason}", hint))


def _refusal(said: str, status: int) -> str:
    """What sudo means by its words."""
    for pattern, words in _REFUSALS:
        if re.search(pattern, said):
            return words
    return (said.strip().splitlines() or [f"status {status}"])[-1]


_RAW_TTY = "stty -opost -echo 2>/dev/null; "
"""Else the terminal would put a carriage return before every newline."""


def _wrapped(script: bytes, root: Root, password: Secret | None) -> bytes:
    text = script.decode()
    match root:
        case Root.IS:
            return script
        case Root.SUDO | Root.DOAS:
            return _with_input(f"exec {root} -n -- /bin/sh -s", text)
        case Root.PASSWORD if password:
            word = quote(password.reveal().decode("utf-8", "surrogateescape"))
            lines = [
                "case $(command -V printf) in *built*) ;; *) echo no builtin >&2; exit 1 ;; esac",
                f"p={word}",
                "printf '%s\\n' \"$p\" | LC_ALL=C sudo -k -S -p '' -- /bin/sh -c " + quote(text),
            ]
            return "\n".join(lines).encode("utf-8", "surrogateescape") + b"\n"
    hint = "opsdash sudoers prints a rule for sudo that allows just this"
    raise _denied("neither sudo nor doas lets this user", hint)
