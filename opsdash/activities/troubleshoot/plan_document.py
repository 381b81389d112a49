"""Plans and jobs as JSON, for programs."""

from __future__ import annotations

from typing import Any

from opsdash.core.action import grouped
from opsdash.core.job import HostRun, Job, Result
from opsdash.core.plan import Plan, Step
from opsdash.core.utc import utc

SCHEMA = "opsdash-plan-1"

Document = dict[str, Any]


def _time(at: float) -> str | None:
    return utc(at) if at else None


def plan_document(plan: Plan) -> Document:
    """A plan: steps that hosts have alike stand there once. What steps read is not shown."""
    rollout = plan.rollout
    return {
        "schema": SCHEMA,
        "id": plan.id,
        "action": plan.action,
        "target": plan.target,
        "title": plan.title,
        "danger": plan.danger.value,
        "at": _time(plan.at),
        "who": plan.who,
        "note": plan.note,
        "groups": [
            {"hosts": hosts, "steps": [_step(step) for step in steps]}
            for steps, hosts in grouped(plan)
        ],
        "left_out": [{"host": one.host, "why": one.why} for one in plan.left_out],
        "waves": [list(wave) for wave in plan.waves()],
        "rollout": {
            "canary": rollout.canary,
            "wave": rollout.wave,
            "at_a_time": rollout.at_a_time,
            "wave_failures": rollout.wave_failures,
            "failures": rollout.failures,
            "gate": rollout.gate,
            "on_failure": rollout.on_failure.value,
        },
    }


def job_document(job: Job) -> Document:
    """A job: its plan, its state, and what came of each step on each host."""
    return {
        **plan_document(job.plan),
        "state": job.state.value,
        "stopped": job.stopped,
        "began_at": _time(job.began_at),
        "ended_at": _time(job.ended_at),
        "hosts": [_run(run) for run in job.runs.values()],
    }


def _step(step: Step) -> Document:
    return {
        "kind": step.kind.value,
        "does": step.does,
        "script": step.script,
        "path": step.path,
        "shows": step.shows,
        "root": step.root,
        "reads_only": step.reads_only,
        "timeout_s": step.timeout_s,
        "undo": step.undo,
    }


def _run(run: HostRun) -> Document:
    return {
        "host": run.host,
        "state": run.state.value,
        "text": run.text,
        "began_at": _time(run.began_at),
        "ended_at": _time(run.ended_at),
        "begun": run.begun,
        "results": [_result(one) for one in run.results],
    }


def _result(result: Result) -> Document:
    return {
        "status": result.status,
        "stdout": result.stdout.decode("utf-8", "replace"),
        "stderr": result.stderr.decode("utf-8", "replace"),
        "truncated": result.truncated,
        "took_s": round(result.took_s, 3),
        "problem": result.problem.text if result.problem else None,
    }
