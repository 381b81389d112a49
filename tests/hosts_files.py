"""Hosts files written for a test, and what the loader says about them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import pytest

from opsdash.config.hosts import load_fleet
from opsdash.core.errors import ConfigError
from opsdash.core.fleet import Fleet


class HostsFolder:
    """A folder in which a test writes hosts files and loads them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def write(self, text: str, name: str = "hosts.yaml") -> Path:
        """A file that only its owner may write, whatever the umask."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        path.chmod(0o600)
        return path

    def fleet(self, text: str, known_checks: Mapping[str, bool] | None = None) -> Fleet:
        """The fleet of a right file, without the watch rules that hold for every host."""
        fleet = load_fleet(self.write(text), known_checks)
        bare = {name: replace(host, watch=()) for name, host in fleet.hosts.items()}
        return replace(fleet, hosts=MappingProxyType(bare))

    def faults(self, text: str, known_checks: Mapping[str, bool] | None = None) -> list[str]:
        """What is wrong with a file, each as ``file:line:column: text``, without the folder."""
        return self.faults_of(self.write(text), known_checks)

    def faults_of(self, path: Path, known_checks: Mapping[str, bool] | None = None) -> list[str]:
        """What is wrong with a file that is already there."""
        with pytest.raises(ConfigError) as caught:
            load_fleet(path, known_checks)
        assert caught.value.faults
        return [str(fault).replace(f"{self.folder}/", "") for fault in caught.value.faults]
