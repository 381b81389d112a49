"""How far a job has come: who is done, how long hosts take, how long the rest may take."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

from opsdash.core.job import HostRun, Job, RunState


@dataclass(frozen=True, slots=True)
class Progress:
    """Hosts by what became of them, and times in seconds (None: nobody has ended yet).

    `done` succeeded, `failed` did not, whatever the reason; `called_off` were cancelled or never
    begun. `p50_s` and `p95_s` are how long the hosts that ended took, `left_s` how long the rest
    may take at that rate, `slowest_s` for how long the one that runs longest has been running.
    """

    total: int
    waiting: int
    running: int
    done: int
    failed: int
    called_off: int
    took_s: float
    p50_s: float | None = None
    p95_s: float | None = None
    left_s: float | None = None
    slowest_s: float | None = None

    @property
    def ended(self) -> int:
        """How many hosts nothing more will happen on."""
        return self.done + self.failed + self.called_off

    @property
    def ratio(self) -> float:
        """The part of the hosts that has ended, 0 to 1."""
        return self.ended / self.total if self.total else 1.0


_CALLED_OFF = (RunState.CANCELLED, RunState.NOT_BEGUN)


def progress(job: Job, now: float) -> Progress:
    """How far a job has come at `now` (seconds since 1970)."""
    runs = list(job.runs.values())
    running = [run for run in runs if run.state is RunState.RUNNING]
    waiting = sum(run.state is RunState.WAITING for run in runs)
    done = sum(run.state is RunState.DONE for run in runs)
    called_off = sum(run.state in _CALLED_OFF for run in runs)
    took = sorted(_took(run) for run in runs if run.state.ended and run.began_at)
    ages = sorted((max(0.0, now - run.began_at) for run in running if run.began_at), reverse=True)
    until = job.ended_at or now
    return Progress(
        total=len(runs),
        waiting=waiting,
        running=len(running),
        done=done,
        failed=len(runs) - waiting - len(running) - done - called_off,
        called_off=called_off,
        took_s=max(0.0, until - job.began_at) if job.began_at else 0.0,
        p50_s=quantile(took, 0.5),
        p95_s=quantile(took, 0.95),
        left_s=_left(took, ages, waiting, job.plan.rollout.at_a_time),
        slowest_s=ages[0] if ages else None,
    )


def _took(run: HostRun) -> float:
    return max(0.0, run.ended_at - run.began_at)


def quantile(ordered: Sequence[float], part: float) -> float | None:
    """The smallest value that at least this part of them does not exceed; None: there are none."""
    return ordered[max(0, ceil(part * len(ordered)) - 1)] if ordered else None


def _left(
    took: Sequence[float], ages: Sequence[float], waiting: int, at_a_time: int
) -> float | None:
    """So many rounds of the usual length for those that wait, after the one that runs. Of hosts
    that run longer than nearly all nobody knows for how long they will.
    """
    usual, long = quantile(took, 0.5), quantile(took, 0.95)
    if usual is None or long is None or (not ages and not waiting):
        return None
    usual_rest = [max(0.0, usual - age) for age in ages if age <= max(long, usual)]
    if not usual_rest and not waiting:
        return None
    rounds = ceil(waiting / max(1, at_a_time))
    return max(usual_rest, default=0.0) + rounds * usual
