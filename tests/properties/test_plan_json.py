"""Plans and jobs come back from the disk as they went there, and nothing secret goes there."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from opsdash.core.job import HostRun, Result, RunState
from opsdash.core.job_json import KEPT_BYTES, run_from_json, run_to_json
from opsdash.core.plan import (
    Danger,
    HostSteps,
    LeftOut,
    OnFailure,
    Plan,
    Rollout,
    Step,
    StepKind,
)
from opsdash.core.plan_json import plan_from_json, plan_to_json, withheld
from opsdash.core.problem import Problem, ProblemKind
from opsdash.core.secret import Secret

texts = st.text("aé\n'\"\\\0\x1b\ud800 b", max_size=8)
seconds = st.floats(0, 1e9)
budgets = st.none() | st.integers(0, 99)
steps = st.builds(
    Step,
    st.sampled_from(StepKind),
    texts,
    script=texts,
    path=texts,
    stdin=st.none() | st.binary(max_size=20),
    root=st.booleans(),
    timeout_s=seconds,
    max_bytes=st.integers(0, 10**9),
    undo=texts,
    expects=texts,
    reads_only=st.booleans(),
)
rollouts = st.builds(
    Rollout,
    st.integers(0, 9),
    st.integers(0, 9),
    st.integers(1, 9),
    budgets,
    budgets,
    st.booleans(),
    st.sampled_from(OnFailure),
)
plans = st.builds(
    Plan,
    texts,
    texts,
    texts,
    st.sampled_from(Danger),
    st.lists(
        st.builds(HostSteps, texts, st.lists(steps, max_size=3).map(tuple)),
        max_size=4,
        unique_by=lambda one: one.host,
    ).map(tuple),
    texts,
    rollouts,
    st.lists(st.builds(LeftOut, texts, texts), max_size=2).map(tuple),
    seconds,
    texts,
    texts,
)
problems = st.builds(Problem, st.sampled_from(ProblemKind), texts)
results = st.builds(
    Result,
    st.none() | st.integers(-64, 255),
    st.binary(max_size=20),
    st.binary(max_size=20),
    st.booleans(),
    seconds,
    st.none() | problems,
)
runs = st.builds(
    HostRun,
    texts,
    st.sampled_from(RunState),
    st.lists(results, max_size=3).map(tuple),
    texts,
    seconds,
    seconds,
    st.integers(0, 9),
)
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)


SLOW = settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])


@SLOW
@given(plans)
def test_a_plan_comes_back_as_it_was(plan: Plan) -> None:
    assert plan_from_json(json.loads(json.dumps(plan_to_json(plan)))) == plan


@SLOW
@given(runs, st.integers(0, 3))
def test_a_hosts_run_comes_back_as_it_was_from_what_was_known_and_what_was_added(
    run: HostRun, known: int
) -> None:
    since = min(known, len(run.results))
    before = replace(run, results=run.results[:since], begun=0)
    said = json.loads(json.dumps(run_to_json(run, since=since)))
    assert run_from_json(said, before) == run


@SLOW
@given(plans, st.data())
def test_a_plan_that_was_tampered_with_is_refused_in_words(plan: Plan, data: st.DataObject) -> None:
    said = json.loads(json.dumps(plan_to_json(plan)))
    name = data.draw(st.sampled_from(sorted(said)))
    said[name] = data.draw(anything)
    with suppress(ValueError):
        assert isinstance(plan_from_json(said), Plan)


@given(anything)
def test_whatever_else_it_is_it_is_no_plan(value: object) -> None:
    with pytest.raises(ValueError, match="a plan"):
        plan_from_json(value)


def test_a_secret_is_not_written_and_its_host_is_known_to_lack_it() -> None:
    step = Step(StepKind.RUN, "ask", "cat", stdin=Secret("hunter2"))
    plan = Plan("p", "a", "t", Danger.CHANGES, (HostSteps("web1", (step,)),))
    text = json.dumps(plan_to_json(plan))
    assert "hunter2" not in text
    assert "aHVudGVyMg" not in text
    assert withheld(plan) == ()
    assert withheld(plan_from_json(json.loads(text))) == ("web1",)


def test_of_a_long_output_the_beginning_is_kept_and_it_is_said() -> None:
    run = HostRun("a", RunState.DONE, (Result(0, b"x" * (KEPT_BYTES + 1)),))
    (kept,) = run_from_json(run_to_json(run)).results
    assert kept.truncated
    assert kept.stdout == b"x" * KEPT_BYTES
