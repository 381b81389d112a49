"""One host's way through a plan: reached, locked, step by step, and let go again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from opsdash.core.audit import AuditEntry, AuditLog, Phase, input_words
from opsdash.core.errors import AuditError, HostError
from opsdash.core.job import HostRun, Result, RunState
from opsdash.core.plan import LOOKS, Plan, Step, StepKind
from opsdash.core.problem import ProblemKind
from opsdash.core.text import clean_line, duration, size
from opsdash.engine.attend import CalledOff, Overtime, attend
from opsdash.engine.gathering import Gathering
from opsdash.engine.hands import Hand, Hands
from opsdash.engine.host_lock import (
    LOCK_S,
    Claim,
    HoldingHand,
    HostHeld,
    release_lock,
    take_lock,
)
from opsdash.engine.job_handle import JobHandle
from opsdash.engine.job_journal import JobJournal
from opsdash.engine.perform import perform
from opsdash.transport.base import Heard

T = TypeVar("T")

REACH_S = 60.0
"""How long a host may take until it is reached: passphrases may have to be typed."""

GRACE_S = 15.0
"""How long after a step's own time it is given up, by whoever waits for the one who does it."""

LOCKED_S = LOCK_S + GRACE_S

STILL = "may still run there"


@dataclass(frozen=True, slots=True)
class Tools:
    """What hosts are changed with: hands, the audit log, the journal, the clock, where they wait
    for each other, and where the person sits.
    """

    hands: Hands
    audit: AuditLog
    journal: JobJournal
    clock: Callable[[], float]
    gathering: Gathering
    from_where: str = ""
    take_lock: Callable[[Hand, Claim], Coroutine[Any, Any, str]] = take_lock
    release_lock: Callable[[Hand, str], Coroutine[Any, Any, None]] = release_lock


class _Stop(Exception):
    """This host has come to its end, in this state, for this reason."""

    def __init__(self, state: RunState, text: str = "") -> None:
        super().__init__(text)
        self.state = state
        self.text = text


class HostCourse:
    """One host's run. Whatever happens, go() ends with the host in one of the ended states."""

    def __init__(self, plan: Plan, host: str, handle: JobHandle, tools: Tools) -> None:
        self._plan = plan
        self._host = host
        self._handle = handle
        self._tools = tools
        self._off = handle.off(host)
        self._steps = plan.steps_of(host)
        self._run = replace(handle.run_of(host), state=RunState.RUNNING, began_at=tools.clock())

    async def go(self) -> None:
        """Do all steps that were not done yet."""
        self._put(self._run)
        try:
            await self._all_steps()
        except _Stop as stop:
            await self._end(stop.state, stop.text)
        else:
            await self._end(RunState.DONE, self._run.text)
        finally:
            self._tools.gathering.gone(self._host)

    async def _all_steps(self) -> None:
        holding = self._tools.hands.hold(self._host)
        hand = await self._reach(holding)
        locked = False
        try:
            if self._is_one_command():
                hand = HoldingHand(hand, self._claim())
            else:
                locked = await self._lock(hand)
            for number in range(len(self._run.results), len(self._steps)):
                await self._step(hand, number)
        finally:
            if locked:
                await self._unlock(hand)
            await asyncio.shield(_left(holding))

    async def _reach(self, holding: AbstractAsyncContextManager[Hand]) -> Hand:
        try:
            return await attend(holding.__aenter__(), self._off, REACH_S)
        except HostError as error:
            raise _Stop(RunState.UNREACHABLE, error.problem.text) from error
        except CalledOff:
            raise _Stop(RunState.CANCELLED, "called off before it was reached") from None
        except Overtime:
            text = f"not reached within {duration(REACH_S)}"
            raise _Stop(RunState.UNREACHABLE, text) from None

    async def _lock(self, hand: Hand) -> bool:
        """Whether the host is held for this plan; one that only looks needs no lock."""
        if all(step.reads_only or step.kind in LOOKS for step in self._steps):
            return False
        try:
            refusal = await attend(self._tools.take_lock(hand, self._claim()), self._off, LOCKED_S)
        except HostError as error:
            raise _Stop(RunState.UNREACHABLE, error.problem.text) from error
        except CalledOff:
            await self._unlock(hand)
            raise _Stop(RunState.CANCELLED, "called off before anything was done") from None
        except Overtime:
            await self._unlock(hand)
            raise _Stop(RunState.TIMEOUT, "it did not answer in time; nothing was done") from None
        if refusal:
            raise _Stop(RunState.FAILED, f"nothing was done: {refusal}")
        return True

    def _is_one_command(self) -> bool:
        """Whether all that is left to do is one command: then its lock comes and goes with it.

        What root has locked nobody else could let go, if the shell that is to do it is killed.
        """
        first = self._steps[0]
        alone = len(self._steps) == 1 and not first.reads_only
        return alone and first.kind is StepKind.RUN and not first.root

    def _claim(self) -> Claim:
        for_s = sum(step.timeout_s + GRACE_S for step in self._steps)
        return Claim(self._plan.id, self._plan.who, self._tools.clock(), for_s)

    async def _unlock(self, hand: Hand) -> None:
        """A lock that stays is over by itself after the plan's time."""
        with suppress(HostError, Overtime):
            await attend(self._tools.release_lock(hand, self._plan.id), asyncio.Event(), LOCKED_S)

    async def _step(self, hand: Hand, number: int) -> None:
        step = self._steps[number]
        if self._off.is_set():
            raise _Stop(RunState.CANCELLED, f"called off before {self._named(number)}")
        await self._begin(number)
        try:
            result = await self._attended(step, hand)
        except HostHeld as held:
            self._run = replace(self._run, begun=number)
            text = f"nothing was done: {held}"
            await self._tell(number, text)
            raise _Stop(RunState.FAILED, text) from held
        except CalledOff as cut:
            await self._tell(number, "called off")
            raise _Stop(RunState.CANCELLED, self._cut_words("called off", number, cut)) from None
        except Overtime as cut:
            await self._tell(number, "given up")
            raise _Stop(RunState.TIMEOUT, self._cut_words("given up", number, cut)) from None
        self._run = replace(self._run, results=(*self._run.results, result))
        text = result.problem.text if result.problem else ""
        await self._tell(number, text, result.status)
        if not result.ok:
            raise self._failure(number, result)

    async def _attended(self, step: Step, hand: Hand) -> Result:
        heard: Heard = lambda piece, error: self._handle.heard(  # noqa: E731
            self._host, piece, error=error
        )
        if step.kind is StepKind.TOGETHER:
            work = self._tools.gathering.meet(self._host, step, heard)
        else:
            work = perform(step, hand, self._tools.hands, self._run.results, heard)
        try:
            result = await attend(work, self._off, step.timeout_s + GRACE_S)
        except CalledOff as cut:  # what is done for all goes on for the others
            raise CalledOff(confirmed=cut.confirmed and not self._tools.gathering.at_work) from None
        if self._off.is_set() and result.problem and result.problem.kind in _LOST:
            raise CalledOff(confirmed=False)
        return result

    async def _begin(self, number: int) -> None:
        """Write down that a step begins, or there is none."""
        self._run = replace(self._run, begun=number + 1)
        try:
            text = "; ".join(filter(None, (self._plan.note, input_words(self._steps[number]))))
            await self._tools.audit.write(replace(self._entry(number, Phase.BEGIN), text=text))
            await self._tools.journal.run(self._run)
        except (AuditError, OSError) as error:
            self._run = replace(self._run, begun=number)
            text = f"{self._named(number)} was not begun: {error}"
            raise _Stop(RunState.FAILED, text) from error
        self._put(self._run)

    async def _tell(self, number: int, text: str, status: int | None = None) -> None:
        """Write down how a step ended; where that can't be done, it is said beside the host."""
        entry = replace(self._entry(number, Phase.END), exit_status=status, text=text)
        try:
            await self._tools.audit.write(entry)
            await self._tools.journal.run(self._run)
        except (AuditError, OSError) as error:
            self._run = replace(self._run, text=f"its end could not be written down: {error}")
        self._put(self._run)

    def _entry(self, number: int, phase: Phase) -> AuditEntry:
        plan, step = self._plan, self._steps[number]
        return AuditEntry(
            at=self._tools.clock(),
            who=plan.who,
            from_where=self._tools.from_where,
            host=self._host,
            action=plan.action,
            phase=phase,
            plan_id=plan.id,
            step=number + 1,
            command=step.script or f"{step.kind.value} {step.path}".strip(),
            target=plan.target,
            before=step.expects,
        )

    def _failure(self, number: int, result: Result) -> _Stop:
        problem = result.problem
        if problem is None and result.truncated and (result.status or 0) != 0:
            cap = size(self._steps[number].max_bytes)
            text = f"{self._named(number)}: put out more than {cap}, and was ended"
            return _Stop(RunState.FAILED, text)
        if problem is None:
            said = result.stderr.strip() or result.stdout.strip()
            last = clean_line(said.splitlines()[-1].decode("utf-8", "replace"), 200) if said else ""
            how = f"status {result.status}" if (result.status or 0) >= 0 else _signal(result)
            text = f"{self._named(number)}: {how}"
            return _Stop(RunState.FAILED, f"{text}: {last}" if last else text)
        text = f"{self._named(number)}: {problem.text}"
        if problem.kind is ProblemKind.TIMEOUT:
            return _Stop(RunState.TIMEOUT, text)
        if not problem.mends_itself or problem.kind not in _LOST:
            return _Stop(RunState.FAILED, text)
        return _Stop(RunState.FAILED, f"{text}; it {STILL}")

    def _cut_words(self, how: str, number: int, cut: CalledOff | Overtime) -> str:
        end = "what ran there was ended" if cut.confirmed else f"it {STILL}"
        return f"{how} in {self._named(number)}; {end}"

    def _named(self, number: int) -> str:
        """A step in words; where there is but one it needs no number."""
        does = clean_line(self._steps[number].does, 80)
        total = len(self._steps)
        return does if total == 1 else f"step {number + 1} of {total} ({does})"

    def _put(self, run: HostRun) -> None:
        self._run = run
        self._handle.put(run)

    async def _end(self, state: RunState, text: str) -> None:
        self._run = replace(self._run, state=state, text=text, ended_at=self._tools.clock())
        with suppress(OSError):  # it was said already, or the next line will
            await self._tools.journal.run(self._run)
        self._put(self._run)


_LOST = frozenset({ProblemKind.LOST, ProblemKind.SILENT, ProblemKind.DROPPED})


def _signal(result: Result) -> str:
    return f"ended by signal {-(result.status or 0)}"


async def _left(holding: AbstractAsyncContextManager[Hand]) -> None:
    await holding.__aexit__(None, None, None)
