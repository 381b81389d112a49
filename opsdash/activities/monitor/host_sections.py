"""The sections of the host page that are words: why, units, system, where the figures come from."""

from __future__ import annotations

from dataclasses import dataclass

from opsdash.core import discover
from opsdash.core.finding import Finding
from opsdash.core.host import Sudo
from opsdash.core.plugin import Collector, Tier
from opsdash.core.problem import Problem, ProblemKind
from opsdash.core.reading import Reading
from opsdash.core.silence import end_words
from opsdash.core.snapshot import HostState, LinkState
from opsdash.core.text import count, duration, size
from opsdash.widgets.detail_strip import paragraph
from opsdash.widgets.line import ROLES, Line, Role, Span, line, wrap
from opsdash.widgets.palette import Palette
from opsdash.widgets.wording import ago, as_at, flag, fresh_s, reason, wall_clock

LABEL = 11
"""Cells of the first column, in which a section or a row is named."""

SHOWN = ("cpu", "memory", "pressure", "network", "diskio", "filesystem", "units", "os")
"""The collectors that have a section of their own."""

SUDO_WORDS = {
    Sudo.PROBE: "found out when it is needed",
    Sudo.ASK: "asks for a password",
    Sudo.NOPASSWD: "without a password",
    Sudo.NONE: "never used here",
}

EVIDENCE_LINES = 8
"""Lines of proof that one finding may show: the rest is in the host's own log."""


@dataclass(frozen=True, slots=True)
class Page:
    """What every section is made from: a host, the time, the look, and the cells it may fill."""

    state: HostState
    now: float
    palette: Palette
    width: int

    def reading(self, collector: str) -> Reading | None:
        """The latest reading of a collector, None if there never was one."""
        return self.state.readings.get(collector)

    def is_whole_machine(self, collector: str) -> bool:
        """Whether these figures are the whole machine's and not this container's."""
        known = discover.collectors().get(collector)
        return bool(self.state.container) and known is not None and known.machine_wide


def head(text: str) -> Span:
    """The name of a section, as wide as the first column."""
    return Span(text.ljust(LABEL), Role.HEADING)


def label(text: str) -> Span:
    """The name of a row within a section."""
    return Span(text.ljust(LABEL), Role.MUTED)


def freshness(page: Page, collector: str) -> tuple[Span, ...]:
    """What must be said of a section's figures: that they are old, or not this host's own."""
    notes = []
    reading = page.reading(collector)
    if reading is not None and page.state.past and is_overdue(page, reading):
        notes.append(Span(f"  {as_at(reading.at, page.now)}", Role.MUTED))
    elif reading is not None and is_overdue(page, reading):
        notes.append(Span(f"  {duration(page.now - reading.at)} old?", Role.UNKNOWN))
    if page.is_whole_machine(collector):
        notes.append(Span("  whole machine", Role.MUTED))
    return tuple(notes)


def is_overdue(page: Page, reading: Reading) -> bool:
    """Whether a collector should have delivered again by now."""
    known = discover.collectors().get(reading.collector)
    return page.now - reading.at >= fresh_s(_period_s(page, known))


def _period_s(page: Page, known: Collector | None) -> float:
    if known is not None and known.tier is Tier.PROBE:
        return min((probe.every_s for probe in page.state.host.probes), default=known.every_s)
    if known is not None and known.tier is not Tier.PULSE:
        return known.every_s
    return page.state.host.interval_s


def missing(page: Page, title: str, collector: str) -> list[Line]:
    """A section without figures: why there are none; nothing at all before the first reading."""
    reading = page.reading(collector)
    if reading is None:
        return []
    text = f"-  {reading.problem.text}" if reading.problem else "-"
    return [line(head(title), Span(text, Role.UNKNOWN))]


def why_section(page: Page) -> list[Line]:
    """Every finding with its age, what proves it and what to do; the link first when it is down."""
    said, lines = reason(page.state, page.now), []
    if said.text and (page.state.why is None or page.state.why.summary != said.text):
        since = f"  for {ago(said.since, page.now)}" if said.since else ""
        lines.append(line(head("WHY"), Span(said.text, said.role), Span(since, Role.MUTED)))
        problem = page.state.link.broken_by
        if problem and page.state.link.state in (LinkState.DOWN, LinkState.IDLE):
            lines += _below(page, "next", problem.hint, Role.ACCENT)
    for finding in page.state.findings:
        lines += _finding(page, finding, head("" if lines else "WHY"))
    return lines or [line(head("WHY"), Span("nothing is wrong as far as is known", Role.OK))]


def _finding(page: Page, finding: Finding, name: Span) -> list[Line]:
    sign = f"{page.palette.glyph(finding.health)} {finding.summary}"
    since = f"  for {ago(finding.since, page.now)}" if finding.since else ""
    mark = flag(finding)
    first = line(
        name,
        Span(sign, ROLES[finding.health]),
        Span(since, Role.MUTED),
        Span(f"  {mark}" if mark else "", Role.STRONG),
    )
    held = end_words(finding.silence, page.now) if finding.silence else ""
    proof = _below(page, "proof", finding.evidence, Role.TEXT)[:EVIDENCE_LINES]
    silenced = _below(page, "by", held, Role.MUTED)
    return [first, *silenced, *proof, *_below(page, "next", finding.advice, Role.ACCENT)]


def _below(page: Page, word: str, text: str, role: Role) -> list[Line]:
    lines = paragraph(word, text, role, page.width - LABEL - 2) if text else []
    return [(label(""), Span("  "), *parts) for parts in lines]


def units_section(page: Page) -> list[Line]:
    """Units that failed, with what they are and how they ended."""
    reading = page.reading("units")
    if reading is None or reading.problem:
        return missing(page, "UNITS", "units")
    if not reading.rows:
        note = Span("none failed", Role.MUTED)
        return [line(head("UNITS"), note, *freshness(page, "units"))]
    failed = Span(f"{count(len(reading.rows), 'unit')} failed", Role.CRIT)
    lines = [line(head("UNITS"), failed, *freshness(page, "units"))]
    for row in reading.rows:
        about = " ".join(str(row.get(key) or "") for key in ("result", "description"))
        unit = Span(f"{row.get('unit') or '-'}  ", Role.STRONG)
        lines.append(line(label(""), unit, Span(about.strip(), Role.MUTED)))
    return lines


def system_section(page: Page) -> list[Line]:
    """What it runs, where it is, how it is reached."""
    host, state = page.state.host, page.state
    facts = next(iter(state.rows("os")), {})
    up_s = state.value("uptime.up_s")
    address = f"{host.address or host.name}{f':{host.port}' if host.port else ''}"
    values = (
        ("os", _words(facts.get("name") or _words(facts.get("id"), facts.get("version")))),
        ("kernel", _words(facts.get("kernel"), facts.get("arch"))),
        ("inside", str(state.container or facts.get("container") or "") or None),
        ("up", None if up_s is None else duration(up_s)),
        ("address", f"{address}{f' as {host.user}' if host.user else ''}"),
        ("through", host.jump),
        ("tags", " ".join(sorted(host.tags)) or None),
        ("groups", " ".join(host.groups) or None),
        ("logs", " ".join(one.name for one in host.logs) or None),
        ("link", _link(page)),
        ("sudo", _sudo(state)),
    )
    shown = [(name, text) for name, text in values if text or name in ("os", "kernel", "up")]
    lines = [line(label(name), text or "-") for name, text in shown]
    return [line(head("SYSTEM"), *freshness(page, "os")), *lines]


def traits(state: HostState) -> list[str]:
    """What kind of host it is in a few words each, the most telling first."""
    facts = next(iter(state.rows("os")), {})
    name = _words(facts.get("id"), facts.get("version"))
    cores, memory = state.value("cpu.cores"), state.value("memory.total_bytes")
    up_s = state.value("uptime.up_s")
    found = [name or ""]
    found += [f"{cores:.0f}c/{size(memory)}"] if cores and memory else []
    found += [f"up {duration(up_s)}"] if up_s is not None else []
    found += [str(state.container)] if state.container else []
    return [one for one in found if one]


def _sudo(state: HostState) -> str:
    """How root is become: what hosts.yaml says, and where that is to be found out, what was."""
    known = discover.collectors()
    for name, reading in state.readings.items():
        if state.host.sudo is not Sudo.PROBE or name not in known or not known[name].needs_root:
            continue
        if reading.problem is None:
            return "works: what needs root was read"
        if reading.problem.kind is ProblemKind.DENIED:
            return reading.problem.text.removeprefix("needs root: ")
    return SUDO_WORDS[state.host.sudo]


def _words(*parts: object) -> str | None:
    return " ".join(str(part) for part in parts if part) or None


def _link(page: Page) -> str:
    link = page.state.link
    since = f" for {ago(link.since, page.now)}" if link.since else ""
    seen = (
        ""
        if link.state is LinkState.UP or not link.last_up
        else (f", last ok {wall_clock(link.last_up, page.now)}")
    )
    return f"{link.state.value}{since}{seen}"


def sources_section(page: Page) -> list[Line]:
    """Every collector: how old its reading is, or why there is none and what would help."""
    lines = [line(head("SOURCES"), Span("where these figures come from", Role.MUTED))]
    told: dict[Problem, str] = {}
    for name, reading in sorted(page.state.readings.items()):
        if reading.problem in told:
            same = Span(f"as {told[reading.problem]}", Role.UNKNOWN)
            lines.append(line(label(name), same))
            continue
        if reading.problem:
            told[reading.problem] = name
        lines += _source(page, name, reading)
    if waiting := [name for name in SHOWN if name not in page.state.readings]:
        lines.append(line(label("no data"), Span(" ".join(waiting), Role.MUTED)))
        lines.append(line(label(""), Span(_why_waiting(page), Role.MUTED)))
    return lines


def _why_waiting(page: Page) -> str:
    """Why some figures are not there, and what brings them."""
    if page.state.past:
        return "not kept: all is when the health of the host changes, and every few hours"
    if page.state.link.state is LinkState.UP:
        return "not there yet: each is asked for when it is due"
    return "they come as soon as the host can be reached"


def _source(page: Page, name: str, reading: Reading) -> list[Line]:
    old_s = duration(page.now - reading.at)
    if reading.problem:
        texts = wrap(f"{reading.problem.text}: {reading.problem.hint}", page.width - LABEL - 1)
        first = line(label(name), Span(texts[0], Role.UNKNOWN))
        return [first, *(line(label(""), Span(text, Role.UNKNOWN)) for text in texts[1:])]
    overdue = is_overdue(page, reading)
    limit = duration(fresh_s(_period_s(page, discover.collectors().get(name))))
    if page.state.past:
        age = Span(as_at(reading.at, page.now), Role.MUTED)
    else:
        age = Span(f"{old_s} old?", Role.UNKNOWN) if overdue else Span(f"<{limit} old", Role.MUTED)
    origin = Span(f"  {reading.source}" if reading.source else "", Role.MUTED)
    return [line(label(name), age, origin)]
