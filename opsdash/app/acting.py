"""Actions by the palette: picked by name, their target out of what the hosts have, then a plan."""

from __future__ import annotations

import asyncio
import shlex
from collections.abc import Sequence
from functools import partial

from opsdash.app.pages import STARTING
from opsdash.app.running import SAID_S, Running
from opsdash.core.action import Action, Argument, Arguments, Wish, plan_action
from opsdash.core.errors import OpsdashError
from opsdash.core.plan import HostSteps, Plan
from opsdash.core.snapshot import HostState
from opsdash.core.targets import SOURCES, targets
from opsdash.core.text import clean_line, count, shorten
from opsdash.widgets.entries import Entry

LISTED_S, LOOK_S = 5.0, 0.1
"""So long the hosts have to list what they have, and so often it is looked whether they did."""

MOST_ASKED = 20
"""Of more hosts the first ones stand for all: the list is to pick a name from."""


class Acting(Running):
    """The part of the app that offers actions for the chosen hosts."""

    def further_entries(self) -> list[Entry]:
        """Every action, with how dangerous it is, or why it can't be done now."""
        hosts = self._there(self.page.chosen()) if self.page is not None else ()
        where = hosts[0] if len(hosts) == 1 else count(len(hosts), "host")
        known = self.jobs.actions().values() if self.jobs is not None else ()
        found = [self._action_entry(one, hosts, where) for one in known]
        return [*super().further_entries(), *found]

    def _action_entry(self, action: Action, hosts: tuple[str, ...], where: str) -> Entry:
        about = f"{action.title} on {where} · {action.danger.words}"
        return Entry(
            action.id,
            partial(self._act, action),
            about,
            takes=_takes(action),
            disabled=self._why_not(action, hosts),
        )

    def _why_not(self, action: Action, hosts: tuple[str, ...]) -> str:
        if self.in_past:
            return self._refusal("do anything")
        if not hosts:
            return "no host is pointed at"
        if self.jobs is None:
            return ""
        empty = tuple(HostSteps(host, ()) for host in hosts)
        return self.jobs.refusal(Plan("", action.id, action.title, action.danger, empty))

    def _act(self, action: Action, text: str) -> None:
        """An action was picked, with what was typed behind it."""
        hosts = self._hosts()
        if not hosts:
            return
        try:
            given = action.typed(shlex.split(text))
        except (ValueError, OpsdashError) as error:
            self.say(clean_line(str(error)), SAID_S)
            return
        wanted = _offered(action)
        if wanted is not None and wanted.name not in given:
            self.run_worker(
                self._offer(action, wanted, hosts, given), group="offer", exclusive=True
            )
        else:
            self._propose_action(action, hosts, given)

    def _propose_action(self, action: Action, hosts: tuple[str, ...], given: Arguments) -> None:
        freezer = self.freezer
        if freezer is None:
            return
        known = freezer.snapshot().hosts
        states = [known[host] for host in hosts if host in known]
        if action.prepare is not None:
            looking = self._look_first(action, states, given)
            self.run_worker(looking, group="offer", exclusive=True)
            return
        try:
            plan = plan_action(action, states, given, Wish("", "", self._now()))
        except OpsdashError as error:
            self.say(clean_line(str(error)), SAID_S)
            return
        self._propose_if_any(plan)

    def _propose_if_any(self, plan: Plan, *, keeps_id: bool = False) -> None:
        """Propose it, or say why there is nothing to do."""
        if not plan.hosts:
            why = {one.why for one in plan.left_out}
            self.say(clean_line(f"nothing to do: {'; '.join(sorted(why))}"), SAID_S)
        else:
            self.propose(plan, keeps_id=keeps_id)

    async def _look_first(
        self, action: Action, states: Sequence[HostState], given: Arguments
    ) -> None:
        """Let the hosts be looked at, and propose what follows from it."""
        jobs = self.jobs
        if jobs is None:
            self.say(STARTING)
            return
        self.say(f"{action.id} looks at {count(len(states), 'host')} first")
        try:
            plan = await jobs.planned(action, states, given)
        except OpsdashError as error:
            self.say(clean_line(str(error)), SAID_S)
            return
        if not self._covered:
            self._propose_if_any(plan, keeps_id=True)

    async def _offer(
        self, action: Action, wanted: Argument, hosts: tuple[str, ...], given: Arguments
    ) -> None:
        """Let the user pick the target from what the hosts have."""
        asked = hosts[:MOST_ASKED]
        self.say(f"asking {shorten(' '.join(asked), 40)} what there is")
        states = await self._listed(asked, SOURCES[wanted.names])
        if self._covered:
            return
        found = targets(wanted.names, states)
        if not found:
            how = f"type it behind the name: {action.id} {wanted.name.upper()}"
            self.say(f"{_why_none(states, SOURCES[wanted.names])}; {how}", SAID_S)
            return

        def take(name: str, _: str) -> None:
            self._propose_action(action, hosts, {**given, wanted.name: name})

        entries = [Entry(one.name, partial(take, one.name), one.about) for one in found]
        where = hosts[0] if len(hosts) == 1 else count(len(hosts), "host")
        self.pick(f"{action.id}: which {wanted.name} on {where}", entries)

    async def _listed(self, hosts: Sequence[str], collector: str) -> list[HostState]:
        """The hosts, when all have listed what they have, or time is over."""
        freezer, began = self.freezer, self._now()
        if freezer is None:
            return []
        try:
            async with asyncio.timeout(LISTED_S):
                while True:
                    known = freezer.snapshot().hosts
                    states = [known[host] for host in hosts if host in known]
                    if all(_has_listed(state, collector, began) for state in states):
                        return states
                    for host in hosts:
                        freezer.want(host, collector)
                    await asyncio.sleep(LOOK_S)
        except TimeoutError:
            known = freezer.snapshot().hosts
            return [known[host] for host in hosts if host in known]


def _why_none(states: Sequence[HostState], collector: str) -> str:
    """Why there is nothing to pick from."""
    for state in states:
        reading = state.readings.get(collector)
        if reading is not None and reading.problem is not None:
            return f"{state.name}: {reading.problem.text}"
    if any(collector in state.readings for state in states):
        return "there is none on what has answered"
    return "no list has come"


FRESH_S = 60.0


def _has_listed(state: HostState, collector: str, now: float) -> bool:
    """Whether there is a list, not too old, or one is not to be had."""
    reading = state.readings.get(collector)
    return reading is not None and now - reading.at < FRESH_S


def _offered(action: Action) -> Argument | None:
    """The argument that can be picked from what a host has: the target, if it is of such a kind."""
    found = [one for one in action.arguments if one.name == action.target]
    return found[0] if found and found[0].names in SOURCES else None


def _takes(action: Action) -> str:
    """What is typed behind it; in brackets where it can be picked, or left out."""
    wanted = [one for one in action.arguments if one.default is None]
    words = " ".join(one.name.upper() for one in wanted)
    offered = _offered(action)
    more = [one for one in wanted if one is not offered]
    if more or (wanted and offered is None):
        return words
    return f"[{words}]" if words else "[NAME=VALUE]" if action.arguments else ""
