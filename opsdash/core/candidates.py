"""Which files may be removed to make room: where they lie, and what they are called."""

from __future__ import annotations

import re
from collections.abc import Mapping

PACKAGES, LOGS, CORES, TEMP = "package-cache", "old-logs", "core-dumps", "old-temp"
FOLDERS: Mapping[str, tuple[str, ...]] = {
    PACKAGES: (
        "/var/cache/apt/archives",
        "/var/cache/dnf",
        "/var/cache/libdnf5",
        "/var/cache/yum",
        "/var/cache/zypp/packages",
        "/var/cache/pacman/pkg",
        "/var/cache/apk",
    ),
    LOGS: ("/var/log",),
    CORES: ("/var/lib/systemd/coredump", "/var/crash", "/var/lib/apport/coredump"),
    TEMP: ("/tmp", "/var/tmp"),  # noqa: S108 - the hosts' own
}
"""The folders of each kind; kernels are none of them."""

_NAMES = {
    PACKAGES: re.compile(r".+\.(?:deb|rpm|apk|pkg\.tar(?:\.\w+)?(?:\.sig)?)"),
    LOGS: re.compile(r".+(?:\.(?:gz|xz|bz2|zst|old|[0-9]{1,3})|-[0-9]{8})"),
    CORES: re.compile(r".+"),
    TEMP: re.compile(r".+"),
}


def may_go(kind: str, path: str) -> bool:
    """Whether a file of this kind may lie there under this name."""
    if not path.isprintable() or "//" in path or {".", ".."} & set(path.split("/")):
        return False
    below = any(path.startswith(f"{folder}/") for folder in FOLDERS.get(kind, ()))
    held = path.startswith("/var/log/journal/") or "/systemd-private-" in path
    return below and not held and _NAMES[kind].fullmatch(path.rsplit("/", 1)[1]) is not None
