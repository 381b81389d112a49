"""The line for a shell that logs in to a host just as hosts.yaml says, to be copied."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping

from opsdash.core.host import Host

_HOME = re.compile(r"~[A-Za-z0-9._-]*/")


MOST_JUMPS = 8


def ssh_command(host: Host, hosts: Mapping[str, Host]) -> str:
    """``ssh [-F config] [-i key]... [-J jump,...] [-p port] [user@]address``, each word quoted.

    Jump hosts are looked up by name in `hosts`: their names mean nothing to ssh. One that has keys
    or a config of its own, which -J does not know, is gone through by an ssh of its own. Empty for
    a host that is not reached by ssh.
    """
    if not host.way.opens_sockets:
        return ""
    return " ".join([*_words(host, hosts), shlex.quote(_at(host))])


def _words(host: Host, hosts: Mapping[str, Host], deepest: int = MOST_JUMPS) -> list[str]:
    """All but the last word."""
    words = ["ssh"]
    if host.ssh_config:
        words += ["-F", _path(host.ssh_config)]
    for key in host.keys:
        words += ["-i", _path(key)]
    jump = hosts.get(host.jump or "")
    if jump is not None and deepest and _has_own_way(host, hosts):
        plain = " ".join([*_words(jump, hosts, deepest - 1), shlex.quote(_at(jump))])
        # ssh fills in %-tokens of a ProxyCommand: only these two are meant
        through = f"{plain.replace('%', '%%')} -W [%h]:%p"
        words += ["-o", shlex.quote(f"ProxyCommand={through}")]
    elif way := _jumps(host, hosts):
        words += ["-J", shlex.quote(",".join(way))]
    if host.port:
        words += ["-p", str(host.port)]
    return words


def _has_own_way(host: Host, hosts: Mapping[str, Host]) -> bool:
    """Whether a host on the way is reached by what -J does not pass on."""
    seen = {host.name}
    jump = hosts.get(host.jump or "")
    while jump is not None and jump.name not in seen:
        if jump.keys or jump.ssh_config not in (None, host.ssh_config):
            return True
        seen.add(jump.name)
        jump = hosts.get(jump.jump or "")
    return False


def _jumps(host: Host, hosts: Mapping[str, Host]) -> list[str]:
    """The hosts on the way, in the order of travel, as ``-J`` takes them."""
    way: list[str] = []
    seen = {host.name}
    jump = host.jump
    while jump and jump not in seen:
        seen.add(jump)
        one = hosts.get(jump)
        # what is not declared is written as ssh takes it: user@address:port
        way.insert(0, jump.removeprefix("ssh://") if one is None else _at(one, with_port=True))
        jump = one.jump if one is not None else None
    return way


def _at(host: Host, *, with_port: bool = False) -> str:
    address = host.address or host.name
    if with_port and ":" in address:
        address = f"[{address}]"
    user = f"{host.user}@" if host.user else ""
    port = f":{host.port}" if with_port and host.port else ""
    return f"{user}{address}{port}"


def _path(path: str) -> str:
    """A path as one word; the shell still has to put the home directory in place of a tilde."""
    home = _HOME.match(path)
    if home is None:
        return shlex.quote(path)
    rest = path[home.end() :]
    return home.group() + (shlex.quote(rest) if rest else "")
