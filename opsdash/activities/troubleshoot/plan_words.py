"""A plan in words: on which hosts it would do what, in which order, and when it would stop."""

from __future__ import annotations

from collections.abc import Sequence

from opsdash.core.action import grouped
from opsdash.core.job import HostRun, Job, JobState, RunState
from opsdash.core.plan import OnFailure, Plan, Rollout, Step, StepKind
from opsdash.core.text import clean, clean_line, count, duration

NAMES_WIDTH = 100
MOST_LINES, MOST_TEXT = 200, 1_000_000
"""Of what one host says to a plan that only looks."""

_KINDS = {
    StepKind.DETACH: "left to itself",
    StepKind.LOCAL: "here",
    StepKind.TOGETHER: "here, once for all hosts of a wave",
    StepKind.PUT: "a file is written",
    StepKind.GET: "a file is read",
    StepKind.CONNECT: "by a connection of the host, without a tool there",
    StepKind.PROBE: "again and again until it says yes",
}


def plan_lines(plan: Plan, *, full: bool = False) -> list[str]:
    """The plan, what is the same on several hosts once; of what only looks the scripts are shown
    with `full` alone.
    """
    lines = [f"{plan.id}: {clean_line(plan.title)} on {count(len(plan.hosts), 'host')}"]
    for steps, hosts in grouped(plan):
        lines += ["", f"on {', '.join(hosts)}:"]
        for number, step in enumerate(steps, 1):
            lines += _step_lines(number, step, full=full)
    if plan.left_out:
        lines += ["", "left out:"]
        lines += [f"  {one.host}: {clean_line(one.why)}" for one in plan.left_out]
    lines += ["", rollout_words(plan)]
    return lines


def _step_lines(number: int, step: Step, *, full: bool) -> list[str]:
    words = [_KINDS.get(step.kind, "")]
    words += ["as root"] if step.root else []
    words += ["only looks"] if step.reads_only else []
    words += [f"at most {duration(step.timeout_s)}"]
    lines = [f"  {number}. {clean_line(step.does)} ({', '.join(filter(None, words))})"]
    text = "" if step.reads_only and not full else step.text
    lines += [f"     | {line}" for line in clean(text, 16_384).rstrip("\n").split("\n") if text]
    if step.undo:
        lines.append(f"     undo: {clean_line(step.undo, 200)}")
    return lines


def rollout_words(plan: Plan) -> str:
    """How it goes over the hosts, and when it stops, in one sentence."""
    rollout, total = plan.rollout, len(plan.hosts)
    if not total:
        return "No host."
    if total == 1:
        return "One host."
    waves = [len(wave) for wave in plan.waves()]
    first = f"{count(waves[0], 'canary', 'canaries')} first, then " if rollout.canary else ""
    rest = waves[1:] if rollout.canary else waves
    many = f"{len(rest)} waves of {rest[0]}" if len(rest) > 1 else count(sum(rest), "host")
    at_once = min(rollout.at_a_time, max(waves))
    parts = [f"{first}{many}, {at_once} at a time"]
    if rollout.gate and len(waves) > 1:
        parts.append("after each wave its hosts must be as healthy as before it")
    parts.append(_stops(rollout, total))
    return f"{'; '.join(parts)}."


def _stops(rollout: Rollout, total: int) -> str:
    if rollout.canary and rollout.failures == total:
        return "stops if a canary fails, and after that goes on whatever fails"
    limits = [
        f"more than {limit} {what}"
        for limit, what in (
            (rollout.wave_failures, "of a wave fail"),
            (rollout.failures, "fail in all"),
        )
        if limit is not None
    ]
    canary = ", or a canary does" if rollout.canary else ""
    if limits:
        stop = rollout.on_failure is OnFailure.STOP
        return f"stops when {' or '.join(limits)}{canary if stop else ''}"
    if rollout.on_failure is OnFailure.STOP:
        return "stops at the first host that fails or can't be reached"
    return "goes on whatever fails"


_STATES = {
    RunState.WAITING: "waits",
    RunState.RUNNING: "runs",
    RunState.DONE: "done",
    RunState.FAILED: "FAILED",
    RunState.TIMEOUT: "TIMEOUT",
    RunState.UNREACHABLE: "UNREACHABLE",
    RunState.CANCELLED: "called off",
    RunState.NOT_BEGUN: "not begun",
}


def run_line(run: HostRun) -> str:
    """How far a host has come, in a line."""
    took = ""
    if run.began_at and run.ended_at:
        took = f" in {duration(run.ended_at - run.began_at)}"
    text = f": {clean_line(run.text, 400)}" if run.text else ""
    return f"{run.host}: {_STATES[run.state]}{took}{text}"


def told_lines(job: Job, run: HostRun, *, full: bool = False) -> list[str]:
    """What a host said to a plan that only looks: that is what it was asked for. Cut to a page,
    unless it is wanted in `full`.
    """
    if not job.plan.reads_only:
        return []
    text = b"".join(one.stdout for one in run.results).decode("utf-8", "replace")
    lines = [f"  {line}" for line in clean(text, MOST_TEXT).rstrip("\n").split("\n") if text]
    if full or len(lines) <= MOST_LINES:
        return lines
    left = count(len(lines) - MOST_LINES, "more line")
    return [*lines[:MOST_LINES], f"  … {left}: --full shows all"]


def job_words(job: Job) -> str:
    """How a job stands, in a sentence."""
    counted = [(state, len(job.in_state(state))) for state in RunState]
    hosts = ", ".join(f"{number} {_STATES[state]}" for state, number in counted if number)
    why = f": {clean_line(job.stopped, 300)}" if job.stopped else ""
    words = {
        JobState.PLANNED: "not run yet",
        JobState.RUNNING: "runs",
        JobState.FINISHED: "finished",
        JobState.STOPPED: "stopped",
        JobState.CANCELLED: "called off",
        JobState.BROKEN_OFF: "BROKEN OFF",
    }
    return f"{words[job.state]}{why}; {hosts}"


def ended_code(job: Job, left_out: Sequence[object] = ()) -> int:
    """What a verb exits with: 0 done on all hosts, 1 on some, 2 on none, or it was stopped."""
    done = len(job.in_state(RunState.DONE))
    if not done or job.state is not JobState.FINISHED:
        return 2
    return 0 if done == len(job.runs) and not left_out else 1
