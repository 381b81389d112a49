"""Guardrails: what a team does not want done, or not then, or not without thinking twice."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from fnmatch import fnmatchcase

from opsdash.core.host import Host
from opsdash.core.plan import Plan
from opsdash.core.selection import Selection

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
USUAL_TAGS = ("prod",)
"""Whoever changes a host with one of these tags types it, unless guardrails.yaml says otherwise."""


@dataclass(frozen=True, slots=True)
class Window:
    """Hours of the local day on some days of the week (0 is Monday). One that ends when it begins
    or before goes on into the next day; it belongs to the day on which it began.
    """

    days: frozenset[int]
    begin: time
    end: time
    text: str

    def holds(self, moment: datetime) -> bool:
        """Whether a moment of local time is within it; the end no longer is."""
        clock = moment.time()
        if self.begin < self.end:
            return moment.weekday() in self.days and self.begin <= clock < self.end
        if clock >= self.begin:
            return moment.weekday() in self.days
        return clock < self.end and (moment - timedelta(days=1)).weekday() in self.days


@dataclass(frozen=True, slots=True)
class Guardrail:
    """One rule. It concerns plans whose action fits one of the globs `actions`, and of those the
    hosts that `hosts` selects (None: all) and on which a command fits one of `commands` (none:
    whatever the command). What it demands then: never (`deny`), only with `confirm` typed, on at
    most `max_hosts` hosts (0: any number), only within `only`, not within `never`.
    """

    name: str
    reason: str
    actions: tuple[str, ...] = ("*",)
    commands: tuple[re.Pattern[str], ...] = ()
    hosts: Selection | None = None
    deny: bool = False
    confirm: str = ""
    max_hosts: int = 0
    only: tuple[Window, ...] = ()
    never: tuple[Window, ...] = ()
    place: str = ""

    def concerned(self, plan: Plan, hosts: Mapping[str, Host]) -> tuple[str, ...]:
        """The hosts of a plan that it speaks of; empty: it has nothing to say."""
        if not any(fnmatchcase(plan.action, glob) for glob in self.actions):
            return ()
        return tuple(
            one.host
            for one in plan.hosts
            if self._selects(hosts.get(one.host)) and self._runs([s.script for s in one.steps])
        )

    def _selects(self, host: Host | None) -> bool:
        return self.hosts is None or (host is not None and self.hosts.names(host))

    def _runs(self, scripts: list[str]) -> bool:
        if not self.commands:
            return True
        return any(fits.search(script) for fits in self.commands for script in scripts)

    def in_time(self, moment: datetime) -> bool:
        """Whether its windows allow this moment of local time."""
        if any(window.holds(moment) for window in self.never):
            return False
        return not self.only or any(window.holds(moment) for window in self.only)

    @property
    def demands(self) -> str:
        """What it wants, in words."""
        found = ["refused"] if self.deny else []
        found += [f"type {self.confirm}"] if self.confirm else []
        found += [f"at most {self.max_hosts} at once"] if self.max_hosts else []
        found += [f"only {', '.join(one.text for one in self.only)}"] if self.only else []
        found += [f"never {', '.join(one.text for one in self.never)}"] if self.never else []
        return "; ".join(found)


@dataclass(frozen=True, slots=True)
class Guardrails:
    """All rules, in the file's order, and the tags that are typed before such a host is changed."""

    rules: tuple[Guardrail, ...] = ()
    tags: tuple[str, ...] = USUAL_TAGS


NO_GUARDRAILS = Guardrails()
