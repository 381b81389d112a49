"""The files of the fleet, of which some hosts are selected."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from opsdash.config.fleet_files import FleetFiles
from opsdash.core.errors import ConfigError, Fault, SelectionError
from opsdash.core.fleet import Fleet
from opsdash.core.selection import Selection, select_hosts


class ChosenFiles(FleetFiles):
    """FleetFiles that give the selected hosts; the others may be passed through."""

    def __init__(
        self,
        explicit: str | None,
        known_checks: Mapping[str, bool] | None,
        selection: Selection,
    ) -> None:
        super().__init__(explicit, known_checks)
        self._selection = selection
        self._read = False

    def read(self) -> Fleet:
        """The selected hosts. SelectionError the first time, later a ConfigError: what fits none
        any more is the file's fault by then.
        """
        fleet = super().read()
        try:
            hosts = MappingProxyType(select_hosts(self._selection, fleet.hosts))
        except SelectionError as error:
            if not self._read:
                raise
            raise ConfigError([Fault(fleet.source, 0, 0, str(error))]) from None
        self._read = True
        return replace(fleet, hosts=hosts, passed_through=fleet.hosts)
