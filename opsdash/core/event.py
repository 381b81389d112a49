"""What happened to a host, or to opsdash itself, at one moment: the own memory of the fleet."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from opsdash.core.health import Health
from opsdash.core.text import clean_line, count

KEPT_S = 90 * 86400.0
"""For how long events are remembered."""

FLAPS = 3
"""Something that came and went so often within `FLAP_S` seconds is told in one line."""

FLAP_S = 3600.0


class EventKind(StrEnum):
    """What can happen: a host's health became another; a finding was raised, or is over; a port or
    a mount came or went; something was silenced, or is not any more; opsdash began to watch,
    ended, or was found not to have ended properly; a hook told, or could not; somebody changed a
    host from here.
    """

    HEALTH = "health"
    FOUND = "found"
    OVER = "over"
    PORT = "port"
    MOUNT = "mount"
    SILENCED = "silenced"
    UNSILENCED = "unsilenced"
    STARTED = "started"
    STOPPED = "stopped"
    KILLED = "killed"
    TOLD = "told"
    UNTOLD = "hook failed"
    ACTED = "acted"


@dataclass(frozen=True, slots=True)
class Event:
    """One of them: when (seconds since 1970, by this machine's clock), where, and in words.

    `before` and `health` are a host's health, or `health` is that of a finding, whose check and
    subject stand beside it. `host` is empty where it is about opsdash itself, and a SELECT where
    several hosts were silenced. `number` grows from
    event to event, whatever the clock does; 0 for one that is not in the store. `times` is more
    than 1 where several were folded into one.
    """

    at: float
    kind: EventKind
    host: str = ""
    text: str = ""
    health: Health | None = None
    before: Health | None = None
    check: str = ""
    subject: str = ""
    number: int = 0
    times: int = 1

    def __post_init__(self) -> None:
        """Clean: the words are the host's."""
        object.__setattr__(self, "text", clean_line(self.text, 200))
        object.__setattr__(self, "subject", clean_line(self.subject, 256))


def folded(events: Sequence[Event]) -> list[Event]:
    """These events, oldest first, with what came and went again and again within an hour as one."""
    runs: dict[tuple[str, str, str], list[Event]] = {}
    whole: list[Event | list[Event]] = []
    for event in events:
        key = (event.host, event.check, event.subject)
        run = runs.get(key)
        if event.kind not in (EventKind.FOUND, EventKind.OVER):
            whole.append(event)
        elif run is not None and event.at - run[-1].at <= FLAP_S:
            run.append(event)
        else:
            runs[key] = run = [event]
            whole.append(run)
    told: list[Event] = []
    for one in whole:
        told += [one] if isinstance(one, Event) else _run(one)
    return sorted(told, key=lambda event: event.number)


def _run(run: list[Event]) -> Iterable[Event]:
    raised = sum(event.kind is EventKind.FOUND for event in run)
    if raised < FLAPS:
        return run
    words = f"came and went {count(raised, 'time')}: {run[-1].text}"
    return [replace(run[-1], text=words, times=raised)]
