"""The commands that mend what an examination finds on the way to a host, ready to be pasted."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path

from opsdash.core.host import Host
from opsdash.core.problem import ProblemKind
from opsdash.transport.ssh.hostkeys import Entry, pattern_of
from opsdash.transport.ssh.resolve import Route, expand

_ON_ITS_CONSOLE = "systemctl status ssh sshd; ss -tlnp | grep ssh    # on its console"
_LOG = "journalctl -u ssh -u sshd -n 20    # on its console"


_ASKED_OF_THE_NETWORK = frozenset({ProblemKind.NAME, ProblemKind.NO_ROUTE, ProblemKind.TIMEOUT})
"""What has to be asked where the connection begins: on the last jump host, if there is one."""


def ssh_words(host: Host, route: Route) -> str:
    """The end of an ssh command for a host: options and where to, each word quoted."""
    words = ["-F", host.ssh_config] if host.ssh_config else []
    if route.hops:
        words += ["-J", ",".join(route.hops)]
    if route.port != 22:
        words += ["-p", str(route.port)]
    return shlex.join([*words, f"{route.user}@{route.address}"])


def for_the_way(kind: ProblemKind, route: Route) -> tuple[str, ...]:
    """For names, networks and servers that do not answer."""
    address, port = shlex.quote(route.address), route.port
    found = {
        ProblemKind.NAME: (f"getent hosts {address}",),
        ProblemKind.REFUSED: (_ON_ITS_CONSOLE,),
        ProblemKind.NO_ROUTE: (f"ip route get {address}",),
        ProblemKind.TIMEOUT: (f"ping -c 3 {address}; nc -vz -w 5 {address} {port}",),
        ProblemKind.NO_BANNER: (
            *for_no_ssh(route),
            "systemctl restart ssh    # on its console (sshd on RHEL, SUSE)",
        ),
        ProblemKind.DROPPED: (_LOG,),
        ProblemKind.LOST: (_LOG,),
        ProblemKind.LOGIN_STUCK: (_LOG,),
        ProblemKind.PROXY: _by_hand(route.proxy_command),
        ProblemKind.FILES: ("ulimit -n 8192",),
        ProblemKind.ACCOUNT: (
            f"chage -l {route.user}; passwd -S {route.user}    # there, as root",
        ),
    }
    commands = found.get(kind, ())
    if route.hops and kind in _ASKED_OF_THE_NETWORK:
        return tuple(f"{command}    # on {route.hops[-1]}" for command in commands)
    return commands


def _by_hand(proxy_command: str) -> tuple[str, ...]:
    """In a shell of its own: an exit in it must not end the one that it is pasted into."""
    command = shlex.quote(f"exec {proxy_command}")
    return (f"sh -c {command} </dev/null",) if proxy_command else ()


def for_no_ssh(route: Route) -> tuple[str, ...]:
    """For a port on which something else answers; asked where the connection begins."""
    if route.proxy_command:
        return _by_hand(route.proxy_command)
    there = f"    # on {route.hops[-1]}" if route.hops else "    # another service on this port?"
    return (f"nc -v -w 5 {shlex.quote(route.address)} {route.port}{there}",)


def for_changed_key(route: Route, entries: Sequence[Entry]) -> tuple[str, ...]:
    """Look at the key on the host's own console first; only then drop the old lines."""
    files = dict.fromkeys(entry.file for entry in entries if not entry.is_revoked)
    pattern = pattern_of(route)
    drop = [shlex.join(["ssh-keygen", "-R", pattern, "-f", str(file)]) for file in files]
    return ("ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub    # on its console, first", *drop)


def for_unknown_key(program: str, host: Host, shown: str) -> tuple[str, ...]:
    """Accept this very key, and no other."""
    return (f"{program} doctor {shlex.quote(host.name)} --accept-host-key {shlex.quote(shown)}",)


def for_login(host: Host, route: Route, tried: Sequence[str]) -> tuple[str, ...]:
    """Put a key of the user's into authorized_keys there, or make one first.

    `tried` are the key files that were offered.
    """
    key = next((path for path in (*tried, *route.key_files) if expand(path).is_file()), None)
    if key is None:
        new = Path(route.key_files[0] if route.key_files else "~/.ssh/id_ed25519").expanduser()
        made = shlex.join(["ssh-keygen", "-t", "ed25519", "-f", str(new)])
        return (made, _copy_id(host, route, str(new)))
    return (_copy_id(host, route, str(expand(key))), _WHY_NOT.format(user=route.user))


_WHY_NOT = "journalctl -u ssh -u sshd -n 20; ls -ld ~{user}/.ssh/*    # there, as root: why not"


def _copy_id(host: Host, route: Route, key: str) -> str:
    options = ["-o", f"ProxyJump={','.join(route.hops)}"] if route.hops else []
    port = ["-p", str(route.port)] if route.port != 22 else []
    words = ["ssh-copy-id", "-i", f"{key}.pub", *port, *options, f"{route.user}@{route.address}"]
    return shlex.join(words)


_OPTION_OF = {
    "key exchange": "KexAlgorithms",
    "host key": "HostKeyAlgorithms",
    "cipher": "Ciphers",
    "MAC": "MACs",
}


def for_no_common(host: Host, route: Route, what: str, theirs: Sequence[str]) -> tuple[str, ...]:
    """The system's ssh may still know what we do not: try it, then use it for this host."""
    if what not in _OPTION_OF or not theirs:
        return ()
    option = f"{_OPTION_OF[what]}=+{theirs[0]}"
    lasting = f"{_OPTION_OF[what]} +{theirs[0]} in ~/.ssh/config"
    return (
        f"ssh -o {shlex.quote(option)} {ssh_words(host, route)}",
        f"# if that works: {lasting}, and transport: openssh for this host",
    )
