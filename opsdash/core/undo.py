"""Taking back what a job has done: a plan like any other."""

from __future__ import annotations

from opsdash.core.action import Wish
from opsdash.core.job import HostRun, Job
from opsdash.core.plan import HostSteps, LeftOut, Plan, Step, StepKind

UNCHANGED = b"unchanged"
"""A step that found everything as it should be says so in a line of its own: nothing to undo."""


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
            step.undo,
            root=step.root,
            timeout_s=step.timeout_s,
            max_bytes=step.max_bytes,
        )
        for step, result in zip(steps, run.results, strict=False)
        if step.undo and result.ok and UNCHANGED not in result.stdout.split(b"\n")
    ]
    return tuple(reversed(found))
