"""The story of some hosts: what happened there and how they fared, by time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress

from opsdash.core.clock_offset import clock_ahead_s
from opsdash.core.errors import SelectionError
from opsdash.core.event import Event, EventKind, folded
from opsdash.core.happening import SOURCES, Happening, Kind, happened
from opsdash.core.health import Health
from opsdash.core.host import Host
from opsdash.core.selection import parse_selection
from opsdash.core.snapshot import Change, HostState, LinkState

AS_ROOT = "rootlog"
READABLE = ("unitlog", "authlog")
"""Those that tell whether the login may read the logs: where it may, root is not asked."""

SHOWN_S = 48 * 3600.0
"""So far back goes a story."""

MOST = 2000
SAME_S = 120.0
"""A finding that began so near to a change of health is its reason."""


def wanted(state: HostState) -> tuple[str, ...]:
    """What is to be asked of a host for its story: root's logs only where others say too little."""
    told = [state.value(f"{name}.readable") for name in READABLE]
    return (*SOURCES, AS_ROOT) if 0.0 in told else SOURCES


def story(
    states: Iterable[HostState], changes: Iterable[Change] = (), events: Sequence[Event] = ()
) -> list[Happening]:
    """All that is known to have happened on these hosts, on the clock here, the newest first.

    `events` are what the store has of them and of others; of what it does not have yet, the
    `changes` of this run tell.
    """
    by_name = {state.name: state for state in states}
    told = of_events(events, [state.host for state in by_name.values()])
    turns = [one for one in told if one.kind is Kind.HEALTH]
    known = {(one.host, one.health, round(one.at)) for one in turns}
    fresh = [_turn(change) for change in changes if change.host in by_name]
    turns += [one for one in fresh if (one.host, one.health, round(one.at)) not in known]
    found = [*turns, *(one for one in told if one.kind is not Kind.HEALTH)]
    for state in by_name.values():
        found += _findings(state, turns)
        found += _of_host(state)
    return sorted(found, key=lambda one: -one.at)[:MOST]


_KINDS = {
    EventKind.PORT: Kind.PORT,
    EventKind.MOUNT: Kind.MOUNT,
    EventKind.SILENCED: Kind.ALERT,
    EventKind.UNSILENCED: Kind.ALERT,
    EventKind.TOLD: Kind.ALERT,
    EventKind.UNTOLD: Kind.ALERT,
    EventKind.ACTED: Kind.ACTION,
}


def of_events(events: Sequence[Event], hosts: Sequence[Host]) -> list[Happening]:
    """What events say of these hosts; what came and went again and again in one line."""
    names = {host.name for host in hosts}
    found: list[Happening] = []
    for one in folded([one for one in events if one.host]):
        about = [one.host] if one.host in names else _silenced(one, hosts)
        if one.kind is EventKind.HEALTH and one.host in names:
            before = one.before if one.before is not None else Health.UNKNOWN
            after = one.health if one.health is not None else Health.UNKNOWN
            found.append(_turn(Change(one.at, one.host, before, after, one.text)))
        elif one.kind in _KINDS:
            found += [
                Happening(
                    one.at, host, _KINDS[one.kind], _words(one), one.subject, source="opsdash"
                )
                for host in about
            ]
    return found


def _words(event: Event) -> str:
    if _KINDS[event.kind] is not Kind.ALERT:
        return event.text
    if event.kind in (EventKind.TOLD, EventKind.UNTOLD):
        return f"{event.kind}, {event.text}"
    what = " ".join(filter(None, (event.check, event.subject)))
    return f"{what}: {event.text}" if what else event.text


def _silenced(event: Event, hosts: Sequence[Host]) -> list[str]:
    """Which of these hosts a silence of a SELECT is about."""
    if _KINDS.get(event.kind) is not Kind.ALERT:
        return []
    with suppress(SelectionError):
        selection = parse_selection([event.host])
        return [host.name for host in hosts if selection.names(host)]
    return []


def _turn(change: Change) -> Happening:
    words = f"{change.after.name} (was {change.before.name})"
    if change.summary:
        worse = change.after > change.before
        words += f": {change.summary}" if worse else f", no more {change.summary}"
    return Happening(
        change.at, change.host, Kind.HEALTH, words, source="opsdash", health=change.after
    )


def _findings(state: HostState, turns: Sequence[Happening]) -> list[Happening]:
    """What is wrong now, where it began, unless a change of health says so already."""
    mine = [turn for turn in turns if turn.host == state.name]
    return [
        Happening(
            one.since,
            state.name,
            Kind.HEALTH,
            f"{one.health.name}: {one.summary}",
            one.subject,
            source=f"check {one.check}",
            detail=one.evidence,
            health=one.health,
        )
        for one in state.findings
        if one.since
        and one.health is not Health.UNKNOWN
        and not any(
            turn.health is one.health and abs(turn.at - one.since) <= SAME_S for turn in mine
        )
    ]


def _of_host(state: HostState) -> list[Happening]:
    ahead_s = clock_ahead_s(state) or 0.0
    found: dict[tuple[object, ...], Happening] = {}
    for name in (*SOURCES, AS_ROOT):
        for row in state.rows(name):
            one = happened(state.name, row, ahead_s)
            if one is not None:  # root and the login may tell the same
                found.setdefault((one.kind, one.words, round(one.at)), one)
    return list(found.values())


def lacking(state: HostState) -> list[str]:
    """In words what of a host's story can't be told, and why."""
    found = []
    for name in (*SOURCES, AS_ROOT):
        reading = state.readings.get(name)
        if reading is not None and reading.problem is not None:
            found.append(reading.problem.text)
    return found


def waiting(states: Iterable[HostState]) -> str:
    """In words that logs of hosts are still to come, or never will; empty: all have told."""
    silent = [one for one in states if one.link.state is LinkState.UP and not is_told(one)]
    if not silent:
        return ""
    if all(one.past for one in silent):
        return "what their own logs told was not kept of that moment"
    return "asking what happened there…"


def is_told(state: HostState) -> bool:
    """Whether all that everybody may ask has been answered."""
    return all(name in state.readings for name in SOURCES)
