"""A local program and all that it starts, known again by a mark in their environment.

A child that makes a session of its own is in no process group of ours and, once its parent has
ended, nobody's descendant that could be told from others. What it inherits stays: the environment.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

_PROC = Path("/proc")
_ROUNDS = 20
"""A family that forks while it is ended needs more than one."""


def new_mark() -> str:
    """The name of a variable that no process has yet."""
    return f"OPSDASH_RUN_{uuid4().hex}"


def end_marked(mark: str) -> None:
    """Kill every process of ours that carries the mark.

    What became another user, or was started with an empty environment, is not found; without a
    /proc nothing is.
    """
    for _ in range(_ROUNDS):
        pids = list(_carriers(f"{mark}=".encode()))
        if not pids:
            return
        for pid in pids:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)


def _carriers(sign: bytes) -> Iterator[int]:
    with suppress(OSError):
        for entry in _PROC.iterdir():
            with suppress(OSError):  # another user's, or gone
                if entry.name.isdigit() and sign in (entry / "environ").read_bytes():
                    yield int(entry.name)
