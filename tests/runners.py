"""A Runner on made-up hosts, for its tests."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from opsdash.core.plan import ALL_AT_ONCE, Danger, HostSteps, Plan, Rollout, Step, StepKind
from opsdash.engine.health_gate import HealthGate
from opsdash.engine.runner import Grounds, Refusal, Runner
from tests.fake_hands import FakeHands, KeptAudit


def allowed(plan: Plan, now: float) -> str:
    """Nothing is forbidden."""
    return ""


def runner(
    hands: FakeHands,
    audit: KeptAudit | None = None,
    *,
    gate: HealthGate | None = None,
    refusal: Refusal = allowed,
) -> Runner:
    """A Runner with made-up hands."""
    return Runner(Grounds(hands, audit or KeptAudit(), refusal, lambda: 1_800_000_000.0, gate))


def plan_of(
    hosts: Sequence[str],
    steps: Sequence[str] = ("one",),
    rollout: Rollout = ALL_AT_ONCE,
    *,
    reads_only: bool = False,
    brief: Collection[str] = (),
) -> Plan:
    """Each host runs these scripts; those that are `brief` have no time for it."""
    todo = tuple(Step(StepKind.RUN, one, one, reads_only=reads_only) for one in steps)
    short = [replace(step, timeout_s=0.02) for step in todo]
    return Plan(
        "p1",
        "test.do",
        "Do it",
        Danger.READS if reads_only else Danger.CHANGES,
        tuple(HostSteps(name, tuple(short if name in brief else todo)) for name in hosts),
        rollout=rollout,
        who="ann",
    )
