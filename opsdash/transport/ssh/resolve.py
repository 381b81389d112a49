"""Where a host really is: hosts.yaml first, then what the user's own ssh says (``ssh -G``)."""

from __future__ import annotations

import asyncio
import getpass
import re
import shlex
from dataclasses import dataclass, replace
from pathlib import Path

from opsdash.core.errors import HostError
from opsdash.core.host import Host
from opsdash.core.problem import Problem, ProblemKind
from opsdash.transport import process

_HOP = re.compile(r"(?:(?P<user>[^@\s]+)@)?(?P<name>\[[^\]]+\]|[^:@\s]+)(?::(?P<port>\d+))?")
_SAFE_NAME = re.compile(r"[A-Za-z0-9_\[][A-Za-z0-9._:%\[\]-]*")
_RESOLVERS = asyncio.Semaphore(4)


@dataclass(frozen=True, slots=True)
class Target:
    """One host as ssh would reach it.

    `hops` are jump hosts in the order of travel. `alias` is the name that known_hosts entries are
    looked up under when it differs from the address. `own_keys` says that hosts.yaml or
    IdentitiesOnly named the keys, so that nothing else is offered.
    """

    address: str
    port: int = 22
    user: str = ""
    key_files: tuple[str, ...] = ()
    own_keys: bool = False
    agent: str | None = None
    hops: tuple[str, ...] = ()
    alias: str = ""
    known_hosts: tuple[str, ...] = ()
    revoked: tuple[str, ...] = ()
    proxy_command: str = ""


async def resolve(host: Host) -> Target:
    """The target of a host: hosts.yaml first, then what ``ssh -G`` says; HostError says why not."""
    name = host.address or host.name
    if not _SAFE_NAME.fullmatch(name):
        raise HostError(Problem(ProblemKind.CONFIG, f"{name!r} can't be used as a host name"))
    said = await _ask_ssh(name, host.ssh_config)
    target = _from_ssh(name, said)
    if target.proxy_command and not host.jump:
        text = f"ProxyCommand is not supported yet: {target.proxy_command}"
        raise HostError(Problem(ProblemKind.CONFIG, text, hint="set jump: in hosts.yaml instead"))
    return replace(
        target,
        port=host.port or target.port,
        user=host.user or target.user or getpass.getuser(),
        key_files=host.keys or target.key_files,
        own_keys=bool(host.keys) or target.own_keys,
        hops=(host.jump,) if host.jump else target.hops,
        known_hosts=host.known_hosts or target.known_hosts,
    )


async def _ask_ssh(name: str, config: str | None) -> dict[str, list[str]]:
    argv = ["ssh", "-G", *(["-F", config] if config else []), "--", name]
    try:
        async with _RESOLVERS:
            done = await process.run(argv, timeout_s=10.0)
    except HostError as error:
        if error.problem.kind is ProblemKind.MISSING_COMMAND:
            return {}  # no OpenSSH client here: hosts.yaml alone decides
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


def _from_ssh(name: str, said: dict[str, list[str]]) -> Target:
    def one(key: str, default: str = "") -> str:
        value = said.get(key, [default])[0]
        return default if value.lower() == "none" else value

    def files(key: str) -> tuple[str, ...]:
        words = [word for value in said.get(key, []) for word in shlex.split(value)]
        return tuple(word for word in words if word.lower() != "none")

    hops = one("proxyjump")
    return Target(
        address=one("hostname", name),
        port=int(one("port", "22")),
        user=one("user"),
        key_files=tuple(said.get("identityfile", [])),
        own_keys=one("identitiesonly", "no") == "yes",
        agent=one("identityagent") or None,
        hops=tuple(hops.split(",")) if hops else (),
        alias=one("hostkeyalias"),
        known_hosts=files("userknownhostsfile") + files("globalknownhostsfile"),
        revoked=files("revokedhostkeys"),
        proxy_command=one("proxycommand"),
    )


def hop_host(hop: str, behind: Host) -> Host:
    """A jump host that is not in hosts.yaml: ``[user@]name[:port]``, with its user's config."""
    found = _HOP.fullmatch(hop.removeprefix("ssh://"))
    if found is None:
        text = f"the jump host {hop!r} is not of the form user@name:port"
        raise HostError(Problem(ProblemKind.CONFIG, text))
    return Host(
        name=hop,
        address=found["name"].strip("[]"),
        port=int(found["port"]) if found["port"] else None,
        user=found["user"],
        keys=behind.keys,
        host_key=behind.host_key,
        known_hosts=behind.known_hosts,
        ssh_config=behind.ssh_config,
    )


def expand(path: str) -> Path:
    """A path from a config file, ``~`` meaning the home directory."""
    return Path(path).expanduser()
