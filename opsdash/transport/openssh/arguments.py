"""What ssh is called with: options that its user's config can't undo, then what hosts.yaml says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from opsdash.core.errors import HostError
from opsdash.core.host import Host, HostKeyPolicy
from opsdash.core.problem import Problem, ProblemKind
from opsdash.core.target import checked_address
from opsdash.transport.bundle import quote
from opsdash.transport.ssh.resolve import Route, hop_host

ALWAYS = (
    "BatchMode=yes",  # its questions would be put to the terminal, under the screen
    "ClearAllForwardings=yes",
    "ForwardAgent=no",
    "ForwardX11=no",
    "PermitLocalCommand=no",
    "RemoteCommand=none",
    "RequestTTY=no",
    "StdinNull=no",
    "ForkAfterAuthentication=no",
    "ControlPersist=no",
    "EscapeChar=none",
    "ServerAliveInterval=15",
    "ServerAliveCountMax=3",
    "ConnectTimeout=8",
    "UpdateHostKeys=no",
    "VisualHostKey=no",
    "LogLevel=INFO",
)
"""The first value that ssh meets counts, and the command line comes before its config."""

PROGRAM = ("env", "SHELL=/bin/sh", "LC_ALL=C", "ssh")
"""ssh runs a ProxyCommand by $SHELL: by this one its quotes mean what we think, and it speaks
English.
"""

UNATTENDED = frozenset({"BatchMode=yes", "EscapeChar=none", "LogLevel=INFO", "ConnectTimeout=8"})
"""What of them holds only where nobody is there to be asked."""

ON_THE_WAY = tuple(one for one in ALWAYS if one not in UNATTENDED)
"""What an ssh is called with that only leads to another one, while a person looks on."""

MOST_JUMPS = 8


def destination(host: Host) -> str:
    """The last argument but the command; HostError for a name that ssh could take for an option."""
    name = host.address or host.name
    try:
        return checked_address(name)
    except ValueError as error:
        raise HostError(Problem(ProblemKind.CONFIG, f"host {name!r}: {error}")) from error


def options(
    host: Host, route: Route, hosts: Mapping[str, Host], own_known_hosts: Path
) -> list[str]:
    """The options for one host, its jump hosts included. `route` says which known_hosts files its
    user's config names; an unknown key is never taken but by `accept-new`, into our own file.
    """
    return _options(host, route, _Fleet(hosts, own_known_hosts), ALWAYS)


def by_hand(
    host: Host, route: Route, hosts: Mapping[str, Host], own_known_hosts: Path
) -> list[str]:
    """The whole argument list of an ssh for a person at the terminal: reached and verified as by
    options(), while all else is as the user's config has it. It may ask whatever it wants to.
    """
    fleet = _Fleet(hosts, own_known_hosts, ON_THE_WAY)
    # a ProxyCommand of ours is quoted for sh, and ssh runs it by $SHELL
    program = ["env", "SHELL=/bin/sh", "ssh"] if host.jump else ["ssh"]
    return [*program, *_options(host, route, fleet, ()), "--", destination(host)]


@dataclass(frozen=True, slots=True)
class _Fleet:
    """The hosts that may be jumped through, our own known_hosts file, and the options of an ssh
    that leads through one.
    """

    hosts: Mapping[str, Host]
    own_known_hosts: Path
    on_the_way: Sequence[str] = ALWAYS


def _options(
    host: Host, route: Route, fleet: _Fleet, first: Sequence[str], deepest: int = MOST_JUMPS
) -> list[str]:
    found = ["-F", host.ssh_config] if host.ssh_config else []
    for option in first:
        found += ["-o", option]
    found += _host_keys(host, route, fleet.own_known_hosts)
    if host.port:
        found += ["-p", str(host.port)]
    if host.user:
        found += ["-l", host.user]
    for key in host.keys:
        found += ["-o", f"IdentityFile={_word(key)}"]
    if host.keys:
        found += ["-o", "IdentitiesOnly=yes"]
    if host.jump:
        through = _through(host, fleet, deepest)
        found += ["-o", f"ProxyCommand={through}"]
    return found


def _host_keys(host: Host, route: Route, own: Path) -> list[str]:
    taken = "accept-new" if host.host_key is HostKeyPolicy.ACCEPT_NEW else "yes"
    files = " ".join(_word(path) for path in (str(own), *route.known_hosts))
    return [
        *("-o", f"StrictHostKeyChecking={taken}"),
        *("-o", f"UserKnownHostsFile={files}"),
        *("-o", "GlobalKnownHostsFile=none"),  # the route's files hold the global ones already
    ]


def _through(behind: Host, fleet: _Fleet, deepest: int) -> str:
    """The ProxyCommand that leads through a host's jump host, by an ssh of the same options."""
    if deepest == 0 or behind.jump is None:
        raise HostError(Problem(ProblemKind.CONFIG, f"{behind.name}: too many jump hosts"))
    jump = fleet.hosts.get(behind.jump) or hop_host(behind.jump, behind)
    route = Route(destination(jump), known_hosts=jump.known_hosts or _USUAL_FILES)
    argv = [*PROGRAM, *_options(jump, route, fleet, fleet.on_the_way, deepest - 1)]
    argv += ["-o", "ControlPath=none", "-W", "[%h]:%p", "--", destination(jump)]
    return " ".join(word if word == "[%h]:%p" else quote(_plain(word)) for word in argv)


_USUAL_FILES = ("~/.ssh/known_hosts", "~/.ssh/known_hosts2", "/etc/ssh/ssh_known_hosts")


def _plain(word: str) -> str:
    """Without meaning to ssh, which fills in %-tokens in a ProxyCommand."""
    return word.replace("%", "%%")


def _word(path: str) -> str:
    """A path as one word of an ssh option: quoted, and without %-tokens."""
    if '"' in path or "\n" in path or "\0" in path:
        raise HostError(Problem(ProblemKind.CONFIG, f"ssh can't use the path {path!r}"))
    escaped = _plain(path).replace("\\", "\\\\")
    return f'"{escaped}"'
