"""How much a person has to do before a plan runs: nothing, y, a number, or a word."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum

from opsdash.core.fleet import Fleet
from opsdash.core.plan import Danger, Plan
from opsdash.core.text import clean_line, count

DATA_LOSS_WORD = "destroy"
"""Typed for a plan that destroys data on hosts that ask for no word of their own."""

MOST_NAMES = 3


class Tier(IntEnum):
    """What is wanted: nothing, a y (anything else is no), the number of hosts, or a word."""

    NONE = 0
    YES_NO = 1
    NUMBER = 2
    WORD = 3


@dataclass(frozen=True, slots=True)
class Asked:
    """What a plan wants before it runs. `answer` is what has to be typed, to the letter (a y also
    in upper case), `sentence` says to what, and why.
    """

    tier: Tier
    answer: str = ""
    sentence: str = ""

    def accepts(self, typed: str) -> bool:
        """Whether this is the answer that lets the plan run."""
        given = typed.strip()
        if self.tier is Tier.YES_NO:
            return given.lower() in ("y", "yes")
        return self.tier is Tier.NONE or given == self.answer


NOTHING_ASKED = Asked(Tier.NONE)


def tier(plan: Plan, fleet: Fleet) -> Asked:
    """What is asked before this plan runs, by the fleet's tags and guardrails."""
    if plan.reads_only or not plan.hosts:
        return NOTHING_ASKED
    names = plan.names()
    what = clean_line(f"{plan.action} {plan.target}".strip(), 120)
    where = names[0] if len(names) == 1 else count(len(names), "host")
    words, whys = _words(plan, fleet)
    if words:
        return Asked(
            Tier.WORD,
            " ".join(words),
            f"{what} on {where}, {'; '.join(whys)}: type {' '.join(words)}",
        )
    if len(names) == 1:
        return Asked(Tier.YES_NO, "y", f"{what} on {where}: y goes on, anything else does not")
    return Asked(Tier.NUMBER, str(len(names)), f"{what} on {where}: type {len(names)}")


def _words(plan: Plan, fleet: Fleet) -> tuple[list[str], list[str]]:
    """The words to type, each once, and why."""
    found: dict[str, str] = {}
    for rule in fleet.guardrails.rules:
        concerned = rule.concerned(plan, fleet.hosts) if rule.confirm else ()
        if concerned:
            found.setdefault(rule.confirm, f"guardrail {rule.name}: {rule.reason.rstrip('.')}")
    for tag in fleet.guardrails.tags:
        tagged = [name for name in plan.names() if _has_tag(fleet, name, tag)]
        if tagged:
            found.setdefault(tag, f"{some(tagged)} {_has(tagged)} the tag {tag}")
    if plan.danger is Danger.DATA_LOSS and not found:
        found[DATA_LOSS_WORD] = "and what it destroys is gone"
    return list(found), list(found.values())


def _has_tag(fleet: Fleet, name: str, tag: str) -> bool:
    host = fleet.hosts.get(name)
    return host is not None and tag in host.tags


def _has(names: Sequence[str]) -> str:
    return "has" if len(names) == 1 else "have"


def some(names: Iterable[str]) -> str:
    """The first few of these names, and how many more there are."""
    given = list(names)
    text = ", ".join(given[:MOST_NAMES])
    return text if len(given) <= MOST_NAMES else f"{text} and {len(given) - MOST_NAMES} more"


def headless_refusal(asked: Asked, *, yes: bool, value: str | None) -> str:
    """Why a plan may not run where nobody can be asked; empty: it may.

    ``--yes`` answers a y/N and nothing more; a number or a word is wanted as ``--confirm VALUE``.
    """
    if asked.tier is Tier.NONE:
        return ""
    if value is not None:
        return (
            ""
            if asked.accepts(value)
            else f"--confirm {value!r} is not the answer: {asked.sentence}"
        )
    if asked.tier is Tier.YES_NO:
        return "" if yes else f"not confirmed: {asked.sentence} (or give --yes)"
    also = "--yes does not answer that, " if yes else ""
    return f"not confirmed: {asked.sentence} ({also}give --confirm {asked.answer!r})"
