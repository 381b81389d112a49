"""Which rows a list of hosts has and in what order: filter, sort, group, fold. Pure, no screen."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from opsdash.core.figures import FIGURES
from opsdash.core.filter import Filter
from opsdash.core.health import Health
from opsdash.core.snapshot import HostState, triage
from opsdash.core.view import SEVERITY, Grouping, View

HEADING, FOLD = "\x00=", "\x00+"
"""What the keys of rows begin with that are no hosts: no host name has such a character."""

Order = Callable[[HostState, float], object]

TEXT_ORDERS: dict[str, Callable[[HostState], str]] = {
    "host": lambda state: state.name,
    "os": lambda state: _os(state),
    "tags": lambda state: " ".join(sorted(state.host.tags)),
}
SORTS: tuple[str, ...] = (SEVERITY, *TEXT_ORDERS, *FIGURES)
"""Everything that rows can be sorted by. Figures begin with the largest, words with A."""


@dataclass(frozen=True, slots=True)
class Bundle:
    """Hosts that one row stands for: a group's heading, or those that are folded away."""

    title: str
    hosts: tuple[HostState, ...]
    folded: bool = False


@dataclass(frozen=True, slots=True)
class Arrangement:
    """Rows from top to bottom by key, what bundles stand for, and which hosts fit the view."""

    keys: tuple[str, ...]
    bundles: Mapping[str, Bundle] = field(default_factory=lambda: MappingProxyType({}))
    matching: tuple[str, ...] = ()

    @property
    def folded(self) -> int:
        """How many hosts have no row of their own."""
        return len(self.matching) - sum(key not in self.bundles for key in self.keys)


@dataclass(frozen=True, slots=True)
class Wish:
    """How rows are wanted: the view, its filter understood, the rows that the screen has room for
    (0: no folding), the kinds whose fold was opened, and the host that keeps a row of its own
    because the cursor is on it. `kinds` says what each host is.
    """

    view: View
    filter: Filter
    room: int
    kinds: Mapping[str, str]
    opened: frozenset[str] = frozenset()
    pinned: str = ""


def arrange(states: Iterable[HostState], wish: Wish, now: float) -> Arrangement:
    """Rows of all hosts that fit, in order; hosts that are well fold when rows run out."""
    view = wish.view
    chosen = [state for state in states if _fits(state, wish, now)]
    chosen = ordered(chosen, view, now)
    groups = _grouped(chosen, view.group, wish.kinds)
    headings = len(groups) if view.group is not Grouping.NONE else 0
    fold = 0 < wish.room < len(chosen) + headings and view.sort == SEVERITY and not view.filter
    keys: list[str] = []
    bundles: dict[str, Bundle] = {}
    for title, members in groups.items():
        if view.group is not Grouping.NONE:
            keys.append(HEADING + title)
            bundles[HEADING + title] = Bundle(title, tuple(members))
        if fold:
            _fold(members, title, wish, keys, bundles)
        else:
            keys += [state.name for state in members]
    matching = tuple(state.name for state in chosen)
    return Arrangement(tuple(keys), MappingProxyType(bundles), matching)


def _fits(state: HostState, wish: Wish, now: float) -> bool:
    if wish.view.problems and state.health is Health.OK:
        return False
    return wish.filter.matches(state, now)


def ordered(states: list[HostState], view: View, now: float) -> list[HostState]:
    """In the view's order; what has no value comes last, whichever way round."""
    if view.sort == SEVERITY:
        return sorted(states, key=triage, reverse=view.inverted)
    if view.sort in TEXT_ORDERS:
        return _by_text(states, TEXT_ORDERS[view.sort], inverted=view.inverted)
    if view.sort not in FIGURES:  # kept by another version, which knew more
        return sorted(states, key=triage)
    value = FIGURES[view.sort].value
    known: list[tuple[float, HostState]] = []
    unknown: list[HostState] = []
    for state in states:
        found = value(state, now)
        if found is None:
            unknown.append(state)
        else:
            known.append((found, state))
    way = 1 if view.inverted else -1
    known.sort(key=lambda pair: (way * pair[0], pair[1].name))
    return [state for _, state in known] + sorted(unknown, key=lambda state: state.name)


def _by_text(
    states: list[HostState], text: Callable[[HostState], str], *, inverted: bool
) -> list[HostState]:
    known = [state for state in states if text(state)]
    unknown = [state for state in states if not text(state)]
    known.sort(key=lambda state: (text(state), state.name), reverse=inverted)
    return known + sorted(unknown, key=lambda state: state.name)


def _grouped(
    states: list[HostState], group: Grouping, kinds: Mapping[str, str]
) -> dict[str, list[HostState]]:
    """Groups in the order of their first, which is their worst, host; a host may be in several."""
    if group is Grouping.NONE:
        return {"": states}
    found: dict[str, list[HostState]] = {}
    for state in states:
        for title in _titles(state, group, kinds):
            found.setdefault(title, []).append(state)
    return found


def _titles(state: HostState, group: Grouping, kinds: Mapping[str, str]) -> tuple[str, ...]:
    match group:
        case Grouping.KIND:
            return (kinds.get(state.name, ""),)
        case Grouping.TAG:
            # a row has one place: two with one key would share cursor and mark
            return (" ".join(sorted(state.host.tags)) or "no tags",)
        case Grouping.OS:
            return (_os(state) or "not known",)
        case Grouping.STATE:
            return (state.health.name,)
        case Grouping.NONE:
            return ("",)


def _os(state: HostState) -> str:
    for row in state.rows("os"):
        return f"{row.get('id') or ''} {row.get('version') or ''}".strip()
    return ""


def _fold(
    members: list[HostState],
    title: str,
    wish: Wish,
    keys: list[str],
    bundles: dict[str, Bundle],
) -> None:
    """The sick ones by name, then one line per kind for those that are well."""
    well: dict[str, list[HostState]] = {}
    for state in members:
        if state.health is Health.OK and not state.findings:
            well.setdefault(title or wish.kinds.get(state.name, ""), []).append(state)
        else:
            keys.append(state.name)
    for kind in sorted(well):
        hosts = well[kind]
        if len(hosts) == 1:
            keys.append(hosts[0].name)
            continue
        key = FOLD + kind
        opened = kind in wish.opened
        keys.append(key)
        bundles[key] = Bundle(kind, tuple(hosts), folded=not opened)
        keys += [state.name for state in hosts if opened or state.name == wish.pinned]
