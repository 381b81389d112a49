"""The route to a host: hosts.yaml first, then what the user's own ssh says (``ssh -G``)."""

from __future__ import annotations

import asyncio
import getpass
import os
import re
import socket
from dataclasses import dataclass, replace
from pathlib import Path

from opsdash.core.errors import HostError
from opsdash.core.host import Host
from opsdash.core.problem import Problem, ProblemKind
from opsdash.core.target import checked_address, parse_target
from opsdash.transport import process
from opsdash.transport.ssh import same_for_all

WITHOUT_SSH = {
    "identityfile": ["~/.ssh/id_ed25519", "~/.ssh/id_ecdsa", "~/.ssh/id_rsa"],
    "userknownhostsfile": ["~/.ssh/known_hosts"],
    "globalknownhostsfile": ["/etc/ssh/ssh_known_hosts"],
}
"""What ``ssh -G`` would say without any config, for machines that have no OpenSSH client."""

_PLAIN = re.compile(r"[\w.:@%/+,-]*", re.ASCII)
"""What no shell takes for more than a part of a word, with or without quotes round it."""


@dataclass(frozen=True, slots=True)
class Route:
    """One host as ssh would reach it.

    `hops` are jump hosts in the order of travel. `alias` is the name that known_hosts entries are
    looked up under when it differs from the address. `own_keys` says that hosts.yaml or
    IdentitiesOnly named the keys, so that nothing else is offered; `named_keys` that hosts.yaml
    did, so that a key that can't be used is the user's error. `agent` is the agent's socket,
    None for the usual one, empty for no agent at all.
    """

    address: str
    port: int = 22
    user: str = ""
    key_files: tuple[str, ...] = ()
    own_keys: bool = False
    named_keys: bool = False
    agent: str | None = None
    hops: tuple[str, ...] = ()
    alias: str = ""
    known_hosts: tuple[str, ...] = ()
    revoked: tuple[str, ...] = ()
    proxy_command: str = ""
    certificates: tuple[str, ...] = ()


async def resolve(host: Host) -> Route:
    """The route to a host: hosts.yaml first, then what ``ssh -G`` says; HostError says why not."""
    name = host.address or host.name
    try:
        checked_address(name)
    except ValueError as error:
        raise HostError(Problem(ProblemKind.CONFIG, f"host {name!r}: {error}")) from error
    said = await _ask_ssh(name, host.ssh_config)
    route = _from_ssh(name, said)
    route = replace(
        route,
        port=host.port or route.port,
        user=host.user or route.user or getpass.getuser(),
        key_files=host.keys or route.key_files,
        own_keys=bool(host.keys) or route.own_keys,
        named_keys=bool(host.keys),
        hops=(host.jump,) if host.jump else route.hops,
        known_hosts=host.known_hosts or route.known_hosts,
        proxy_command="" if host.jump else route.proxy_command,
    )
    command = expand_tokens(route.proxy_command, name, route)
    return replace(route, proxy_command=command)


def expand_tokens(command: str, name: str, route: Route) -> str:
    """A ProxyCommand with its tokens filled in (``ssh -G`` leaves them), each safe in a shell.

    HostError for a value that a shell would understand as more than a word, or an unknown token.
    """
    values = {
        "%": "%",
        "h": route.address,
        "k": route.alias or name,
        "n": name,
        "p": str(route.port),
        "r": route.user,
        "u": getpass.getuser(),
        "d": str(Path.home()),
        "l": socket.gethostname(),
        "L": socket.gethostname().partition(".")[0],
        "i": str(os.getuid()),
        "j": "",
    }

    def fill(found: re.Match[str]) -> str:
        token = found[1]
        value = values.get(token)
        if value is None or not _PLAIN.fullmatch(value):
            text = f"ProxyCommand: %{token} can't be filled in safely"
            hint = "use %h %p %r %n %k %u %d %l %L %i, with plain values"
            raise HostError(Problem(ProblemKind.PROXY, text, hint))
        return value

    return re.sub(r"%(.?)", fill, command)


_SAID_OF_ALL: dict[str | None, tuple[str, dict[str, list[str]]]] = {}
"""By config file: its text, and what ssh said of any host, where it says the same of all."""


async def _ask_ssh(name: str, config: str | None) -> dict[str, list[str]]:
    """What ``ssh -G`` says of a host; asked once for all hosts where the config allows it."""
    text = await asyncio.to_thread(same_for_all.text_for_all, config)
    # ssh itself makes a name lower case: those that have other letters are asked about
    if text is None or name != name.lower():
        return await _ask_about(name, config)
    known = _SAID_OF_ALL.get(config)
    if known is None or known[0] != text:
        try:
            known = text, await _ask_about(same_for_all.ANY_HOST, config)
        except HostError:
            return await _ask_about(name, config)  # what is wrong is told of the host
        _SAID_OF_ALL[config] = known
    return same_for_all.about(name, known[1]) or await _ask_about(name, config)


async def _ask_about(name: str, config: str | None) -> dict[str, list[str]]:
    argv = ["ssh", "-G", *(["-F", config] if config else []), "--", name]
    try:
        done = await process.run(argv, timeout_s=10.0)
    except HostError as error:
        # one that is there and can't be run would have known of jump hosts and host keys
        if isinstance(error.__cause__, FileNotFoundError):
            return dict(WITHOUT_SSH)  # no OpenSSH client here: its own defaults hold
        raise
    if done.status != 0:
        reason = done.stderr.decode("utf-8", "replace").strip().splitlines()
        text = f"ssh -G {name}: {reason[-1] if reason else f'exit status {done.status}'}"
        raise HostError(Problem(ProblemKind.CONFIG, text, hint="correct your ssh config"))
    return parse_ssh_g(done.stdout.decode("utf-8", "replace"))


def parse_ssh_g(text: str) -> dict[str, list[str]]:
    """The output of ``ssh -G``: every key with all its values, in order."""
    said: dict[str, list[str]] = {}
    for line in text.splitlines():
        key, _, value = line.partition(" ")
        if value:
            said.setdefault(key.lower(), []).append(value)
    return said


def _from_ssh(name: str, said: dict[str, list[str]]) -> Route:
    def one(key: str, default: str = "") -> str:
        value = said.get(key, [default])[0]
        return default if value.lower() == "none" else value

    def files(key: str) -> tuple[str, ...]:
        # ssh -G quotes nothing: an apostrophe in a home directory is one
        words = [word for value in said.get(key, []) for word in value.split()]
        return tuple(word for word in words if word.lower() != "none")

    hops = one("proxyjump")
    return Route(
        address=one("hostname", name),
        port=int(one("port", "22")),
        user=one("user"),
        key_files=tuple(f for f in said.get("identityfile", []) if f.lower() != "none"),
        own_keys=one("identitiesonly", "no") == "yes",
        agent=one("identityagent") if "identityagent" in said else None,
        hops=tuple(hops.split(",")) if hops else (),
        alias=one("hostkeyalias"),
        known_hosts=files("userknownhostsfile") + files("globalknownhostsfile"),
        revoked=files("revokedhostkeys"),
        proxy_command=one("proxycommand"),
        certificates=tuple(said.get("certificatefile", [])),
    )


def hop_host(hop: str, behind: Host) -> Host:
    """A jump host that is not in hosts.yaml: ``[user@]name[:port]``, with its user's config."""
    try:
        found = parse_target(hop.removeprefix("ssh://"))
    except ValueError as error:
        raise HostError(Problem(ProblemKind.CONFIG, f"jump host {hop!r}: {error}")) from error
    return Host(
        name=hop,
        address=found.address,
        port=found.port,
        user=found.user,
        keys=behind.keys,
        host_key=behind.host_key,
        known_hosts=behind.known_hosts,
        ssh_config=behind.ssh_config,
    )


def expand(path: str) -> Path:
    """A path from a config file, ``~`` meaning the home directory."""
    return Path(path).expanduser()
