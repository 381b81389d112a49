"""Why a host is ill, on one page: what proves it, since when, what changed before, what it was the
last times, and what to do.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from shlex import quote

from opsdash.activities.monitor.host_sections import Page, head, label
from opsdash.activities.monitor.suspects import BEFORE_S, Suspect, began, suspects
from opsdash.activities.monitor.timeline_rows import named_words, role_of
from opsdash.core.audit import Done
from opsdash.core.finding import Episode, Finding
from opsdash.core.happening import Happening, Kind
from opsdash.core.runbook import Runbook
from opsdash.core.text import count, duration, shorten
from opsdash.widgets.line import ROLES, Line, Role, Span, line, wrap
from opsdash.widgets.wording import ago, flag, wall_clock

SHOWN = 8
LONG_S = 48 * 3600.0
EPISODES = 5
DONE_SHOWN = 3

BESIDE = 30
"""Cells of a line about a change that are not its words."""


@dataclass(frozen=True, slots=True)
class Past:
    """What is remembered of a host: what was wrong there, and what was done from here; the latest
    first.
    """

    seen: Sequence[Episode] = ()
    done: Sequence[Done] = ()


def explanation(
    page: Page,
    finding: Finding,
    told: Sequence[Happening],
    past: Past | None,
    *,
    runbooks: Sequence[Line] = (),
) -> list[Line]:
    """All sections about one finding; `past` is None while the store is being read."""
    since = began(finding, told)
    return [
        *_what(page, finding, since),
        (),
        *runbooks,
        *_changed(page, finding, since, told),
        (),
        *_before(page, finding, past.seen if past else None),
        (),
        *_done(page, finding, past),
        *_next(page, finding),
    ]


def _what(page: Page, finding: Finding, since: float) -> list[Line]:
    sign = f"{page.palette.glyph(finding.health)} {finding.summary}"
    mark = flag(finding)
    first = line(
        head("WHY"),
        Span(sign, ROLES[finding.health]),
        Span(f"  {mark}" if mark else "", Role.STRONG),
    )
    noticed = "" if since == finding.since else f", noticed {wall_clock(finding.since, page.now)}"
    when = f"{wall_clock(since, page.now)}, for {ago(since, page.now)}{noticed}"
    lines = [first, line(label("since"), Span(when if since else "not known"))]
    if finding.evidence:
        lines += _wrapped(page, "evidence", finding.evidence, Role.TEXT)
    return lines


def _wrapped(page: Page, name: str, text: str, role: Role) -> list[Line]:
    parts = wrap(text, page.width - 13)
    return [line(label(name if n == 0 else ""), Span(part, role)) for n, part in enumerate(parts)]


def _changed(page: Page, finding: Finding, since: float, told: Sequence[Happening]) -> list[Line]:
    """What changed before, the likeliest first; with nothing in the hour, the last before it."""
    found = suspects(finding, since, told)
    title = line(head("CHANGED"), Span("in the hour before, the likeliest cause first", Role.MUTED))
    if found:
        rest = f"{len(found) - SHOWN} more: the timeline has them"
        more = [line(label(""), Span(rest, Role.MUTED))] if len(found) > SHOWN else []
        return [title, *(_suspect(page, one) for one in found[:SHOWN]), *more]
    before = suspects(finding, since, told, LONG_S)
    lines = [line(head("CHANGED"), Span(_nothing(told), Role.MUTED))]
    changes = [one for one in before if one.happening.kind is not Kind.LOGIN]
    latest = sorted(changes, key=lambda one: one.before_s)[:2]
    return [*lines, *(_suspect(page, one) for one in latest)]


def _nothing(told: Sequence[Happening]) -> str:
    if not any(one.kind is not Kind.HEALTH for one in told):
        return "nothing is known of what changed there"
    return f"nothing is known to have changed in the {duration(BEFORE_S)} before; the last before:"


def _suspect(page: Page, one: Suspect) -> Line:
    thing = one.happening
    gap = duration(abs(one.before_s))
    when = f"{gap} {'before' if one.before_s >= 0 else 'after'}"
    clock = time.strftime("%H:%M:%S", time.localtime(thing.at))
    role = role_of(thing)
    strong = Role.STRONG if one.shared and role is Role.TEXT else role
    often = f"  ({one.times} times in that hour)" if one.times > 1 else ""
    who = f"  by {thing.who}" if thing.who and thing.who not in thing.words else ""
    words = named_words(thing, page.width - BESIDE)
    return line(
        label(when.rjust(10)),
        Span(f"{clock} ", Role.MUTED),
        Span(f"{thing.kind:<8}", Role.MUTED),
        Span(words, strong),
        Span(often, Role.MUTED),
        Span(who, Role.ACCENT),
        Span(f"  ({thing.source})" if page.width >= 120 else "", Role.MUTED),
    )


def _before(page: Page, finding: Finding, seen: Sequence[Episode] | None) -> list[Line]:
    if seen is None:
        return [line(head("BEFORE"), Span("reading what is remembered…", Role.MUTED))]
    past = [
        one
        for one in seen
        if (one.check, one.subject) == (finding.check, finding.subject)
        and abs(one.since - finding.since) > 1
        and one.until is not None
    ]
    if not past:
        return [line(head("BEFORE"), Span("not seen before, as far as is remembered", Role.MUTED))]
    title = f"seen {count(len(past), 'time')} before"
    lines = [line(head("BEFORE"), Span(title, Role.STRONG))]
    for one in past[:EPISODES]:
        lasted = f"for {duration((one.until or one.since) - one.since)}"
        text = f"{wall_clock(one.since, page.now)}  {lasted:<8} "
        lines.append(line(label(""), Span(text, Role.MUTED), Span(one.summary)))
    return lines


def _done(page: Page, finding: Finding, past: Past | None) -> list[Line]:
    """What was done from here the last times: first of all when it was like now."""
    if past is None or not past.done:
        return []
    spells = [
        one
        for one in past.seen
        if (one.check, one.subject) == (finding.check, finding.subject) and one.until is not None
    ]
    fitting = [(one, _spell(one, spells)) for one in past.done]
    fitting.sort(key=lambda pair: pair[1] is None)  # stable: the latest first within each
    lines = [line(head("DONE"), Span("from here, the last times", Role.MUTED))]
    for one, spell in fitting[:DONE_SHOWN]:
        when = Span(f"{wall_clock(one.at, page.now)}  ", Role.MUTED)
        words = Span(one.words, Role.WARN if one.ok is False else Role.TEXT)
        lines.append(line(label(""), when, words))
        if spell is not None and spell.until is not None:
            then = f"it was like now, and over {duration(max(spell.until - one.at, 0))} later"
            lines.append(line(label(""), Span(f"  {then}", Role.STRONG)))
    return [*lines, ()]


def _spell(one: Done, spells: Sequence[Episode]) -> Episode | None:
    """The earlier time at which the same was wrong, in which this was done."""
    return next((s for s in spells if s.since <= one.at <= (s.until or s.since)), None)


def _next(page: Page, finding: Finding) -> list[Line]:
    """What the check advises, and what its own unit tells."""
    texts = commands(finding)
    lines = [line(head("NEXT"), Span("what to look at now", Role.MUTED))]
    for text in texts:
        parts = wrap(text, page.width - 13)
        lines += [line(label(""), Span(part, Role.ACCENT)) for part in parts]
    return lines


def fitting(finding: Finding, books: Iterable[Runbook]) -> list[Runbook]:
    """The runbooks for this: the user's own first, then those that are for it above all."""
    found = [one for one in books if finding.check in one.checks]
    return sorted(found, key=lambda one: (not one.own, one.checks.index(finding.check), one.id))


def offered(page: Page, books: Sequence[Runbook], key: str) -> list[Line]:
    """The runbooks for this, each with the worst that it may do."""
    does = f"{key} works through one, step by step" if key else "the palette has them"
    lines = [line(head("RUNBOOK"), Span(does, Role.MUTED))] if books else []
    room = page.width - 13
    for one in books:
        text = shorten(f"{one.id}  {one.title}", room)
        said = f"  {one.danger.words}" if len(text) + len(one.danger.words) + 2 <= room else ""
        lines.append(line(label(""), Span(text, Role.ACCENT), Span(said, Role.MUTED)))
    return [*lines, ()] if lines else []


def commands(finding: Finding) -> list[str]:
    """What the check advises; for a unit what shows its state and its log."""
    found = [finding.advice] if finding.advice else []
    unit = finding.subject
    named = quote(unit)
    if unit.endswith((".service", ".mount", ".socket", ".timer")) and " " not in unit:
        found += [f"systemctl status {named}", f"journalctl -u {named} -n 50 --no-pager"]
        found.append(f"systemctl cat {named}")
    return list(dict.fromkeys(found)) or ["nothing in particular: the raw facts have all figures"]
