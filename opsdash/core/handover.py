"""What whoever comes next has to know: what is still wrong, and all that happened since then."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from opsdash.core.event import Event, EventKind, folded
from opsdash.core.health import Health

_PARTS = {
    EventKind.ACTED: "done",
    EventKind.SILENCED: "silenced",
    EventKind.UNSILENCED: "silenced",
    EventKind.OVER: "over",
    EventKind.HEALTH: "health",
    EventKind.PORT: "came_and_went",
    EventKind.MOUNT: "came_and_went",
    EventKind.TOLD: "told",
    EventKind.UNTOLD: "told",
}


_RUNS = (EventKind.STARTED, EventKind.STOPPED, EventKind.KILLED)


@dataclass(frozen=True, slots=True)
class Wrong:
    """Something that is wrong with a host now: since when (seconds since 1970), and who knows."""

    host: str
    health: Health
    summary: str
    since: float
    note: str = ""


@dataclass(frozen=True, slots=True)
class Handover:
    """From `since` until `until` (seconds since 1970): what is `wrong` now, the worst first; what
    is `over`; what was `done` from here; what was `silenced`; hosts whose `health` changed; ports
    and mounts that `came_and_went`; who was `told`. `blind` are the times in which nobody watched.
    """

    since: float
    until: float
    wrong: tuple[Wrong, ...] = ()
    over: tuple[Event, ...] = ()
    done: tuple[Event, ...] = ()
    silenced: tuple[Event, ...] = ()
    health: tuple[Event, ...] = ()
    came_and_went: tuple[Event, ...] = ()
    told: tuple[Event, ...] = ()
    blind: tuple[tuple[float, float], ...] = ()

    @property
    def new(self) -> tuple[Wrong, ...]:
        """What is wrong only since then."""
        return tuple(one for one in self.wrong if one.since >= self.since)

    @property
    def known(self) -> tuple[Wrong, ...]:
        """What was wrong before."""
        return tuple(one for one in self.wrong if one.since < self.since)


def handover(
    wrong: Iterable[Wrong], events: Sequence[Event], since: float, until: float
) -> Handover:
    """Sort what happened; `events` are the oldest first, and some may be older than `since`."""
    parts: dict[str, list[Event]] = {name: [] for name in set(_PARTS.values())}
    inside = [one for one in events if since <= one.at <= until]
    still = {(one.host, one.check, one.subject) for one in _last_found(events)}
    for event in folded(inside):
        name = _PARTS.get(event.kind)
        if name == "over" and (event.host, event.check, event.subject) in still:
            continue  # it has come back, and stands among what is wrong
        if name is not None:
            parts[name].append(event)
    return Handover(
        since,
        until,
        tuple(sorted(wrong, key=lambda one: (-one.health, -one.since, one.host))),
        blind=tuple(_blind(events, since, until)),
        **{name: tuple(found) for name, found in parts.items()},
    )


def _last_found(events: Sequence[Event]) -> Iterable[Event]:
    """Findings that were raised and are not over."""
    last: dict[tuple[str, str, str], Event] = {}
    for event in events:
        if event.kind in (EventKind.FOUND, EventKind.OVER):
            last[event.host, event.check, event.subject] = event
    return (one for one in last.values() if one.kind is EventKind.FOUND)


def _blind(events: Sequence[Event], since: float, until: float) -> Iterable[tuple[float, float]]:
    """From the end of one program to the beginning of the next, or until now. Where a beginning is
    the first that is known, nobody watched before it.
    """
    runs = [one for one in events if one.kind in _RUNS]
    ended = since if runs and runs[0].kind is EventKind.STARTED else None
    for event in runs:
        if event.kind in (EventKind.STOPPED, EventKind.KILLED):
            ended = event.at
        elif event.kind is EventKind.STARTED and ended is not None:
            if event.at - max(ended, since) >= 1.0:
                yield max(ended, since), event.at
            ended = None
    if ended is not None and until - max(ended, since) >= 1.0:
        yield max(ended, since), until
