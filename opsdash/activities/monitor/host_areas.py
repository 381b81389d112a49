"""One line that answers what hurts on a host: each area that is watched, with its health."""

from __future__ import annotations

from collections.abc import Mapping

from opsdash.activities.monitor.host_sections import LABEL, Page, label
from opsdash.core import discover
from opsdash.core.blame import Resource
from opsdash.core.finding import Finding
from opsdash.core.health import Health, worst
from opsdash.core.outliers import words
from opsdash.core.plugin import Check
from opsdash.core.problem import ProblemKind
from opsdash.core.snapshot import LinkState
from opsdash.widgets.line import ROLES, Line, Role, Span, line, width_of

AREAS: Mapping[str, tuple[str, ...]] = {
    "cpu": ("cpu", "load"),
    "memory": ("memory", "oom"),
    "disks": ("filesystem", "diskio", "fserrors"),
    "network": ("network", "sockets", "links"),
    "services": ("units",),
    "probes": ("probes",),
    "processes": ("processes",),
    "time": ("clock", "timesync"),
    "hardware": ("hardware", "storage", "raid", "bmc", "ups"),
    "logins": ("logins",),
    "kernel": ("kernel", "boots"),
}
"""Each area and the collectors that it is known by, in the order in which they are shown."""

_OF_RESOURCE = {Resource.CPU: "cpu", Resource.MEMORY: "memory", Resource.IO: "disks"}

_NOT_THERE = frozenset({ProblemKind.UNSUPPORTED, ProblemKind.DENIED})
"""Problems of what a host does not have, or does not show: no question is open."""


def area_of(check: Check) -> str:
    """The area that a check is about: the resource that it blames, else what it reads; a check that
    reads nothing is about the login.
    """
    if check.blames is not None:
        return _OF_RESOURCE[check.blames]
    for area, collectors in AREAS.items():
        if not set(check.reads).isdisjoint(collectors):
            return area
    return "kernel" if check.reads else "logins"


def healths(page: Page) -> dict[str, Health]:
    """The health of each area of which something is known, or should be."""
    checks = discover.checks()
    found: dict[str, list[Finding]] = {}
    for finding in page.state.findings:
        if finding.check in checks:
            found.setdefault(area_of(checks[finding.check]), []).append(finding)
    told: dict[str, Health] = {}
    for area, collectors in AREAS.items():
        known = [health for name in collectors if (health := _known(page, name)) is not None]
        known += [finding.health for finding in found.get(area, ())]
        if known:
            told[area] = worst(known)
    return told


def _known(page: Page, collector: str) -> Health | None:
    """OK where a collector's figures are there, UNKNOWN where they fail; None where there are none
    of this host's own.
    """
    reading = page.reading(collector)
    if reading is None or page.is_whole_machine(collector):
        return None
    if reading.problem is None:
        return Health.OK
    return None if reading.problem.kind in _NOT_THERE else Health.UNKNOWN


def areas_section(page: Page) -> list[Line]:
    """Every area with its sign, on as many lines as they take; nothing of a host that is away."""
    if page.state.link.state is not LinkState.UP:
        return []
    lines: list[Line] = []
    row = line(label(""))
    for area, health in healths(page).items():
        quiet = health is Health.OK
        words = line(
            Span(f"{page.palette.glyph(health)} ", ROLES[health]),
            Span(f"{area}  ", Role.MUTED if quiet else ROLES[health]),
        )
        if width_of(row) + width_of(words) - 2 > page.width and width_of(row) > LABEL:
            lines.append(row)
            row = line(label(""))
        row = (*row, *words)
    return [*lines, row] if width_of(row) > LABEL else lines


def odd_lines(page: Page) -> list[Line]:
    """What of the host is far from what is usual among its peers: no finding, but worth a look."""
    return [
        line(label("odd" if place == 0 else ""), Span(words(one), Role.ACCENT))
        for place, one in enumerate(page.state.odd)
    ]
