"""The section of the host page about own probes: each with what came of it, failed first."""

from __future__ import annotations

from opsdash.activities.monitor.checks.probe_failed import MISSED
from opsdash.activities.monitor.host_sections import LABEL, Page, head, label
from opsdash.core.finding import Finding
from opsdash.core.health import Health
from opsdash.core.masking import mask
from opsdash.core.probe import Dns, File, Http, Origin, Outcome, Probe, Process, Tls
from opsdash.core.reading import Row
from opsdash.core.text import clean_line, count, duration, middle, size
from opsdash.widgets.line import ROLES, Line, Role, Span, fit, fit_right, line

NAME_WIDTH = 15
KIND_WIDTH = 13
AGE_WIDTH = 5


def probes_section(page: Page) -> list[Line]:
    """What the hosts file asks of this host; nothing at all where it asks nothing."""
    probes = page.state.host.probes
    if not probes:
        return []
    found = {one.subject: one for one in page.state.findings if one.check == "probe-failed"}
    rows = {str(row.get("probe")): row for row in page.state.rows("probes")}
    ordered = sorted(probes, key=lambda probe: -_health(found.get(probe.name)))
    lines = [_row(page, one, rows.get(one.name), found.get(one.name)) for one in ordered]
    return [line(head("PROBES"), *_summary(probes, rows, found)), *lines]


def _health(finding: Finding | None) -> Health:
    return Health.OK if finding is None else finding.health


def _summary(
    probes: tuple[Probe, ...], rows: dict[str, Row], found: dict[str, Finding]
) -> list[Span]:
    """How many fail, how many are not known, and how many are well."""
    tried = [one for one in probes if one.name in rows or one.name in found]
    unknown = sum(_health(found.get(one.name)) is Health.UNKNOWN for one in tried)
    failed = sum(_health(found.get(one.name)) > Health.UNKNOWN for one in tried)
    numbers = (
        (failed, "failed" if failed else "none failed", Role.CRIT if failed else Role.MUTED),
        (unknown, "unknown", Role.UNKNOWN),
        (len(probes) - len(tried), "not tried yet", Role.MUTED),
    )
    spans = [Span(f"of {count(len(probes), 'probe')}", Role.MUTED)]
    for number, words, role in numbers:
        if number or words == "none failed":
            text = f"{number} {words}" if number else words
            spans[:] = [*spans[:-1], Span(f"{text}  ", role), spans[-1]]
    return spans


def _row(page: Page, probe: Probe, row: Row | None, finding: Finding | None) -> Line:
    health = _health(finding)
    tried = row is not None and row.get("kind") == probe.kind
    sign = page.palette.glyph(health) if tried or finding else page.palette.glyph(Health.UNKNOWN)
    if finding is not None:
        said = finding.summary.partition(": ")[2].removeprefix("unknown: ")
        role = ROLES[health]
    elif row is not None and tried:
        said, role = _in_words(probe, row, page.now), Role.TEXT
    else:
        said, role = "not tried yet", Role.MUTED
    kind = f"{probe.kind}{' here' if probe.origin is Origin.HERE else ''}"
    room = page.width - LABEL - 2 - NAME_WIDTH - 1 - KIND_WIDTH - AGE_WIDTH - 2
    return line(
        label(""),
        Span(f"{sign} ", ROLES[health]),
        Span(fit(middle(probe.name, NAME_WIDTH), NAME_WIDTH + 1), Role.STRONG),
        Span(fit(kind, KIND_WIDTH), Role.MUTED),
        Span(fit(clean_line(mask(said)), room), role),
        _age(probe, row, page.now),
    )


def _age(probe: Probe, row: Row | None, now: float) -> Span:
    at = row.get("at") if row is not None else None
    if not isinstance(at, int | float):
        return Span("")
    old = now - at > MISSED * probe.every_s
    words = f"{duration(now - at)}{'?' if old else ''}"
    return Span(fit_right(words, AGE_WIDTH + 1), Role.UNKNOWN if old else Role.MUTED)


def _in_words(probe: Probe, row: Row, now: float) -> str:
    """What a probe that is well has told."""
    took_s = _number(row, "time_s")
    took = "" if took_s is None else f", {took_s:.2g}s"
    match probe.what:
        case Tls():
            return f"{duration((_number(row, 'expires_at') or now) - now)} left{took}"
        case Http():
            return f"HTTP {row.get('status')}{took}"
        case Dns():
            return f"{row.get('addresses')}{took}"
        case Process():
            return count(int(_number(row, "count") or 0), "process", "processes")
        case File():
            old_s, bulk = _number(row, "age_s") or 0.0, _number(row, "size_bytes") or 0.0
            return f"{duration(old_s)} old, {size(bulk)}"
        case _ if row.get("said"):
            return str(row["said"])
    if row.get("outcome") == Outcome.ANSWERED and took:
        return f"connects{took}"
    return f"exit status {row.get('status', 0)}"


def _number(row: Row, cell: str) -> float | None:
    value = row.get(cell)
    return float(value) if isinstance(value, int | float) else None
