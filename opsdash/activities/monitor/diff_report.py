"""What changed between two moments: as a page, as plain text, and as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from opsdash.activities.monitor.story import story
from opsdash.core import discover
from opsdash.core.differences import Comparison, Difference, What, compare_fleets
from opsdash.core.event import Event
from opsdash.core.happening import Happening, Kind
from opsdash.core.health import Health
from opsdash.core.moment import clock_words
from opsdash.core.snapshot import HostState, Snapshot
from opsdash.core.text import count, duration
from opsdash.core.utc import utc
from opsdash.widgets.line import ROLES, Line, Role, Span, line

SCHEMA = "opsdash-diff-1"

NAMED = 9
"""Cells of the word that says what differs."""

MOST_HAPPENINGS = 15
"""Of one host so many are told on a page: the timeline has them all."""

NOTHING = "nothing that is remembered differs"


@dataclass(frozen=True, slots=True)
class Diff:
    """Two moments of some hosts, and what is known to have happened there in between."""

    before: Snapshot
    after: Snapshot
    hosts: tuple[Comparison, ...]
    happened: tuple[Happening, ...] = ()

    @property
    def changed(self) -> list[Comparison]:
        """The hosts of which anything differs, or where anything happened."""
        named = {one.host for one in self.happened}
        return [one for one in self.hosts if one.found or one.host in named]


def metric_units() -> dict[str, str]:
    """The unit of every metric that has a history, by its name."""
    return {
        metric.name: metric.unit
        for collector in discover.collectors().values()
        for metric in collector.metrics
        if metric.has_history
    }


def diff(
    before: Snapshot, after: Snapshot, hosts: Sequence[str], events: Sequence[Event] = ()
) -> Diff:
    """Compare two moments of some hosts, given what happened since the first one."""
    found = compare_fleets(before, after, hosts, metric_units())
    told = story([one.after for one in found], events=events)
    between = (
        one
        for one in told
        if before.at < one.at <= after.at and one.kind not in (Kind.HEALTH, Kind.ALERT)
    )
    return Diff(before, after, tuple(found), tuple(between))


# -- a page --------------------------------------------------------------------------------------


def title_of(found: Diff, now: float) -> str:
    """``arch1, 13:50:00 to 14:10:00``; of several hosts how many."""
    names = [one.host for one in found.hosts]
    whom = names[0] if len(names) == 1 else count(len(names), "host")
    return f"{whom}: {_span(found, now)}"


def _span(found: Diff, now: float) -> str:
    after = "now" if now - found.after.at < 1 else clock_words(found.after.at, now)
    passed = duration(found.after.at - found.before.at)
    return f"{clock_words(found.before.at, now)} to {after} ({passed})"


def page_lines(found: Diff, now: float) -> list[Line]:
    """Each host that changed in a block of its own, the worst first; then who did not."""
    several = len(found.hosts) > 1
    lines = [line(Span(text, Role.WARN)) for text in _notices(found)]
    for one in found.changed:
        lines += [(), *_host_lines(one, found, now, several=several)]
    calm = [one for one in found.hosts if one not in found.changed]
    if calm and several:
        names = ", ".join(one.host for one in calm[:20]) + (", …" if len(calm) > 20 else "")
        same = line(Span(f"{NOTHING} of {count(len(calm), 'host')}: {names}", Role.MUTED))
        lines += [(), same]
    elif calm:
        lines += [(), line(Span(NOTHING, Role.MUTED)), *_kept(calm[0], found, now)]
    return lines[1:] if lines and not lines[0] else lines


def _notices(found: Diff) -> list[str]:
    told = [*found.before.notices, *found.after.notices]
    return [text for text in dict.fromkeys(told) if "remember" in text or "did not watch" in text]


def _host_lines(one: Comparison, found: Diff, now: float, *, several: bool) -> list[Line]:
    lines: list[Line] = []
    if several:
        health = one.after.health
        lines.append(line(Span(one.host, Role.HEADING), Span(f"  {health.name}", ROLES[health])))
    lines += [_line(each) for each in one.found]
    mine = [each for each in found.happened if each.host == one.host]
    lines += [_happening(each, now) for each in reversed(mine[:MOST_HAPPENINGS])]
    if len(mine) > MOST_HAPPENINGS:
        lines.append(line(_named(""), Span(f"and {len(mine) - MOST_HAPPENINGS} more", Role.MUTED)))
    return lines + ([] if several else _kept(one, found, now))


def _kept(one: Comparison, found: Diff, now: float) -> list[Line]:
    """Which tables were compared, and of what moments; what can't be told."""
    lines: list[Line] = [()]
    ats = [_tables_at(state) for state in (one.before, one.after)]
    if all(ats) and ats[0] == ats[1] and one.before.past:
        text = f"no table was kept in between: both are as at {clock_words(ats[0], now)}"
        lines.append(line(Span(text, Role.MUTED)))
    elif all(ats):
        words = " and ".join(clock_words(at, now) for at in ats)
        lines.append(line(Span(f"tables as at {words}", Role.MUTED)))
    if one.lacking:
        text = f"not known of both moments: {', '.join(one.lacking)}"
        lines.append(line(Span(text, Role.MUTED)))
    return lines if len(lines) > 1 else []


def _tables_at(state: HostState) -> float:
    return max((state.readings[name].at for name in ("units", "filesystem")
                if name in state.readings), default=0.0)  # fmt: skip


def _named(word: str, role: Role = Role.MUTED) -> Span:
    return Span(word.ljust(NAMED + 1), role)


def _line(one: Difference) -> Line:
    """``finding  + CPU 99% busy``: what came, what went, what is another now."""
    role = Role.TEXT if one.health is None else ROLES[one.health]
    name = _named(str(one.what))
    subject = "" if one.what in (What.FINDING, What.HEALTH) else f"{one.subject}  "
    if one.what is What.FINDING and one.before and one.after:
        return line(name, Span(f"{one.after}", role), Span(f"  was: {one.before}", Role.MUTED))
    if one.before and one.after:
        words = (Span(f"{one.before} -> ", Role.MUTED), Span(one.after, role))
        return line(name, Span(subject), *words)
    if one.after:
        return line(name, Span("+ ", Role.STRONG), Span(f"{subject}{one.after}", role))
    return line(name, Span("- ", Role.STRONG), Span(f"{subject}{one.before}", Role.MUTED))


def _happening(one: Happening, now: float) -> Line:
    at = Span(f"{clock_words(one.at, now)} ", Role.MUTED)
    return line(_named(str(one.kind)), at, Span(one.words))


# -- plain text and JSON -------------------------------------------------------------------------


def as_text(found: Diff, now: float) -> list[str]:
    """The page without colours, below its title."""
    lines = page_lines(found, now)
    return [title_of(found, now), *("".join(part.text for part in one).rstrip() for one in lines)]


def as_json(found: Diff) -> str:
    """One document with every host; times are UTC."""
    return json.dumps(
        {
            "schema": SCHEMA,
            "from": utc(found.before.at),
            "to": utc(found.after.at),
            "notices": _notices(found),
            "hosts": [_host_data(one, found) for one in found.hosts],
        }
    )


def _host_data(one: Comparison, found: Diff) -> dict[str, object]:
    return {
        "host": one.host,
        "health": {"before": _health(one.before.health), "after": _health(one.after.health)},
        "differences": [
            {
                "what": each.what.value,
                "subject": each.subject,
                "before": each.before or None,
                "after": each.after or None,
            }
            for each in one.found
        ],
        "happened": [
            {"at": utc(each.at), "kind": each.kind.value, "text": each.words, "who": each.who}
            for each in reversed(found.happened)
            if each.host == one.host
        ],
        "unknown": list(one.lacking),
    }


def _health(health: Health) -> str:
    return health.name
