"""Recorded hosts: what real ones answered, given again to the same parsers and the same screens."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from opsdash.core.clock import now
from opsdash.core.errors import HostError
from opsdash.core.host import Host
from opsdash.core.plugin import Collector, failed, understand
from opsdash.core.problem import Problem, ProblemKind
from opsdash.core.reading import Output, Reading
from opsdash.core.secret import Secret
from opsdash.transport.base import Completed
from opsdash.transport.frames import read_frame

Pause = Callable[[float], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Recording:
    """One host's recorded answers.

    `pulses` are file contents by path, played in order and then from the first again; `facts` are
    outputs by collector; with a `problem` the host can't be reached at all.
    """

    pulses: tuple[Mapping[str, bytes], ...] = ()
    facts: Mapping[str, Output] = field(default_factory=dict)
    problem: Problem | None = None


class ReplayConnection:
    """A recorded host that plays its answers."""

    def __init__(self, host: Host, recording: Recording, pause: Pause) -> None:
        self._host = host
        self._recording = recording
        self._pause = pause

    async def pulse(
        self, collectors: Sequence[Collector], interval_s: float
    ) -> AsyncGenerator[list[Reading], None]:
        """The recorded pulses for ever, one per interval."""
        while self._recording.pulses:
            for contents in self._recording.pulses:
                yield read_frame(collectors, contents, self._host.name, now())
                await self._pause(interval_s)
        await asyncio.Event().wait()

    async def collect(self, due: Sequence[Collector]) -> list[Reading]:
        """The recorded facts; a collector without any is unsupported by this host."""
        return [self._fact(collector, now()) for collector in due]

    def _fact(self, collector: Collector, at: float) -> Reading:
        output = self._recording.facts.get(collector.name)
        if output is None:
            problem = Problem(ProblemKind.UNSUPPORTED, f"{collector.title}: not recorded")
            return failed(collector, self._host.name, at, problem)
        return understand(collector, output, self._host.name, at)

    async def execute(self, script: bytes, *, timeout_s: float, max_bytes: int) -> Completed:
        """Nothing can be run on a recording."""
        text = f"{self._host.name} is a recording: nothing runs there"
        raise HostError(Problem(ProblemKind.UNSUPPORTED, text))

    async def execute_on_tty(
        self, command: str, answer: Secret, *, timeout_s: float, max_bytes: int
    ) -> Completed:
        """There is no terminal but the user's own."""
        text = f"{self._host.name}: no terminal to be had for a command"
        raise HostError(Problem(ProblemKind.UNSUPPORTED, text))

    async def close(self) -> None:
        """A recording holds nothing open."""


class ReplayTransport:
    """A fleet of recordings."""

    def __init__(self, recordings: Mapping[str, Recording], pause: Pause = asyncio.sleep) -> None:
        self._recordings = recordings
        self._pause = pause

    async def connect(self, host: Host) -> ReplayConnection:
        """The recorded host, or the recorded reason why it can't be reached."""
        recording = self._recordings.get(host.name)
        if recording is None:
            raise HostError(Problem(ProblemKind.NAME, f"{host.name} was not recorded"))
        if recording.problem is not None:
            raise HostError(recording.problem)
        return ReplayConnection(host, recording, self._pause)

    async def log_in(self, host: Host) -> float:
        """There is no login that could fail."""
        return 0.0

    def ask_again(self) -> None:
        """Nothing was asked."""

    async def close(self) -> None:
        """A recording holds nothing open."""
