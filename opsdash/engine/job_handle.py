"""A job that runs, as those see it who watch it: they pull, and may call it off."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from opsdash.core.job import HostRun, Job, JobState, Result, RunState


@dataclass
class _Live:
    """The output of the step that runs on a host, as it comes."""

    stdout: bytearray = field(default_factory=bytearray)
    stderr: bytearray = field(default_factory=bytearray)


class JobHandle:
    """One job. `rev` grows with every piece of news, outputs included."""

    def __init__(self, job: Job) -> None:
        self.rev = 0
        self._job = job
        self._runs = dict(job.runs)
        self._shown: Job | None = job
        self._live: dict[str, _Live] = {}
        self._off = {name: asyncio.Event() for name in job.plan.names()}
        self.all_off = asyncio.Event()
        self._ended = asyncio.Event()
        self._stirred = asyncio.Event()

    @property
    def id(self) -> str:
        """The plan's."""
        return self._job.id

    def job(self) -> Job:
        """The job as it stands now."""
        if self._shown is None:
            self._shown = replace(self._job, runs=MappingProxyType(dict(self._runs)))
        return self._shown

    def live(self, host: str) -> Result | None:
        """What the step that runs on a host has put out by now; None: none runs there."""
        live = self._live.get(host)
        return Result(None, bytes(live.stdout), bytes(live.stderr)) if live else None

    def tail(self, host: str, most: int) -> Result | None:
        """The last `most` bytes of each output that live() has: cheap, however much it is."""
        live = self._live.get(host)
        if live is None:
            return None
        cut = len(live.stdout) > most or len(live.stderr) > most
        return Result(None, bytes(live.stdout[-most:]), bytes(live.stderr[-most:]), truncated=cut)

    async def change(self, seen: int | None = None) -> None:
        """Wait until `rev` is another than `seen` (None: than it is now)."""
        known = self.rev if seen is None else seen
        while self.rev == known:
            self._stirred.clear()
            await self._stirred.wait()

    async def wait(self) -> Job:
        """Wait for its end; gives the job as it ended."""
        await self._ended.wait()
        return self.job()

    def cancel(self, names: Iterable[str] = ()) -> None:
        """Call it off on these hosts, which have begun; none given: altogether. What runs there is
        ended; wait() tells what came of it.
        """
        chosen = tuple(names)
        if not chosen:
            self.all_off.set()
        for name in chosen or self._off:
            self._off[name].set()

    @property
    def called_off(self) -> bool:
        """Whether a person has called all of it off."""
        return self.all_off.is_set()

    def off(self, host: str) -> asyncio.Event:
        """Set when a person has called it off on a host."""
        return self._off[host]

    def run_of(self, host: str) -> HostRun:
        """How far a host has come."""
        return self._runs[host]

    def put(self, run: HostRun) -> None:
        """A host has come farther; for the Runner alone, as all below."""
        self._runs[run.host] = run
        if run.state is not RunState.RUNNING or not run.in_mid_step:
            self._live.pop(run.host, None)
        self._stir()

    def heard(self, host: str, piece: bytes, *, error: bool) -> None:
        """The step that runs on a host has put something out."""
        live = self._live.setdefault(host, _Live())
        into = live.stderr if error else live.stdout
        into += piece
        self._stir(job=False)

    def wave(self, number: int) -> None:
        """This wave has begun."""
        self._job = replace(self._job, wave=number)
        self._stir()

    def end(self, state: JobState, stopped: str, at: float) -> None:
        """Nothing more will happen."""
        self._job = replace(self._job, state=state, stopped=stopped, ended_at=at)
        self._stir()
        self._ended.set()

    def _stir(self, *, job: bool = True) -> None:
        if job:
            self._shown = None
        self.rev += 1
        self._stirred.set()
