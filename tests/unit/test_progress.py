"""How far a job has come, and how long the rest may take."""

from __future__ import annotations

from dataclasses import replace

import pytest

from opsdash.core.job import HostRun, Job, RunState
from opsdash.core.plan import ALL_AT_ONCE, Danger, HostSteps, Plan
from opsdash.core.progress import progress, quantile


def job(*runs: HostRun, at_a_time: int = 2, ended_at: float = 0.0) -> Job:
    hosts = tuple(HostSteps(run.host, ()) for run in runs)
    rollout = replace(ALL_AT_ONCE, at_a_time=at_a_time)
    plan = Plan("1", "run", "t", Danger.READS, hosts, rollout=rollout)
    return Job(plan, {run.host: run for run in runs}, began_at=100.0, ended_at=ended_at)


def done(host: str, took_s: float, state: RunState = RunState.DONE) -> HostRun:
    return HostRun(host, state, began_at=100.0, ended_at=100.0 + took_s)


def test_every_host_is_counted_once() -> None:
    found = progress(
        job(
            done("a", 1.0),
            done("b", 2.0, RunState.FAILED),
            done("c", 60.0, RunState.TIMEOUT),
            HostRun("d", RunState.UNREACHABLE),
            HostRun("e", RunState.CANCELLED),
            HostRun("f", RunState.NOT_BEGUN),
            HostRun("g", RunState.RUNNING, began_at=103.0),
            HostRun("h"),
        ),
        104.0,
    )
    counts = (found.done, found.failed, found.called_off, found.running, found.waiting)
    assert counts == (1, 3, 2, 1, 1)
    assert (found.ended, found.total) == (6, 8)
    assert found.ratio == pytest.approx(0.75)
    assert (found.p50_s, found.p95_s, found.slowest_s) == (2.0, 60.0, 1.0)


def test_the_rest_is_estimated_in_rounds_of_the_usual_length() -> None:
    waiting = [HostRun(f"w{n}") for n in range(5)]
    found = progress(
        job(done("a", 4.0), HostRun("r", RunState.RUNNING, began_at=103.0), *waiting), 104.0
    )
    assert found.left_s == 3.0 + 3 * 4.0


def test_nobody_knows_how_long_a_straggler_takes() -> None:
    slow = HostRun("r", RunState.RUNNING, began_at=100.0)
    assert progress(job(done("a", 1.0), slow), 150.0).left_s is None
    assert progress(job(slow), 150.0).left_s is None
    assert progress(job(done("a", 1.0)), 150.0).left_s is None


def test_what_has_ended_takes_no_longer() -> None:
    assert progress(job(done("a", 1.0), ended_at=101.0), 500.0).took_s == 1.0


def test_quantiles_are_values_that_came() -> None:
    assert quantile([], 0.5) is None
    assert [quantile([1.0, 2.0, 3.0, 4.0], part) for part in (0.0, 0.5, 0.95)] == [1.0, 2.0, 4.0]
