"""Taking back what a job has done: a plan like any other."""

from __future__ import annotations

import re

from opsdash.core.action import Wish
from opsdash.core.job import HostRun, Job, Result
from opsdash.core.plan import HostSteps, LeftOut, Plan, Step, StepKind
from opsdash.core.quoting import assignments

UNCHANGED = b"unchanged"
"""A step that found everything as it should be says so in a line of its own: nothing to undo."""

_WAS = re.compile(rb"^(was_[a-z][a-z0-9_]{0,30})=([^\0\n]*)$", re.MULTILINE)
"""How a step says what it is about to change: ``was_mode=rw``. Its undo has it as a variable."""


def undo_plan(job: Job, wish: Wish) -> Plan:
    """What takes back all that was done and can be: on each host the last step first."""
    plan = job.plan
    hosts: list[HostSteps] = []
    left_out: list[LeftOut] = []
    for one in plan.hosts:
        steps = _undoing(one.steps, job.runs[one.host])
        if steps:
            hosts.append(HostSteps(one.host, steps))
        else:
            left_out.append(LeftOut(one.host, "nothing was done there that can be taken back"))
    return Plan(
        id=wish.id,
        action=plan.action,
        title=f"Undo: {plan.title}",
        danger=plan.danger,
        hosts=tuple(hosts),
        target=plan.target,
        rollout=wish.rollout or plan.rollout,
        left_out=tuple(left_out),
        at=wish.at,
        who=wish.who,
        note=f"takes back {plan.id}",
    )


def _undoing(steps: tuple[Step, ...], run: HostRun) -> tuple[Step, ...]:
    found = [
        Step(
            StepKind.RUN,
            f"take back: {step.does}",
            assignments(_was(result)) + step.undo,
            root=step.root,
            timeout_s=step.timeout_s,
            max_bytes=step.max_bytes,
        )
        for step, result in zip(steps, run.results, strict=False)
        if step.undo and result.ok and UNCHANGED not in result.stdout.split(b"\n")
    ]
    return tuple(reversed(found))


def _was(result: Result) -> dict[str, str]:
    """What the step said of how it was before: the host's words, so they are only ever quoted."""
    return {
        name.decode(): value.decode("utf-8", "surrogateescape")
        for name, value in _WAS.findall(result.stdout)
    }
