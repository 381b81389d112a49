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
from opsdash.transport.base import TOKEN, Completed, Connection, Elevation, Order
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


def elevation(root: Root, password: Secret | None = None) -> Elevation:
    """The way in which root is become; HostError (DENIED) where there is none.

    A password is given once, to what asks for it and nothing else. It is never an argument, in the
    environment or on a disk, and no shell reads it.
    """
    match root:
        case Root.IS:
            return Elevation()
        case Root.SUDO | Root.DOAS:
            return Elevation(f"{root} -n --")
        case Root.PASSWORD if password:
            # without -k it may not ask, and without -S it would want a terminal
            return Elevation(f"sudo -k -S -p {TOKEN} --", password)
        case Root.TTY if password:
            return Elevation("doas --", password, on_tty=True)
        case Root.RULE:
            raise _denied("sudo allows only what opsdash itself looks at", "ask for a wider rule")
        case Root.PASSWORD | Root.TTY:
            raise _denied("it takes a password, and none was given", AGAIN)
    hint = "opsdash sudoers prints a rule for sudo that allows just this"
    raise _denied("neither sudo nor doas lets this user", hint)


def as_root(connection: Connection, root: Root, password: Secret | None = None) -> Execute:
    """A connection's execute(), but as root; HostError (DENIED) when the host refuses."""
    by = elevation(root, password)

    async def elevated(script: bytes, *, timeout_s: float, max_bytes: int) -> Completed:
        order = Order(script, root=True, timeout_s=timeout_s, max_bytes=max_bytes)
        return await connection.run(order, by=by)

    return elevated


def refused(said: bytes, by: Elevation, status: int = 1) -> Problem:
    """Why root could not be become: what the host said of it, in our words where they are known."""
    if by.on_tty and re.search(rb"doas: |incorrect password", said):
        return _denied("doas refused the password", AGAIN).problem
    reason = _refusal(said.decode("utf-8", "replace"), status)
    return _denied(reason, AGAIN if reason == REFUSED else "").problem


def _denied(reason: str, hint: str = "") -> HostError:
    return HostError(Problem(ProblemKind.DENIED, f"needs root: {reason}", hint))


def _refusal(said: str, status: int) -> str:
    """What sudo means by its words."""
    for pattern, words in _REFUSALS:
        if re.search(pattern, said):
            return words
    return (said.strip().splitlines() or [f"status {status}"])[-1]
