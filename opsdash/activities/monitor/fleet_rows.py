"""The rows of the fleet table: the view that they follow, and the lines that stand for several."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace

from opsdash.activities.monitor.fleet_filter import understand_filter
from opsdash.core.arrange import FOLD, Arrangement, Bundle, Wish, arrange
from opsdash.core.families import families
from opsdash.core.figures import FIGURES
from opsdash.core.filter import Filter
from opsdash.core.health import Health
from opsdash.core.snapshot import HostState, Snapshot
from opsdash.core.text import count
from opsdash.core.view import SEVERITY, Grouping, View
from opsdash.widgets.line import ROLES, Line, Role, Span, join, line
from opsdash.widgets.palette import Palette

GAP = Span("  ")
SPREAD_S = 4.0
SPREADS = ("cpu", "mem", "disk")
"""The figures of which a folded line tells the least and the most."""


@dataclass
class FleetRows:
    """What the user wants to see, and the rows that come of it."""

    view: View = field(default_factory=View)
    filter: Filter = field(default_factory=Filter)
    opened: frozenset[str] = frozenset()
    kinds: dict[str, str] = field(default_factory=dict)
    arranged: Arrangement = field(default_factory=lambda: Arrangement(()))
    _banners: dict[str, tuple[object, Line]] = field(default_factory=dict)

    def want(self, view: View) -> None:
        """Follow this view from now on; FilterError when its filter means nothing."""
        self.filter = understand_filter(view.filter)
        self.view = view

    def arrange(self, snapshot: Snapshot, room: int, now: float, pinned: str = "") -> Arrangement:
        """The rows of the fleet on a screen that has room for so many; `pinned` is never folded."""
        if self.kinds.keys() != snapshot.hosts.keys():
            self.kinds = families(state.host for state in snapshot.hosts.values())
        wish = Wish(self.view, self.filter, room, self.kinds, self.opened, pinned)
        self.arranged = arrange(snapshot.hosts.values(), wish, now)
        return self.arranged

    def turn(self, key: str) -> None:
        """Open a fold, or close it again."""
        self.opened ^= {self.arranged.bundles[key].title}

    def open_for(self, host: str) -> None:
        """See to it that this host has a row of its own, if it is only folded away."""
        for key, bundle in self.arranged.bundles.items():
            if bundle.folded and any(state.name == host for state in bundle.hosts):
                self.turn(key)

    def members(self, key: str) -> tuple[str, ...]:
        """The hosts that a row stands for."""
        bundle = self.arranged.bundles.get(key)
        return (key,) if bundle is None else tuple(state.name for state in bundle.hosts)

    def banner(self, key: str, palette: Palette, now: float, marked: int = 0) -> Line | None:
        """The line of a row that stands for several hosts, of which so many are marked; None for
        a host's own.

        The least and the most of hundreds of hosts is worked out every few seconds only.
        """
        bundle = self.arranged.bundles.get(key)
        if bundle is None:
            return None
        healths = Counter(state.health for state in bundle.hosts)
        stamp = (int(now / SPREAD_S), healths, bundle.folded, palette)
        known = self._banners.get(key)
        if known is None or known[0] != stamp:
            known = self._banners[key] = (stamp, banner(key, bundle, palette, now))
        if not marked:
            return known[1]
        return (*known[1], Span(f"  {palette.mark} {marked} marked", Role.ACCENT))

    def by_kind(self, snapshot: Snapshot) -> list[tuple[str, list[HostState]]]:
        """All hosts by kind, each kind and host in its fixed place."""
        found: dict[str, list[HostState]] = {}
        for state in snapshot.hosts.values():
            found.setdefault(self.kinds.get(state.name, ""), []).append(state)
        return sorted(found.items())

    def reset(self) -> bool:
        """Drop what hides hosts; False when nothing does."""
        view = replace(self.view, filter="", problems=False)
        changed = view != self.view or bool(self.opened)
        self.opened = frozenset()
        self.want(view)
        return changed


def banner(key: str, bundle: Bundle, palette: Palette, now: float) -> Line:
    """The line of a group, or of hosts that are well and folded away."""
    if key.startswith(FOLD):
        return _fold_line(bundle, palette, now)
    counts = Counter(state.health for state in bundle.hosts)
    tallies = [
        (Span(f"{palette.glyph(health)}{counts[health]}", ROLES[health]),)
        for health in sorted(counts, reverse=True)
    ]
    head = line(Span("── ", Role.MUTED), Span(bundle.title, Role.HEADING))
    number = line(Span(count(len(bundle.hosts), "host"), Role.MUTED))
    return join([head, number, *tallies, *_spreads(bundle, now)], GAP)


def _fold_line(bundle: Bundle, palette: Palette, now: float) -> Line:
    glyph = Span(palette.glyph(Health.OK), Role.OK)
    arrow = Span("▸ " if bundle.folded else "▾ ", Role.MUTED)
    title = Span(bundle.title.ljust(8))
    number = line(Span(f"{len(bundle.hosts)} OK".rjust(6), Role.OK))
    odd = sum(bool(state.odd) for state in bundle.hosts)
    unlike = [line(Span(f"{odd} odd", Role.ACCENT))] if odd else []
    return join([(glyph, arrow, title), number, *_spreads(bundle, now), *unlike], GAP)


def _spreads(bundle: Bundle, now: float) -> list[Line]:
    """The least and the most of a few figures: an odd one out shows here too."""
    found = []
    for name in SPREADS:
        values = [FIGURES[name].value(state, now) for state in bundle.hosts]
        known = [value for value in values if value is not None]
        if known:
            low, high = round(min(known)), round(max(known))
            shown = f"{name} {low}" if low == high else f"{name} {low}-{high}"
            found.append(line(Span(shown.ljust(len(name) + 7), Role.MUTED)))
    return found


def view_line(rows: FleetRows, total: int, marked: int) -> Line:
    """In words what is not as it is by default; empty when nothing hides or reorders hosts."""
    view, parts = rows.view, []
    if view.filter or view.problems:
        found = len(rows.arranged.matching)
        parts.append(Span(f"{found} of {total}", Role.STRONG if found else Role.WARN))
    parts += arranged_by(view)
    if marked:
        parts.append(Span(f"{marked} marked", Role.STRONG))
    return join([(part,) for part in parts], Span(" · ", Role.MUTED))


def arranged_by(view: View) -> list[Span]:
    """What a view hides, orders and groups in another way than every view does at first."""
    parts = [Span(f"filter {view.filter}", Role.ACCENT)] if view.filter else []
    if view.problems:
        parts.append(Span("problems only", Role.ACCENT))
    if view.sort != SEVERITY or view.inverted:
        parts.append(Span(f"sort {view.sort}{' inverted' if view.inverted else ''}"))
    if view.group is not Grouping.NONE:
        parts.append(Span(f"group {view.group}"))
    return parts
