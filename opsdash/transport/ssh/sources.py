"""Which file said what of a host: hosts.yaml by its lines, the user's ssh config by its blocks."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from opsdash.core.errors import HostError
from opsdash.core.host import Host
from opsdash.transport import process
from opsdash.transport.ssh.resolve import Route, parse_ssh_g

_APPLIED = re.compile(r"^debug1: (\S.*) line (\d+): Applying options for ", re.MULTILINE)
_READ = re.compile(r"^debug1: Reading configuration data (\S.*)$", re.MULTILINE)

_FIELDS = (
    ("address", "hostname"),
    ("port", "port"),
    ("user", "user"),
    ("keys", "identityfile"),
    ("jump", "proxyjump"),
    ("jump", "proxycommand"),
    ("known_hosts", "userknownhostsfile"),
)
"""What hosts.yaml and ssh call the same thing."""


@dataclass(frozen=True, slots=True)
class SshSays:
    """What ssh's configuration changes for a host: the fields, and the blocks and files it read."""

    fields: frozenset[str] = frozenset()
    blocks: tuple[str, ...] = ()

    @property
    def where(self) -> str:
        """The places, as editors take them."""
        return ", ".join(self.blocks) or "ssh config"


async def ask_ssh_where(host: Host) -> SshSays:
    """What the ssh config says of a host that ssh would not do by itself; nothing without ssh."""
    name = host.address or host.name
    config = ["-F", host.ssh_config] if host.ssh_config else []
    try:
        told = await process.run(["ssh", "-v", "-G", *config, "--", name], timeout_s=10.0)
        plain = await process.run(["ssh", "-G", "-F", "none", "--", name], timeout_s=10.0)
    except HostError:
        return SshSays()
    here = parse_ssh_g(told.stdout.decode("utf-8", "replace"))
    alone = parse_ssh_g(plain.stdout.decode("utf-8", "replace"))
    changed = {field for field, key in _FIELDS if here.get(key) != alone.get(key)}
    said = told.stderr.decode("utf-8", "replace")
    blocks = [f"{file}:{line}" for file, line in _APPLIED.findall(said)]
    return SshSays(frozenset(changed), tuple(blocks or _READ.findall(said)))


def sources(host: Host, route: Route, places: Mapping[str, str], ssh: SshSays) -> list[str]:
    """A line for each place that says anything of a host: ``hosts.yaml:5: address 10.0.0.1``."""
    values = (
        ("address", bool(host.address), route.address),
        ("port", host.port is not None, str(route.port)),
        ("user", host.user is not None, route.user),
        ("keys", bool(host.keys), " ".join(route.key_files)),
        ("jump", bool(host.jump), " ".join(route.hops) or route.proxy_command),
        ("known_hosts", bool(host.known_hosts), " ".join(route.known_hosts)),
    )
    by_place: dict[str, list[str]] = {}
    for field, declared, value in values:
        # an address in hosts.yaml may be a name that only the ssh config knows
        if declared and (field != "address" or value == host.address):
            by_place.setdefault(places.get(field, "as you typed it"), []).append(f"{field} {value}")
        elif field in ssh.fields and value:
            by_place.setdefault(ssh.where, []).append(f"{field} {value}")
    return [f"{place}: {', '.join(words)}" for place, words in by_place.items()]
