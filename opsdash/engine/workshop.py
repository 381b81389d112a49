"""Where hosts are changed from: the Runner, and all that it stands on, put together once."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from opsdash.core.action import Action
from opsdash.core.automation import Automated
from opsdash.core.discover import every_action
from opsdash.core.event import Event
from opsdash.core.fleet import Fleet
from opsdash.core.guard import Guard
from opsdash.core.plan import Plan
from opsdash.engine.automation import automation_plan
from opsdash.engine.fleet_hands import FleetHands
from opsdash.engine.hands_alone import hands_alone
from opsdash.engine.health_gate import HealthGate, Look
from opsdash.engine.privilege import Privilege
from opsdash.engine.runner import Grounds, Runner
from opsdash.engine.surroundings import Surroundings
from opsdash.store.audit import AuditTrail
from opsdash.store.database import Database
from opsdash.store.jobs import Jobs
from opsdash.store.store import Store

EventsSince = Callable[[float], Awaitable[list[Event]]]


@dataclass(frozen=True, slots=True)
class Bench:
    """What a workshop stands on: hands that reach the hosts, the store, the surroundings, and who
    says how hosts are (None: nobody, and no plan with a gate can be run).
    """

    hands: FleetHands
    store: Database
    around: Surroundings
    look: Look | None = None


class Workshop:
    """The Runner, the guard that it heeds, the audit log that it writes, and the jobs on disk."""

    def __init__(self, bench: Bench) -> None:
        around = bench.around
        self._bench = bench
        self.jobs = Jobs(around.state_dir)
        self.audit = AuditTrail(around.state_dir, bench.store, tell=around.tell_audit)
        self.runner = Runner(
            Grounds(
                hands=bench.hands,
                audit=self.audit,
                refusal=lambda plan, at: self.guard.refusal(plan, at),
                clock=around.clock,
                gate=HealthGate(bench.look) if bench.look else None,
                journal_of=self.jobs.of,
                from_where=around.from_where,
            )
        )

    def actions(self) -> Mapping[str, Action]:
        """All that can be done to the fleet as it is now, the user's own actions included."""
        return every_action(self._bench.hands.fleet().own_actions.actions)

    @property
    def guard(self) -> Guard:
        """What may not be done to the fleet as it is now, and what has to be typed for the rest."""
        return Guard(self._bench.hands.fleet())

    async def with_acts(self, told: EventsSince, since: float) -> list[Event]:
        """The events since then (seconds since 1970), and what plans from here did, by time."""
        acts = [one.event() for one in await self.audit.done_since(since)]
        return sorted([*await told(since), *acts], key=lambda one: one.at)

    @property
    def privilege(self) -> Privilege:
        """How root is become."""
        return self._bench.hands.reach.privilege

    async def automated(self, wish: Automated, hosts: Sequence[str]) -> Plan:
        """The plan that lets a tool of this machine do something to hosts; Refused: it can't."""
        known_hosts = self._bench.around.state_dir / "known_hosts"
        return await automation_plan(wish, self._bench.hands.fleet(), hosts, known_hosts)

    def wants_root(self, plan: Plan) -> bool:
        """Whether a step of it runs as root."""
        return any(step.root for one in plan.hosts for step in one.steps)


@asynccontextmanager
async def workshop_alone(fleet: Fleet, around: Surroundings) -> AsyncGenerator[Workshop, None]:
    """A workshop without a poller, for one plan on the command line: hosts are reached when their
    turn comes. What runs when the block is left is called off.
    """
    async with hands_alone(fleet, around) as hands:
        store = Store(around.state_dir / "history.db")
        await store.open()
        workshop = Workshop(Bench(hands, store, around))
        try:
            yield workshop
        finally:
            await workshop.runner.close()
            await store.close()
