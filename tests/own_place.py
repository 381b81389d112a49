"""A place of a test's own: state, config, locks. What others do here and now is no matter to it."""

from __future__ import annotations

from pathlib import Path

import pytest

from opsdash.engine import host_lock


def own_locks(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hosts that are all this machine are locked in a folder of their own, open to everybody as
    /run/lock is.
    """
    place = folder / "locks"
    place.mkdir()
    place.chmod(0o1777)
    monkeypatch.setattr(host_lock, "PLACES", (str(place),))


def own_hosts(folder: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> Path:
    """A hosts file whose hosts may all be this machine; state, config and locks are its own."""
    monkeypatch.setenv("XDG_STATE_HOME", str(folder / "state"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(folder / "config"))
    monkeypatch.delenv("OPSDASH_READ_ONLY", raising=False)
    own_locks(folder, monkeypatch)
    hosts = folder / "hosts.yaml"
    hosts.write_text(text)
    hosts.chmod(0o600)
    return hosts
