"""A plan's way over its hosts: canary and waves, so many at a time, and when it is to stop."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import replace
from typing import Any

from opsdash.core.job import HostRun, JobState, RunState
from opsdash.core.plan import OnFailure, Plan
from opsdash.core.text import count
from opsdash.engine.attend import CalledOff, attend
from opsdash.engine.health_gate import HealthGate
from opsdash.engine.job_handle import JobHandle

LOG = logging.getLogger(__name__)

ALL_DAY_S = 86_400.0

Go = Callable[[str], Coroutine[Any, Any, None]]
"""Takes one host through its steps."""


class Waves:
    """Lets hosts begin, as long as the rollout bears what has failed by then."""

    def __init__(self, plan: Plan, handle: JobHandle, go: Go, gate: HealthGate | None) -> None:
        self._plan = plan
        self._rollout = plan.rollout
        self._handle = handle
        self._go = go
        self._gate = gate if plan.rollout.gate else None
        self._stopped = ""
        self._off = asyncio.Event()

    async def run(self) -> tuple[JobState, str]:
        """All waves, or as many as it comes to; gives how it ended, and why before its end."""
        waves = self._plan.waves()
        for number, wave in enumerate(waves):
            last = number == len(waves) - 1
            self._handle.wave(number)
            before = await self._gate.before(wave) if self._gate and not last else {}
            await self._wave(wave, canary=number == 0 and self._rollout.canary > 0)
            if self._gate and not last and not self._over():
                self._stopped = await self._closed(self._gate, wave, before)
            if self._over():
                break
        runs = [self._handle.run_of(name) for name in self._plan.names()]
        left = any(run.state is RunState.WAITING for run in runs)
        if self._handle.called_off and (
            left or any(run.state is RunState.CANCELLED for run in runs)
        ):
            return JobState.CANCELLED, "a person called it off"
        # what has ended of its own accord was not stopped, whatever failed last
        return (JobState.STOPPED, self._stopped) if left else (JobState.FINISHED, "")

    async def _closed(self, gate: HealthGate, wave: Sequence[str], before: Any) -> str:
        """Why the gate lets no further wave through; a person needs not wait for it."""
        try:
            worse = await attend(gate.worse(wave, before), self._handle.all_off, ALL_DAY_S)
        except CalledOff:
            return ""
        return f"after the wave {worse}" if worse else ""

    def _over(self) -> bool:
        return bool(self._stopped) or self._handle.called_off

    async def _wave(self, wave: Sequence[str], *, canary: bool) -> None:
        waiting = deque(wave)
        tasks: set[asyncio.Task[None]] = set()
        at_a_time = len(wave) if self._plan.together else max(1, self._rollout.at_a_time)
        try:
            while True:
                while waiting and len(tasks) < at_a_time and not self._over():
                    tasks.add(self._begin(waiting.popleft()))
                if not tasks:
                    return
                done, tasks = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    self._heed_bug(task)
                self._stopped = self._stopped or self._too_many(wave, canary=canary)
        finally:
            for task in tasks:
                task.cancel()
            if tasks:
                await asyncio.wait(tasks)

    def _begin(self, host: str) -> asyncio.Task[None]:
        return asyncio.create_task(self._go(host), name=host)

    def _heed_bug(self, task: asyncio.Task[None]) -> None:
        """A bug that meets one host costs that host alone."""
        bug = None if task.cancelled() else task.exception()
        run = self._handle.run_of(task.get_name())
        if run.state.ended:
            return
        LOG.error("%s: stopped by a bug", run.host, exc_info=bug)
        text = f"stopped by a bug of opsdash ({type(bug).__name__}: {bug}); look at the host"
        self._handle.put(replace(run, state=RunState.FAILED, text=text))

    def _too_many(self, wave: Sequence[str], *, canary: bool) -> str:
        """Why no further host may begin, by what has failed in this wave and in all."""
        rollout = self._rollout
        stop = rollout.on_failure is OnFailure.STOP
        of_wave = self._failed(wave)
        in_all = self._failed(self._plan.names())
        limits = (rollout.wave_failures, rollout.failures)
        if canary and of_wave and stop:
            return f"the canary failed: {self._first(of_wave)}"
        if limits == (None, None):
            return f"a host failed: {self._first(in_all)}" if stop and in_all else ""
        for failed, limit, where in ((of_wave, limits[0], " of the wave"), (in_all, limits[1], "")):
            if limit is not None and len(failed) > limit:
                hosts = count(len(failed), "host")
                borne = f"{limit} may" if limit else "none may"
                return f"{hosts}{where} failed, where {borne}: {self._first(failed)}"
        return ""

    def _failed(self, names: Sequence[str]) -> list[HostRun]:
        runs = [self._handle.run_of(name) for name in names]
        return [
            run
            for run in runs
            if run.state.ended and run.state not in (RunState.DONE, RunState.NOT_BEGUN)
        ]

    def _first(self, failed: Sequence[HostRun]) -> str:
        run = min(failed, key=lambda one: one.ended_at)
        return f"{run.host}: {run.text}" if run.text else f"{run.host} {run.state.value}"
