"""Which checks have a reason to be asked about a host now.

Asking every check at every pulse of a thousand hosts would cost more than everything else together.
A check is asked when a reading that it needs is new, when a hold of its own is over, when the
connection has changed, and once a minute in any case, because it may use the time.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from opsdash.core.plugin import Check
from opsdash.core.probe import READING
from opsdash.core.reading import Reading
from opsdash.core.snapshot import HostState, Link, LinkState, Login

ALL_AGAIN_S = 60.0
WITHOUT_READINGS_AGAIN_S = 5.0
"""Checks that read nothing look at the link and at ages. While a host delivers and nothing of that
has changed they are asked so often; when nothing new has arrived, every time."""


@dataclass(slots=True)
class Asked:
    """What a host was like when its checks were last asked.

    `expires` says by check id when time alone changes what it said: a hold ends, or it is no longer
    new.
    """

    link: Link | None = None
    login: Login | None = None
    container: str | None = None
    readings: dict[str, Reading] = field(default_factory=dict)
    expires: dict[str, float] = field(default_factory=dict)
    all_again_at: float = 0.0
    without_readings_again_at: float = 0.0


class Due(NamedTuple):
    """Whom to ask now, and who has lost for good what it needs: what those found is over."""

    ask: list[Check]
    over: list[Check]


class Agenda:
    """Chooses from all checks; `machine_wide` names the collectors whose figures in a container are
    not the host's own.
    """

    def __init__(self, checks: Mapping[str, Check], machine_wide: Collection[str]) -> None:
        self._checks = checks
        self._all = tuple(checks.values())
        self._without_readings = tuple(check for check in self._all if not check.reads)
        foreign = [
            one
            for one in self._all
            if not one.heeds_container and not set(machine_wide).isdisjoint(one.reads)
        ]
        self._foreign = frozenset(check.id for check in foreign)
        self._needed = frozenset(name for check in self._all for name in check.reads) - {READING}
        self._probed = any(READING in check.reads for check in self._all)
        own = [check for check in self._all if check.id not in self._foreign]
        self._needed_in_container = frozenset(name for check in own for name in check.reads)
        self._needed_in_container -= {READING}
        self._readers: dict[tuple[str, ...], tuple[Check, ...]] = {}

    def due(self, state: HostState, now: float, asked: Asked) -> Due:
        """The checks to be asked now; they count as asked from then on."""
        changed, stirred = _arrived(state.readings, asked.readings)
        if (
            state.link is not asked.link
            or state.container != asked.container
            or now >= asked.all_again_at
        ):
            asked.link, asked.container = state.link, state.container
            asked.all_again_at = now + ALL_AGAIN_S
            chosen = self._all
        else:
            chosen = self._that_read(tuple(changed))
            if (
                stirred
                or not changed
                or state.login is not asked.login
                or now >= asked.without_readings_again_at
            ):
                asked.without_readings_again_at = now + WITHOUT_READINGS_AGAIN_S
                chosen += self._without_readings
            if asked.expires:
                over = [self._checks[name] for name, at in asked.expires.items() if now >= at]
                chosen += tuple(check for check in over if check not in chosen)
        asked.login = state.login
        return self._ready(chosen, state)

    def waiting(self, state: HostState) -> bool:
        """Whether some check has not got yet what it needs to speak at all."""
        if state.link.state is LinkState.DOWN:
            return False
        if self._without_readings and not _tried(state):
            return True
        if self._probed and not state.probed:
            return True
        own = _is_own(state)
        if own is None and self._foreign:
            return True
        return not (self._needed if own else self._needed_in_container) <= state.readings.keys()

    def _that_read(self, changed: tuple[str, ...]) -> tuple[Check, ...]:
        """The checks that read any of these; mostly it is one of two sets: the pulse, or facts."""
        found = self._readers.get(changed)
        if found is None:
            found = tuple(one for one in self._all if not set(changed).isdisjoint(one.reads))
            self._readers[changed] = found
        return found

    def _ready(self, chosen: Collection[Check], state: HostState) -> Due:
        """Those that can speak: the data of the others is of no use now, or not there yet, or
        will not come any more (the log may no longer be read, the service was switched off).
        """
        down, tried = state.link.state is LinkState.DOWN, _tried(state)
        own = _is_own(state)
        readings = state.readings
        ready, over = [], []
        for check in chosen:
            if not check.reads:
                if tried:  # before that nothing is known, so nothing has ended either
                    ready.append(check)
            elif not down and (own or check.id not in self._foreign):
                for name in check.reads:
                    reading = readings.get(name)
                    if reading is None or reading.problem is not None:
                        if _lost(check, readings):
                            over.append(check)
                        break
                else:
                    ready.append(check)
        return Due(ready, over)


def _lost(check: Check, readings: Mapping[str, Reading]) -> bool:
    """Whether something that a check needs will not come again soon."""
    problems = (readings[name].problem for name in check.reads if name in readings)
    return any(problem is not None and problem.will_stay for problem in problems)


def _tried(state: HostState) -> bool:
    """Whether the first try to reach the host has ended, one way or the other."""
    return state.link.state in (LinkState.UP, LinkState.DOWN) or bool(state.at)


def _is_own(state: HostState) -> bool | None:
    """Whether a figure of the whole machine is the host's own: not in a container, and None while
    the first answer is awaited that tells.
    """
    if state.container is not None:
        return not state.container
    return None if "os" not in state.readings and state.link.state is not LinkState.DOWN else False


def _arrived(readings: Mapping[str, Reading], known: dict[str, Reading]) -> tuple[list[str], bool]:
    """The readings that are new, which count as known from then on, and whether one of them is the
    first of its kind or has another problem than the one before.
    """
    changed = []
    stirred = False
    for name, reading in readings.items():
        before = known.get(name)
        if reading is not before:
            changed.append(name)
            known[name] = reading
            if before is None or before.problem != reading.problem:
                stirred = True
    return changed, stirred
