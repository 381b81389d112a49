"""The head of the page of logs: whose they are, how many errors a minute, who talks most."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

from opsdash.core.log_counts import MINUTE_S, spike
from opsdash.core.logs import LogFeed
from opsdash.core.series import spark
from opsdash.core.text import count, duration
from opsdash.widgets.line import Line, Role, Span, fit, line, width_of
from opsdash.widgets.palette import Palette

SPARK = 15
"""Minutes of a host in its spark."""

GUTTER_HOSTS = 5
"""Hosts that have a row of their own in the histogram."""

NAME, TOTALS = 12, 28
"""Cells before and behind the histogram."""

SKEW_S = 1.0
"""From so many seconds on a clock is worth a word."""


def rates(
    feed: LogFeed, hues: Mapping[str, Role], palette: Palette, now: float, width: int
) -> Line:
    """Errors a minute, the hosts with most of them first, the others as one."""
    minute = int(now // MINUTE_S)
    totals = feed.counts.totals()
    bad = [name for name in feed.counts.noisiest() if totals[name][1]]
    parts: list[Span] = [Span("err/min ", Role.HEADING)]
    if not bad:
        told = not totals or any(feed.counts.tells(name) for name in totals)
        words = "no errors so far" if told else "not known: their lines tell no priority"
        words = words if totals else "no lines so far"
        return (*parts, Span(f" {words}", Role.MUTED))
    at_s = spike_at(feed, now)
    tail = "" if at_s is None else time.strftime("  spike %H:%M", time.localtime(at_s))
    top = float(max(1, *(max(feed.counts.errors((name,), minute, SPARK)) for name in bad)))
    shown = 0
    for name in bad:
        piece = _spark(feed, (name,), minute, palette, top)
        room = width - width_of(tuple(parts)) - len(tail) - SPARK - 10
        if shown and len(name) + SPARK + 3 > room:
            break
        parts += [Span(f" {name} ", hues.get(name, Role.STRONG)), Span(piece, Role.CRIT)]
        shown += 1
    if shown < len(bad):
        piece = _spark(feed, bad[shown:], minute, palette, top)
        parts += [Span(" others ", Role.MUTED), Span(piece, Role.CRIT)]
    return (*parts, Span(tail, Role.WARN))


def spike_at(feed: LogFeed, now: float) -> float | None:
    """The minute, of those that are drawn small, in which there were far more errors than usual:
    its begin in seconds since 1970; None: there is none.
    """
    minute = int(now // MINUTE_S)
    place = spike(feed.counts.errors(feed.hosts, minute, SPARK))
    return None if place is None else float((minute - SPARK + 1 + place) * MINUTE_S)


def _spark(feed: LogFeed, hosts: Sequence[str], minute: int, palette: Palette, top: float) -> str:
    return _picture(feed.counts.errors(hosts, minute, SPARK), top, palette)


def _picture(errors: Sequence[int], top: float, palette: Palette) -> str:
    """A column for each minute; a dot where there was no error."""
    drawn = spark([float(one) for one in errors], len(errors), top=top, blocks=palette.blocks)
    return "".join(cell if one else "." for cell, one in zip(drawn, errors, strict=True))


def talkers(feed: LogFeed, hues: Mapping[str, Role], width: int) -> Line:
    """Who has how many lines, what is not there, and how far the clocks are off."""
    totals = feed.counts.totals()
    worth = worth_knowing(feed)
    room = width - width_of(worth) - 14
    parts: list[Span] = [Span("hosts ", Role.HEADING)]
    shown = 0
    for name in feed.counts.noisiest():
        piece = (Span(f" {name}", hues.get(name, Role.STRONG)), Span(f" {totals[name][0]:,}"))
        if shown and width_of((*parts, *piece)) > room:
            break
        parts += piece
        shown += 1
    quiet = len(feed.hosts) - len(totals)
    more = len(totals) - shown
    if more:
        parts.append(Span(f" +{more}", Role.MUTED))
    if quiet > 0:
        parts.append(Span(f" ({quiet} quiet)", Role.MUTED))
    return (*parts, *worth)


def worth_knowing(feed: LogFeed) -> Line:
    """Who is not heard, what was dropped, and the clock that is off most, in a few words."""
    found: list[Span] = []
    missing, dropped = feed.missing(), feed.dropped()
    if missing:
        found.append(Span(f"  {count(len(missing), 'host')} not heard", Role.WARN))
    if lost := sum(dropped.values()):
        found.append(Span(f"  dropped {lost:,}", Role.WARN))
    skews = {name: off for name, off in feed.skew().items() if abs(off) >= SKEW_S}
    if skews:
        name = max(skews, key=lambda one: abs(skews[one]))
        where = "ahead" if skews[name] > 0 else "behind"
        found.append(Span(f"  clock of {name} {duration(abs(skews[name]))} {where}", Role.WARN))
    return tuple(found)


def notes(feed: LogFeed) -> list[Line]:
    """What may not be read and what would allow it, whom nobody hears; the first few."""
    found: list[Line] = []
    for name, why in list(feed.missing().items())[:2]:
        found.append(line(Span(f"{name}: {why}", Role.WARN)))
    same: dict[tuple[str, str], list[str]] = {}
    for notice in feed.notices():
        text = notice.text.removeprefix(f"{notice.host}: ")
        same.setdefault((text, notice.hint), []).append(notice.host)
    for (text, hint), hosts in list(same.items())[:2]:
        who = hosts[0] if len(hosts) == 1 else f"{hosts[0]} and {len(hosts) - 1} more"
        tail = f": {hint}" if hint else ""
        found.append(line(Span(f"{who}: {text}{tail}", Role.UNKNOWN)))
    return found


def gutter(
    feed: LogFeed, hues: Mapping[str, Role], palette: Palette, now: float, width: int
) -> list[Line]:
    """Errors a minute over time, a row for each of the hosts with most of them, and the hours."""
    minutes = max(10, width - NAME - TOTALS - 2)
    last = int(now // MINUTE_S)
    totals = feed.counts.totals()
    names = feed.counts.noisiest()
    shown, others = names[:GUTTER_HOSTS], names[GUTTER_HOSTS:]
    rows: list[tuple[tuple[str, ...], str, Role]]
    rows = [((name,), name, hues.get(name, Role.STRONG)) for name in shown]
    if others:
        rows.append((tuple(others), f"{len(others)} others", Role.MUTED))
    found = [(*row, feed.counts.errors(row[0], last, minutes)) for row in rows]
    top = float(max([1, *(max(errors) for _, _, _, errors in found)]))
    lines: list[Line] = []
    for hosts, title, role, errors in found:
        said = sum(totals[host][0] for host in hosts)
        bad = sum(totals[host][1] for host in hosts)
        known = any(feed.counts.tells(host) for host in hosts)
        picture = _from(feed.counts.since(hosts), last, _picture(errors, top, palette))
        lines.append(
            line(
                Span(f"{fit(title, NAME)} ", role),
                Span(picture, Role.CRIT if bad else Role.MUTED),
                Span(f" {f'{bad:,}' if known else '-':>6} err ", Role.CRIT if bad else Role.MUTED),
                Span(f"{said:>8,} in all", Role.MUTED),
            )
        )
    return [*lines, _hours(last, minutes)] if lines else []


def _from(first: int | None, last: int, picture: str) -> str:
    """Blank before the first minute of which lines were read: nobody knows of errors there."""
    blank = len(picture) if first is None else first - (last - len(picture) + 1)
    blank = min(max(0, blank), len(picture))
    return f"{' ' * blank}{picture[blank:]}"


def _hours(last: int, minutes: int) -> Line:
    """The time of day below the columns, where there is room for it."""
    cells = [" "] * minutes
    for place in range(minutes):
        moment = (last - minutes + 1 + place) * MINUTE_S
        when = time.localtime(moment)
        if when.tm_min % 15 == 0 and place + 5 <= minutes:
            cells[place : place + 5] = time.strftime("%H:%M", when)
    return line(Span(f"{'err/min':<{NAME}} ", Role.HEADING), Span("".join(cells), Role.MUTED))
