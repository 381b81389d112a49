"""The ways to reach the hosts of a fleet: each loads what it needs only where a host needs it."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from opsdash.core.fleet import Fleet
from opsdash.core.host import Host, Way
from opsdash.core.prompts import Asker
from opsdash.transport.base import Transport


def transports_for(
    fleet: Fleet, known_hosts: Path, asker: Asker, known: Collection[Way] = ()
) -> dict[Way, Transport]:
    """The ways that the hosts of a fleet need, but for those that are `known`; asyncssh and psutil
    load only where they do.
    """
    ways = {host.way for host in fleet.hosts.values()}.difference(known)
    found: dict[Way, Transport] = {}
    if Way.SSH in ways:
        from opsdash.transport.ssh.transport import SshTransport

        found[Way.SSH] = SshTransport(reachable(fleet), known_hosts, asker)
    if Way.OPENSSH in ways:
        from opsdash.transport.openssh.transport import OpensshTransport

        found[Way.OPENSSH] = OpensshTransport(reachable(fleet), known_hosts)
    if Way.LOCAL in ways:
        from opsdash.transport.local import LocalTransport

        found[Way.LOCAL] = LocalTransport()
    return found


def reachable(fleet: Fleet) -> dict[str, Host]:
    """All hosts by name, those that one only passes through among them."""
    return {**fleet.passed_through, **fleet.hosts}
