"""A job: a plan that is being run, or was, and what came of it on each host."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from opsdash.core.plan import Plan
from opsdash.core.problem import Problem


class RunState(StrEnum):
    """How far a host has come. Every host of a job that has ended is in exactly one of the last
    six: done, failed (a status other than 0, or refused), over its time, never reached, called off
    by a person, or left alone because the job stopped before its turn.
    """

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    TIMEOUT = "timeout"
    UNREACHABLE = "unreachable"
    CANCELLED = "cancelled"
    NOT_BEGUN = "not-begun"

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen there."""
        return self not in (RunState.WAITING, RunState.RUNNING)


class JobState(StrEnum):
    """How far a job has come: it was only shown yet, it runs, all waves are through, or it ended
    before that: a budget or gate stopped it, or a person did. One that is found unfinished at the
    next start was broken off.
    """

    PLANNED = "planned"
    RUNNING = "running"
    FINISHED = "finished"
    STOPPED = "stopped"
    CANCELLED = "cancelled"
    BROKEN_OFF = "broken-off"


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one step: its exit status (negative: the signal that killed it; None: it has
    none, because `problem` was met), and its outputs as the bytes that came, up to the step's cap:
    `truncated` says that there was more. Whoever shows them cleans them first.
    """

    status: int | None
    stdout: bytes = b""
    stderr: bytes = b""
    truncated: bool = False
    took_s: float = 0.0
    problem: Problem | None = None

    @property
    def ok(self) -> bool:
        """Whether it did what it should."""
        return self.status == 0 and self.problem is None


@dataclass(frozen=True, slots=True)
class HostRun:
    """One host's part of a job: the results of the steps that have ended, and `text`, one sentence
    about why it is in this state, where there is more to say than that. `begun` counts the steps
    that were begun: one more than there are results is under way, or was when it all broke off.
    Times are seconds since 1970; 0: not yet.
    """

    host: str
    state: RunState = RunState.WAITING
    results: tuple[Result, ...] = ()
    text: str = ""
    began_at: float = 0.0
    ended_at: float = 0.0
    begun: int = 0

    @property
    def in_mid_step(self) -> bool:
        """Whether a step was begun of which nobody knows how it ended."""
        return self.begun > len(self.results)


_NOT_THROUGH = frozenset({RunState.WAITING, RunState.RUNNING, RunState.NOT_BEGUN})


@dataclass(frozen=True, slots=True)
class Job:
    """A plan under way, as it stands at one moment. `wave` is the one that runs, from 0; `stopped`
    says in a sentence why no further wave began.
    """

    plan: Plan
    runs: Mapping[str, HostRun]
    state: JobState = JobState.RUNNING
    wave: int = 0
    began_at: float = 0.0
    ended_at: float = 0.0
    stopped: str = ""

    @property
    def id(self) -> str:
        """The plan's."""
        return self.plan.id

    def rest(self) -> Plan:
        """The plan of the hosts that are not through: they wait, or never began. Where others went
        before them those have been the canary.
        """
        left = {name for name, run in self.runs.items() if run.state in _NOT_THROUGH}
        hosts = tuple(one for one in self.plan.hosts if one.host in left)
        rollout = self.plan.rollout
        if len(hosts) < len(self.plan.hosts):
            rollout = replace(rollout, canary=0)
        return replace(self.plan, hosts=hosts, rollout=rollout)

    def in_state(self, *states: RunState) -> tuple[HostRun, ...]:
        """The hosts' runs in any of these states, in the plan's order."""
        return tuple(run for run in self.runs.values() if run.state in states)
