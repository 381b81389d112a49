"""All that is asked beside the pulse: by the login or as root, now and then or on demand, and own
probes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from opsdash.core.plugin import Collector, Tier
from opsdash.engine.facts import Facts, Fetch, Take, by_the_login
from opsdash.engine.own_probes import OwnProbes, TakeProbes
from opsdash.engine.rhythm import Rhythm
from opsdash.engine.wanted import Wanted


class Questions:
    """The collectors with a command: who asks them, and of which hosts.

    `fetch_as_root` fetches what needs root; `wanted` is what of the two on demand is asked;
    `probes` are those of the hosts file.
    """

    def __init__(
        self,
        collectors: Mapping[str, Collector],
        fetch_as_root: Fetch,
        take: Take,
        take_probes: TakeProbes,
        rhythm: Rhythm,
    ) -> None:
        facts = [one for one in collectors.values() if one.tier is Tier.FACTS]
        demand = [one for one in collectors.values() if one.tier is Tier.DEMAND]
        plain = [one for one in facts if not one.needs_root]
        root = [one for one in facts if one.needs_root]
        self.by_login = Facts(plain, by_the_login, take, rhythm)
        self.as_root = Facts(root, fetch_as_root, take, rhythm)
        plain = [one for one in demand if not one.needs_root]
        root = [one for one in demand if one.needs_root]
        self.on_demand = Facts(plain, by_the_login, take, rhythm, self._is_wanted)
        self.on_demand_as_root = Facts(root, fetch_as_root, take, rhythm, self._is_wanted)
        self.wanted = Wanted(rhythm.clock, self._wake)
        self.probes = OwnProbes(take_probes, rhythm)

    @property
    def rooted(self) -> tuple[Facts, Facts]:
        """Those that need root."""
        return (self.as_root, self.on_demand_as_root)

    def _is_wanted(self, host: str, collector: str) -> bool:
        return self.wanted.is_wanted(host, collector)

    def _wake(self, host: str) -> None:
        self.on_demand.wake(host)
        self.on_demand_as_root.wake(host)

    def __iter__(self) -> Iterator[Facts | OwnProbes]:
        """Each of them, as a task of a host keeps it."""
        return iter((self.by_login, self.on_demand, *self.rooted, self.probes))

    def forget(self, name: str) -> None:
        """A host is not asked any more: if it ever is again, everything is due."""
        self.wanted.forget(name)
        for asked in self:
            asked.forget(name)
