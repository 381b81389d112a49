"""What was known of hosts before this program polls them: shown until they answer by themselves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from opsdash.core.health import Health
from opsdash.core.snapshot import HostState, LinkState, Snapshot

SETTLES_S = 5.0
"""A host that has answered for so long is shown as it is, even if nobody can judge it."""


class LastKnown:
    """States of hosts as another time of polling left them, in the place of those that have not
    been heard of yet. A host that has answered, or can't be reached, is shown as it is.
    """

    def __init__(self) -> None:
        self._hosts: dict[str, HostState] = {}

    def __bool__(self) -> bool:
        """Whether anything is shown in the place of something else."""
        return bool(self._hosts)

    def take(self, hosts: Mapping[str, HostState]) -> None:
        """Show these from now on."""
        self._hosts = dict(hosts)

    def keep_known(self) -> None:
        """Who is unknown from others is no better known than by ourselves."""
        hosts = self._hosts.items()
        self._hosts = {name: one for name, one in hosts if one.health is not Health.UNKNOWN}

    def of(self, state: HostState) -> HostState:
        """What to show of a host."""
        known = self._hosts.get(state.name)
        if known is None:
            return state
        if _answered(state):
            del self._hosts[state.name]
            return state
        if known.rev != state.rev or known.host is not state.host:
            known = self._hosts[state.name] = replace(known, host=state.host, rev=state.rev)
        return known

    def over(self, snapshot: Snapshot) -> Snapshot:
        """What to show of the fleet."""
        if not self._hosts:
            return snapshot
        for name in self._hosts.keys() - snapshot.hosts.keys():
            del self._hosts[name]
        hosts = {name: self.of(state) for name, state in snapshot.hosts.items()}
        return replace(snapshot, hosts=MappingProxyType(hosts))


def _answered(state: HostState) -> bool:
    """Whether enough is known of a host by ourselves; its first figures can't be judged yet."""
    if state.link.state is LinkState.DOWN:
        return True
    judged = state.health is not Health.UNKNOWN or state.at - state.link.since > SETTLES_S
    return bool(state.at) and judged
