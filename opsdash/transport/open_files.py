"""How many files this process may have open: a connection is one, and the usual 1,024 are few."""

from __future__ import annotations

import resource
from contextlib import suppress

SPARE_FILES = 256
"""Open files besides one for each host: logins under way, probes, the store, pipes, the screen."""


def make_room_for(hosts: int) -> str:
    """Raise the limit of open files as far as a fleet of so many hosts wants it and it may go.

    Says in words what is lacking when even the hard limit is too low; empty when all is well.
    """
    needed, wanted = hosts + SPARE_FILES, 2 * hosts + SPARE_FILES
    limit = _raised(wanted)
    if limit >= needed:
        return ""
    return (
        f"this process may open {limit} files, {hosts} hosts need about {needed}: "
        f"raise the hard limit (ulimit -Hn {needed}), or some hosts stay unreachable"
    )


def _raised(wanted: int) -> int:
    """The limit after raising it towards `wanted`; an unlimited one counts as what is wanted."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return wanted if soft == resource.RLIM_INFINITY else soft
    allowed = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
        return allowed
    return soft
