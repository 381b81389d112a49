"""A local program and all that it starts, known again by a mark in their environment.

A child that makes a session of its own is in no process group of ours and, once its parent has
ended, nobody's descendant that could be told from others. What it inherits stays: the environment.
"""

from __future__ import annotations

import asyncio
import os
import signal
from asyncio import SubprocessTransport
from collections.abc import Callable, Coroutine, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

from opsdash.transport.base import Completed

P = TypeVar("P", bound=asyncio.BaseProtocol)

_PROC = Path("/proc")
_ROUNDS = 20
"""A family that forks while it is ended needs more than one."""


class MarkedRun:
    """Runs one program on a loop of its own, where whatever is started gets the mark.

    `status` is how the program ended, None if it never began; `end_all` ends what it left.
    """

    def __init__(self) -> None:
        self._mark = f"OPSDASH_RUN_{uuid4().hex}"
        self._transport: SubprocessTransport | None = None

    def run(self, running: Coroutine[Any, Any, Completed]) -> Completed:
        """Wait for a run of transport.process; no loop may run in this thread."""
        with asyncio.Runner(loop_factory=self._loop) as runner:
            return runner.run(running)

    @property
    def status(self) -> int | None:
        """The program's exit status; a signal's is negative."""
        return self._transport.get_returncode() if self._transport else None

    def end_all(self) -> None:
        """Kill every process of ours that carries the mark.

        What became another user, or was started with an empty environment, is not found; without a
        /proc nothing is.
        """
        for _ in range(_ROUNDS):
            pids = list(self._carriers())
            if not pids:
                return
            for pid in pids:
                with suppress(ProcessLookupError, PermissionError):
                    os.kill(pid, signal.SIGKILL)

    def _carriers(self) -> Iterator[int]:
        sign = f"{self._mark}=".encode()
        with suppress(OSError):
            for entry in _PROC.iterdir():
                with suppress(OSError):  # another user's, or gone
                    if entry.name.isdigit() and sign in (entry / "environ").read_bytes():
                        yield int(entry.name)

    def _loop(self) -> asyncio.AbstractEventLoop:
        run = self

        class Marking(asyncio.SelectorEventLoop):
            async def subprocess_exec(
                self, protocol_factory: Callable[[], P], program: Any, *args: Any, **kwargs: Any
            ) -> tuple[SubprocessTransport, P]:
                started = await super().subprocess_exec(
                    protocol_factory, program, *args, **kwargs, env=run._environment()
                )
                run._transport = started[0]
                return started

        return Marking()

    def _environment(self) -> dict[str, str]:
        return {**os.environ, self._mark: "1"}
