"""Locks of a test's own: what others lock here and now is no matter to it."""

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
