"""The lines under the grid: all that is wrong with the host under the cursor, and the next step."""

from __future__ import annotations

from opsdash.core.finding import Finding
from opsdash.core.health import Health
from opsdash.core.outliers import words
from opsdash.core.snapshot import HostState, LinkState
from opsdash.core.text import count, duration, shorten, size
from opsdash.widgets.line import ROLES, Line, Role, Span, fit_line, join, line, width_of, wrap
from opsdash.widgets.palette import Palette
from opsdash.widgets.wording import Reason, ago, reason, wall_clock

LABEL_WIDTH = 6


def rule(left: Line, right: Line, width: int) -> Line:
    """A horizontal rule with words in it."""
    lead = line(Span("── ", Role.MUTED), *left, " ")
    tail = line(" ", *right, Span(" ──", Role.MUTED)) if right else ()
    room = width - width_of(tail)
    dashes = Span("─" * max(0, room - width_of(lead)), Role.MUTED)
    return (*fit_line((*lead, dashes), max(room, 0)), *tail)


def labelled(label: str, *parts: Span | str) -> Line:
    """A line with a muted word in front."""
    return line(Span(label.ljust(LABEL_WIDTH), Role.MUTED), *parts)


ROOM = 4
"""Lines that the strip has under its rule."""


def details(state: HostState, now: float, palette: Palette, width: int) -> list[Line]:
    """What the fleet row had no room for, the most useful first: at most four lines."""
    said = reason(state, now)
    odd = [labelled("odd", Span(words(one), Role.ACCENT)) for one in state.odd]
    if not said.text:
        return [*odd[: ROOM - 1], *paragraph("ok", _traits(state), Role.MUTED, width)][:ROOM]
    why = state.why
    told = why is not None and why.summary == said.text
    parts = [[_why(said, now, width)]]
    parts += [[one] for one in _link_lines(state, now)] if _is_cut_off(said) else []
    parts += finding_parts(why, width) if why is not None and told else []
    rest = state.findings[1:] if told else state.findings
    if rest:
        parts.append([labelled("also", *_others(rest, palette))])
    parts += [[one] for one in odd]
    if len(parts) == 1:
        parts.append(paragraph("host", _traits(state), Role.MUTED, width))
    return _fitted(parts)


def _is_cut_off(said: Reason) -> bool:
    return said.role in (Role.DOWN, Role.MUTED)


def _fitted(parts: list[list[Line]]) -> list[Line]:
    """Every part with its first line at least, and more of them where there is room."""
    while sum(map(len, parts)) > ROOM and any(len(part) > 1 for part in parts):
        longest = max(parts, key=len)
        longest.pop()
        longest[-1] = (*longest[-1], Span(" …", Role.MUTED))
    return [one for part in parts for one in part][: ROOM + 1]


def _why(said: Reason, now: float, width: int) -> Line:
    """The reason, for how long, and its flag; where there is no room the time of day goes first,
    then the end of the reason.
    """
    flag = f"  {said.flag}" if said.since and said.flag else ""
    room = width - LABEL_WIDTH - len(said.text) - len(flag)
    span = f"  for {ago(said.since, now)}" if said.since else ""
    since = f"{span}, since {wall_clock(said.since, now)}" if said.since else ""
    if len(since) > room:
        since = span
    text = (
        shorten(said.text, len(said.text) + room - len(since)) if len(since) > room else said.text
    )
    ends = [Span(since, Role.MUTED), Span(flag, Role.STRONG)]
    return labelled("why", Span(text, said.role), *(end for end in ends if end.text))


def paragraph(label: str, text: str, role: Role, width: int) -> list[Line]:
    """Text of any length behind a muted word, on as many lines as it needs."""
    lines = wrap(text, width - LABEL_WIDTH)
    heads = [label, *[""] * (len(lines) - 1)]
    return [labelled(word, Span(part, role)) for word, part in zip(heads, lines, strict=True)]


def finding_parts(finding: Finding, width: int) -> list[list[Line]]:
    """The evidence of a finding and what to do about it, each on as many lines as it needs."""
    parts = []
    if finding.evidence:
        first, *more = finding.evidence.split("\n")
        rest = f"  (+{count(len(more), 'line')})" if more else ""
        parts.append(paragraph("proof", first + rest, Role.TEXT, width - 2))
    if finding.advice:
        parts.append(paragraph("next", finding.advice, Role.ACCENT, width - 2))
    return parts


def _link_lines(state: HostState, now: float) -> list[Line]:
    """How to get a host back, and when it was last seen."""
    link, lines = state.link, []
    if link.broken_by and link.state is not LinkState.UP:
        lines.append(labelled("next", Span(link.broken_by.hint, Role.ACCENT)))
    seen = f"last ok {wall_clock(link.last_up, now)}" if link.last_up else "never reached"
    waits_s = link.retry_at - now if link.retry_at else 0.0
    again = f", next try in {duration(waits_s)}" if waits_s > 0 else ""
    if link.problem and not link.problem.mends_itself and link.state is LinkState.DOWN:
        again = ", not tried again by itself (ctrl+r does)"
    lines.append(labelled("link", Span(seen + again, Role.MUTED)))
    return lines


def _others(findings: tuple[Finding, ...], palette: Palette) -> Line:
    parts = [
        line(Span(f"{palette.glyph(finding.health)} {finding.summary}", ROLES[finding.health]))
        for finding in findings
    ]
    return join(parts, Span("  "))


def _traits(state: HostState) -> str:
    """What kind of host it is, in a few words."""
    host, parts = state.host, []
    parts += [str(row.get("name") or row.get("id") or "") for row in state.rows("os")[:1]]
    if cores := state.value("cpu.cores"):
        parts.append(count(int(cores), "core"))
    if memory := state.value("memory.total_bytes"):
        parts.append(f"{size(memory)} memory")
    if up_s := state.value("uptime.up_s"):
        parts.append(f"up {duration(up_s)}")
    parts.append(f"at {host.address or host.name}")
    if host.tags:
        parts.append("tags " + " ".join(sorted(host.tags)))
    return " · ".join(part for part in parts if part)


def title_of(state: HostState, palette: Palette) -> Line:
    """Host name and health, as headings say them."""
    badge = palette.badge(state.health)
    role = Role.MUTED if state.health is Health.OK else badge.role
    return line(Span(state.name, Role.STRONG), " ", Span(badge.text, role))
