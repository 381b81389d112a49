"""Plans of actions that look at the hosts before they can say what they would do there."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace

from opsdash.core.action import Action, Ahead, Arguments, Wish, plan_action
from opsdash.core.errors import OpsdashError
from opsdash.core.job import HostRun, Job
from opsdash.core.plan import ALL_AT_ONCE, Danger, HostSteps, Plan, Step
from opsdash.core.snapshot import HostState


async def planned(
    action: Action,
    states: Sequence[HostState],
    given: Arguments,
    wish: Wish,
    *,
    look: Callable[[Plan], Awaitable[Job]],
) -> Plan:
    """The plan of an action on these hosts, after the looks that it takes. ArgumentError, and
    Refused when it may not look.
    """
    if action.prepare is None:
        return plan_action(action, states, given, wish)

    async def looked(step: Step) -> Mapping[str, HostRun]:
        if not step.reads_only:
            raise OpsdashError(f"{action.id} would do more than look")
        hosts = tuple(HostSteps(state.name, (step,)) for state in states)
        plan = Plan(
            f"{wish.id}-look",
            action.id,
            step.does,
            Danger.READS,
            hosts,
            rollout=ALL_AT_ONCE,
            at=wish.at,
            who=wish.who,
            note=f"before {wish.id} is made",
        )
        return (await look(plan)).runs

    steps = await action.prepare(Ahead(wish.id, action.understood(given), looked))
    return plan_action(replace(action, steps=steps), states, given, wish)
