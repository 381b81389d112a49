"""The kinds of sources that hosts are imported from: what reads each, and where each usually is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from opsdash.config.importers import ansible, clustershell, ssh_config
from opsdash.config.importers.found import Found
from opsdash.config.source_text import is_folder

READERS: dict[str, Callable[[Path], Found]] = {
    ssh_config.KIND: ssh_config.read_ssh_config,
    ansible.KIND: ansible.read_ansible,
    clustershell.KIND: clustershell.read_clustershell,
}
"""What reads each kind of source, without help by another program."""


def usual_source(kind: str) -> Path:
    """The path that is meant when none is given; there may be nothing."""
    if kind == ssh_config.KIND:
        return ssh_config.usual_path()
    if kind == ansible.KIND:
        return ansible.USUAL_PATH
    folder, file = clustershell.USUAL_PATHS
    return folder if is_folder(folder) else file
