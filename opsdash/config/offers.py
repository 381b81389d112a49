"""What can be offered to who starts opsdash for the first time: hosts that are listed elsewhere."""

from __future__ import annotations

import shlex
from collections.abc import Collection
from pathlib import Path

from opsdash.config import paths
from opsdash.config.importers import ssh_config
from opsdash.config.importers.imported import made_of
from opsdash.config.importers.sources import READERS, usual_source
from opsdash.core.errors import ConfigError
from opsdash.core.offer import Offer


def offers(home: Path | None = None, *, known: Collection[str] = ()) -> list[Offer]:
    """The files that name hosts and were not imported yet, the likeliest first.

    Reads files (so not on the event loop), runs nothing, never raises: what can't be read is not
    offered. `home` is where ``~/.ssh/config`` is looked for; None: the user's own. With `known`,
    the names of the fleet, only others count, and a file that was imported is offered again when
    it names more.
    """
    config = (home or ssh_config.user_home()) / ".ssh" / "config"
    found = (
        _offer(kind, config if kind == ssh_config.KIND else usual_source(kind), known)
        for kind in READERS
    )
    return [offer for offer in found if offer is not None]


def _offer(kind: str, path: Path, known: Collection[str]) -> Offer | None:
    if not known and any(made_of(part) == (kind, str(path)) for part in paths.hosts_parts()):
        return None
    try:
        hosts = len(READERS[kind](path).hosts.keys() - set(known))
    except ConfigError:
        return None
    if not hosts:
        return None
    named = [] if path == usual_source(kind) else [str(path)]
    command = shlex.join(["opsdash", "hosts", "import", kind, *named, "--write"])
    return Offer(kind, _short(path), hosts, command)


def _short(path: Path) -> str:
    """A path as people write it: with ``~``."""
    try:
        return f"~/{path.relative_to(ssh_config.user_home())}"
    except (ValueError, RuntimeError):
        return str(path)
