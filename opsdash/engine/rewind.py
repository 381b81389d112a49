"""The fleet as it was: a snapshot of any moment, put together from what the store remembers."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from math import isnan
from types import MappingProxyType

from opsdash.core import discover
from opsdash.core.event import EventKind
from opsdash.core.finding import NEW_FOR_S, Finding, urgency
from opsdash.core.fleet import Fleet
from opsdash.core.frame import Frame
from opsdash.core.health import Health
from opsdash.core.host import Host
from opsdash.core.plugin import Check, Tier
from opsdash.core.problem import Problem, ProblemKind
from opsdash.core.reading import Reading, SampleKey
from opsdash.core.silencing import silencing
from opsdash.core.snapshot import HostState, Link, LinkState, Snapshot
from opsdash.store.database import Database
from opsdash.store.hours import Held
from opsdash.store.moments import Moment, Moments, Turn

WHOLE = frozenset({"uptime"})
"""The host's clock is told by this and another reading of the same moment: parts of others would
make it wrong by as much as they are apart.
"""

UNWATCHED_S = 60.0
"""After so long without any figure it is asked whether anybody watched at all."""


class Rewind:
    """Rebuilds moments. `fleet` gives the fleet as it is declared now: hosts that were in it then
    and are no more are left out, new ones are there with nothing known of them. What the store
    can't say stays unknown; why it can't be read is among the snapshot's notices.
    """

    def __init__(
        self, store: Database, fleet: Callable[[], Fleet], checks: Mapping[str, Check]
    ) -> None:
        self._moments = Moments(store)
        self._fleet = fleet
        self._checks = checks
        self._rev = 0

    async def at(self, moment: float) -> Snapshot:
        """The fleet at a moment (seconds since 1970). Each one has a higher revision than any
        before, and so have all of its hosts.
        """
        fleet = self._fleet()
        found = await self._moments.at(fleet.hosts, moment)
        self._rev += 1
        notices = fleet.notices
        lack = unwatched(found)
        for text in (self._moments.notice, lack):
            notices += (text,) if text else ()
        builder = _Builder(found, self._rev, lack, self._by_host(found, fleet))
        hosts = {name: builder.state(host) for name, host in fleet.hosts.items()}
        changes = tuple(one for one in found.changes if one.host in hosts)
        return Snapshot(
            self._rev,
            moment,
            MappingProxyType(hosts),
            fleet.source,
            notices,
            changes,
            read_only=fleet.read_only,
        )

    def _by_host(self, found: Moment, fleet: Fleet) -> dict[str, tuple[Finding, ...]]:
        """What was wrong, in the order of the screen: what was silenced last."""
        silence_of = silencing(found.silences)
        by_host: dict[str, list[Finding]] = {}
        for one in found.findings:
            host = fleet.hosts.get(one.host)
            if host is None:
                continue
            frame = found.frames.get(one.host)
            whole = self._whole(one, frame, found.at)
            silence = silence_of(host, whole)
            if silence is not None:
                whole = replace(whole, silence=silence, new=False)
            by_host.setdefault(one.host, []).append(whole)
        return {
            name: tuple(sorted(ones, key=lambda one: (one.silence is not None, *urgency(one))))
            for name, ones in by_host.items()
        }

    def _whole(self, one: Finding, frame: Frame | None, moment: float) -> Finding:
        """A finding with its evidence as the last frame told it, and its check's advice."""
        told = next((f for f in frame.findings if f.key == one.key), None) if frame else None
        if told is not None and told.since == one.since:
            one = replace(one, summary=told.summary, evidence=told.evidence, health=told.health)
        check = self._checks.get(one.check)
        return replace(
            one,
            new=moment - one.since < NEW_FOR_S,
            advice=check.advice if check else "",
            controls=check.controls if check else (),
        )


@dataclass(frozen=True, slots=True)
class _Builder:
    """Makes the state of each host at a moment; `lack` says why nothing is known of any."""

    found: Moment
    rev: int
    lack: str
    findings: Mapping[str, tuple[Finding, ...]]

    def state(self, host: Host) -> HostState:
        """A host as it was."""
        name, found = host.name, self.found
        held, frame, turn = found.held.get(name), found.frames.get(name), found.turns.get(name)
        judged = found.judged_since.get(name, found.at + 1) <= found.at
        if held is None and frame is None and turn is None and not judged:
            text = f"nothing is remembered of {clock_words(found.at)}"
            return HostState(host, self.rev, link=Link(problem=_forgotten(text)), past=True)
        findings = self.findings.get(name, ())
        if self.lack:
            health, link = Health.UNKNOWN, Link(problem=_forgotten(self.lack))
        else:
            health = turn.health if turn else _judged(findings)
            link = _link(health, turn, found.judged_since.get(name, 0.0))
        at = _until(held, found.at) if held else (frame.at if frame else 0.0)
        return HostState(
            host,
            self.rev,
            health=health,
            link=link,
            at=at,
            readings=Readings(name, held, frame, at),
            findings=findings,
            container=frame.container if frame else None,
            past=True,
        )


def _judged(findings: Sequence[Finding]) -> Health:
    """The health of a host that never changed: what counts is what was found."""
    return max((one.health for one in findings if one.silence is None), default=Health.OK)


def _link(health: Health, turn: Turn | None, since: float) -> Link:
    state = LinkState.DOWN if health is Health.DOWN else LinkState.UP
    return Link(state, turn.at if turn else since)


def _forgotten(text: str) -> Problem:
    return Problem(ProblemKind.FORGOTTEN, text)


def _until(held: Held, moment: float) -> float:
    """A mean over a step is as old as the end of the step, as far as that has come."""
    return min(moment, held.at + held.step_s)


class Readings(Mapping[str, Reading]):
    """What a host had delivered by a moment: tables and figures of its last frame, and over those
    what the history says until `at`. Each reading is made when it is asked for. Where a collector
    has both, the table's age is its age: it is never younger than it is said to be.
    """

    def __init__(self, host: str, held: Held | None, frame: Frame | None, at: float) -> None:
        self._host, self._at = host, at
        self._held = held
        self._framed = frame.readings if frame else {}
        self._parts = _parts(held.keys) if held else {}
        self._made: dict[str, Reading] = {}

    def __getitem__(self, name: str) -> Reading:
        """A reading; KeyError."""
        made = self._made.get(name)
        if made is None:
            made = self._made[name] = self._make(name)
        return made

    def _make(self, name: str) -> Reading:
        if self._held is None or name not in self._parts:
            return self._framed[name]
        if name in WHOLE and name in self._framed:
            return self._framed[name]
        values = self._held.values
        told = [(key, values[place]) for place, key in self._parts[name]]
        samples = {key: value for key, value in told if not isnan(value)}
        known = self._framed.get(name)
        pulse = name in _pulse()
        if known is None or (pulse and self._at - known.at >= UNWATCHED_S):
            return Reading(self._host, name, self._at, samples, source="history")
        if known.at > self._at:
            return known
        kept = dict(known.samples) if self._at - known.at < UNWATCHED_S else {}
        at = self._at if pulse else known.at
        return replace(known, at=at, samples=kept | samples)

    def __iter__(self) -> Iterator[str]:
        """The names of the collectors."""
        return iter(dict.fromkeys((*self._framed, *self._parts)))

    def __len__(self) -> int:
        """How many there are."""
        return len(self._framed.keys() | self._parts.keys())


@lru_cache(maxsize=1)
def _pulse() -> frozenset[str]:
    """The collectors that have figures and no table: what they say is of the moment."""
    known = discover.collectors().values()
    return frozenset(one.name for one in known if one.tier is Tier.PULSE)


Parts = Mapping[str, Sequence[tuple[int, SampleKey]]]


@lru_cache(maxsize=64)
def _parts(keys: tuple[SampleKey, ...]) -> Parts:
    """The places of each collector's values: most hosts share a few lists of metrics."""
    found: dict[str, list[tuple[int, SampleKey]]] = {}
    for place, key in enumerate(keys):
        found.setdefault(key[0].partition(".")[0], []).append((place, key))
    return found


def unwatched(found: Moment) -> str:
    """Why nothing can be known of a moment: nobody watched then; empty: somebody did."""
    ends = [_until(held, found.at) for held in found.held.values()]
    ends += [turn.at for turn in found.turns.values()]
    last, slack = max(ends, default=0.0), UNWATCHED_S
    slack += max((held.step_s for held in found.held.values()), default=0.0)
    if found.at - last <= slack:
        return ""
    if found.run and found.run[1] == EventKind.STARTED.value and not found.run_ended:
        return ""  # all hosts may be down
    if not last:
        return f"nothing is remembered of {clock_words(found.at)}"
    return f"opsdash did not watch at {clock_words(found.at)}, last at {clock_words(last)}"


def clock_words(moment: float) -> str:
    """A moment as it is told in sentences: with its date unless it is today's."""
    when, today = time.localtime(moment), time.localtime()
    return time.strftime("%H:%M" if when[:3] == today[:3] else "%Y-%m-%d %H:%M", when)
