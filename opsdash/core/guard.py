"""What may not be done at all: the one place that refuses a plan. Pure; the Runner asks it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from opsdash.core.confirm import Asked, some, tier
from opsdash.core.fleet import Fleet
from opsdash.core.guardrail import Guardrail
from opsdash.core.plan import Plan
from opsdash.core.text import clean_line, count


@dataclass(frozen=True, slots=True)
class Guard:
    """Refuses what the guardrails of this fleet forbid, and every change where it is read-only."""

    fleet: Fleet

    def refusal(self, plan: Plan, now: float) -> str:
        """Why this plan may not run at this moment (seconds since 1970); empty: it may.

        What only reads is refused by a rule that denies it, and by nothing else.
        """
        moment = datetime.fromtimestamp(now)  # noqa: DTZ006 - windows are in local time
        read_only = self.fleet.read_only
        if read_only and not plan.reads_only:
            return f"{_what(plan)} would change hosts, and this is read-only ({read_only})"
        gone = [name for name in plan.names() if name not in self.fleet.hosts]
        if gone:
            be = "is" if len(gone) == 1 else "are"
            return f"{some(gone)} {be} not in the fleet: make the plan again"
        for rule in self.fleet.guardrails.rules:
            if why := self._forbids(rule, plan, moment):
                return why
        return ""

    def asked(self, plan: Plan) -> Asked:
        """What is asked before this plan runs."""
        return tier(plan, self.fleet)

    def _forbids(self, rule: Guardrail, plan: Plan, moment: datetime) -> str:
        concerned = rule.concerned(plan, self.fleet.hosts)
        if not concerned:
            return ""
        said = f"guardrail {rule.name} ({rule.reason.rstrip('.')})"
        if rule.deny:
            return f"{said} forbids {_what(plan)} on {some(concerned)}"
        if plan.reads_only:
            return ""
        if rule.max_hosts and len(concerned) > rule.max_hosts:
            most = count(rule.max_hosts, "host")
            return f"{said} allows {_what(plan)} on {most} at once, not on {len(concerned)}"
        if not rule.in_time(moment):
            return f"{said}: not now ({moment:%a %H:%M}); {_when(rule)}"
        return ""


def _what(plan: Plan) -> str:
    return clean_line(f"{plan.action} {plan.target}".strip(), 120)


def _when(rule: Guardrail) -> str:
    said = [f"only {', '.join(one.text for one in rule.only)}"] if rule.only else []
    said += [f"never {', '.join(one.text for one in rule.never)}"] if rule.never else []
    return "; ".join(said)
