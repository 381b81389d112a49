"""How far a job's hosts have come, as JSON and back; their outputs up to a cap."""

from __future__ import annotations

from typing import Any

from opsdash.core.job import HostRun, JobState, Result, RunState
from opsdash.core.plan_json import (
    Json,
    flag,
    from_base64,
    in_base64,
    items,
    mapping,
    member,
    number,
    text,
    whole,
)
from opsdash.core.problem import Problem, ProblemKind

KEPT_BYTES = 65_536
"""Of each output of a step so much is kept."""


def run_to_json(run: HostRun, *, since: int = 0) -> Json:
    """A host's part of a job; of its results those from number `since` on."""
    return {
        "host": run.host,
        "state": run.state.value,
        "text": run.text,
        "began_at": run.began_at,
        "ended_at": run.ended_at,
        "begun": run.begun,
        "since": since,
        "results": [_result_to_json(one) for one in run.results[since:]],
    }


def run_from_json(value: object, before: HostRun | None = None) -> HostRun:
    """The host's part that these values hold, after what was known of it; ValueError."""
    given = mapping(value, "a host's run")
    earlier = () if before is None else before.results
    since = whole(given, "since", 0)
    if since > len(earlier):
        raise ValueError("results of a host are missing")
    results = tuple(_result_from_json(one) for one in items(given, "results"))
    return HostRun(
        host=text(given, "host"),
        state=member(given, "state", RunState),
        results=(*earlier[:since], *results),
        text=text(given, "text"),
        began_at=number(given, "began_at"),
        ended_at=number(given, "ended_at"),
        begun=whole(given, "begun"),
    )


def state_from_json(value: object) -> JobState:
    """A job's state; ValueError."""
    return member({"state": value}, "state", JobState)


def _result_to_json(result: Result) -> Json:
    cut = max(len(result.stdout), len(result.stderr)) > KEPT_BYTES
    found: Json = {
        "status": result.status,
        "stdout": in_base64(result.stdout[:KEPT_BYTES]),
        "stderr": in_base64(result.stderr[:KEPT_BYTES]),
        "truncated": result.truncated or cut,
        "took_s": result.took_s,
    }
    if result.problem is not None:
        problem = result.problem
        found["problem"] = {
            "kind": problem.kind.value,
            "text": problem.text,
            "hint": problem.hint,
            "culprit": problem.culprit,
        }
    return found


def _result_from_json(value: object) -> Result:
    given = mapping(value, "a result")
    status: Any = given.get("status")
    if status is not None and (not isinstance(status, int) or isinstance(status, bool)):
        raise ValueError("a status is a whole number")
    return Result(
        status=status,
        stdout=from_base64(given, "stdout"),
        stderr=from_base64(given, "stderr"),
        truncated=flag(given, "truncated"),
        took_s=number(given, "took_s"),
        problem=_problem_from_json(given.get("problem")),
    )


def _problem_from_json(value: object) -> Problem | None:
    if value is None:
        return None
    given = mapping(value, "a problem")
    return Problem(
        member(given, "kind", ProblemKind),
        text(given, "text"),
        text(given, "hint", ""),
        text(given, "culprit", ""),
    )
