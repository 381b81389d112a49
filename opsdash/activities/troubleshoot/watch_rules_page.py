"""Watch rules as a page: where lines are that mean something, and which rules hold without any."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from opsdash.core.health import Health
from opsdash.core.snapshot import HostState
from opsdash.core.text import count
from opsdash.core.watch_rule import WatchRule
from opsdash.widgets.line import Line, Role, Span, line, wrap

MOST_NAMED = 8


@dataclass
class _Watched:
    """A rule, on how many hosts it holds, and how many lines of it there are where."""

    rule: WatchRule
    holds: int = 0
    lines: dict[str, int] = field(default_factory=dict)

    @property
    def finds(self) -> bool:
        """Whether some host has as many lines as it takes."""
        return any(number >= self.rule.count for number in self.lines.values())

    @property
    def order(self) -> tuple[bool, bool, int, str]:
        """Where something is first, and the worst of it."""
        return (not self.finds, not self.lines, -self.rule.health, self.rule.name)


def watch_lines(states: Sequence[HostState], width: int) -> list[Line]:
    """The page: `states` are those of all hosts."""
    rules = sorted(_watched(states), key=lambda one: one.order)
    if not rules:
        return [line(Span("no watch rule holds for any of these hosts", Role.MUTED))]
    seen = [one for one in rules if one.lines]
    deaf = sorted(state.name for state in states if _is_deaf(state))
    lines: list[Line] = [line(Span(_heading(rules, seen), Role.HEADING))]
    if deaf:
        text = f"not watched, their logs may not be read: {_some(deaf)}"
        lines += [line("  ", Span(part, Role.WARN)) for part in wrap(text, width - 4)]
    for one in seen:
        lines += _with_lines(one, width)
    lines += [(), line(Span("NO LINES NOW", Role.HEADING))]
    lines += [_without(one, width) for one in rules if not one.lines]
    about = "rules of your own: docs/watch-rules.md; opsdash watch-rules NAME shows one in full"
    return [*lines, (), *(line(Span(part, Role.MUTED)) for part in wrap(about, width))]


def _watched(states: Iterable[HostState]) -> Iterable[_Watched]:
    found: dict[str, _Watched] = {}
    for state in states:
        for rule in state.host.watch:
            found.setdefault(rule.name, _Watched(rule)).holds += 1
        for row in state.rows("logwatch"):
            if one := found.get(str(row["rule"])):
                one.lines[state.name] = int(row["count"] or 0)
    return found.values()


def _is_deaf(state: HostState) -> bool:
    reading = state.readings.get("logwatch")
    return reading is not None and reading.problem is not None


def _heading(rules: Sequence[_Watched], seen: Sequence[_Watched]) -> str:
    finds = sum(one.finds for one in seen)
    held = count(len(rules), "rule")
    return f"{held} hold, {len(seen)} have lines now, {finds} enough for a finding"


def _some(names: Sequence[str]) -> str:
    more = f" +{len(names) - MOST_NAMED}" if len(names) > MOST_NAMED else ""
    return " ".join(names[:MOST_NAMED]) + more


def _with_lines(one: _Watched, width: int) -> list[Line]:
    rule = one.rule
    word, role = _severity(rule) if one.finds else ("below", Role.MUTED)
    hosts = sorted(one.lines, key=lambda name: (-one.lines[name], name))
    told = _some([f"{name} {one.lines[name]}" for name in hosts])
    text = f"{rule.title} ({rule.name}, from {rule.count} in {rule.within}): {told}"
    parts = wrap(text, width - 12)
    return [
        line("  ", Span(f"{word if number == 0 else '':8}", role), "  ", Span(part, Role.TEXT))
        for number, part in enumerate(parts)
    ]


def _without(one: _Watched, width: int) -> Line:
    word, _ = _severity(one.rule)
    sources = " ".join(str(where) for where in one.rule.sources)
    text = f"{one.rule.title} ({one.rule.name}: {sources})"
    return line("  ", Span(f"{word:8}", Role.MUTED), "  ", Span(text[: width - 12], Role.TEXT))


def _severity(rule: WatchRule) -> tuple[str, Role]:
    return ("critical", Role.CRIT) if rule.health is Health.CRIT else ("warning", Role.WARN)
