"""The files that declare the fleet, read as often as they change; one at a time, in any thread."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from threading import Lock

from opsdash.config import paths
from opsdash.config.offers import offers
from opsdash.config.open_fleet import open_fleet
from opsdash.config.stamps import Stamp
from opsdash.config.trail import Trail, unchanged_since
from opsdash.core.errors import ConfigError, Fault
from opsdash.core.fleet import Fleet
from opsdash.core.offer import Offer
from opsdash.core.text import count


class FleetFiles:
    """The hosts file that `explicit` names (None: the usual one) and whatever it includes.

    `known_checks` is as in load_fleet. `offers` are the hosts of other programs that could be taken
    over, as of the last reading; none where a file was named, for hosts.d is not read with it.
    """

    def __init__(
        self, explicit: str | None, known_checks: Mapping[str, bool] | None = None
    ) -> None:
        self._explicit = explicit
        self._known_checks = known_checks
        self._source = ""
        self._stamps: dict[str, Stamp] = {}
        self._trail = Trail()
        self._reading = Lock()
        self.offers: tuple[Offer, ...] = ()

    def read(self) -> Fleet:
        """The fleet that the files declare, or this machine alone where there never was a file.

        ConfigError as open_fleet, and where a file that was there is gone: a fleet must not turn
        into this machine because an editor is just replacing its file.
        """
        with self._reading:
            before, trail = self._trail.stamps(), self._usual()
            try:
                fleet = open_fleet(self._explicit, self._known_checks, trail)
                if self._source and not fleet.source:
                    raise ConfigError([Fault(self._source, 0, 0, "is gone")])
            finally:
                self._trail = trail
                self._stamps = unchanged_since(before, trail.stamps())
            self._source = fleet.source
            self.offers = () if self._named else tuple(offers(known=fleet.hosts))
        return fleet if fleet.source else _alone(fleet, self.offers)

    def changed(self) -> dict[str, Stamp]:
        """How the files look now; empty where that is how they looked when they were read."""
        stamps = self._trail.stamps()
        return {} if stamps == self._stamps else stamps

    @property
    def _named(self) -> str:
        return self._explicit or os.environ.get(paths.HOSTS_VARIABLE, "")

    def _usual(self) -> Trail:
        if self._named:
            return Trail({self._named})
        parts = paths.hosts_parts_dir() / "*.yaml"
        return Trail({str(paths.default_hosts_file())}, {str(parts)})


def _alone(fleet: Fleet, found: Sequence[Offer]) -> Fleet:
    """One line for the first start: what can be had by a key, or else where to write."""
    if found:
        has = f"{found[0].path} has {count(found[0].hosts, 'host')}"
        text = f"this machine alone; {has}: press : and type import"
    else:
        text = f"this machine alone: write {paths.default_hosts_file()} to see your fleet"
    return replace(fleet, notices=(*fleet.notices, text))
