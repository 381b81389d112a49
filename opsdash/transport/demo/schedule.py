"""When which incident strikes which host: planned by chance that can be repeated, for ever on."""

from __future__ import annotations

import heapq
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field

from opsdash.transport.demo.chance import between, chance
from opsdash.transport.demo.character import DAY_S, Character
from opsdash.transport.demo.incidents import INCIDENTS, Incident

FLEET = 200
"""Each round of an incident strikes one host of so many."""

LEAST_ROUND = 0.13
MORE_ROUND = 0.009
"""However small the fleet, a round strikes somebody so often, and so much oftener for each of its
first ten hosts: a small fleet is lively too.
"""

SICK_AT_FIRST = 0.03
AGES_S = (50.0, 7 * 60.0, 40.0 * 60, 3 * 3600.0, 26 * 3600.0, 4 * DAY_S, 200.0, 9 * DAY_S)
"""How long those who are sick when the demo begins have been so."""

CREEPS_UNTIL = 0.75
"""What creeps has arrived at its worst after this part of an incident."""

BREATHER_S = 45.0
"""So long at least nothing happens to a host between two incidents."""


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One incident on one host, in seconds since the demo began (before it: negative)."""

    incident: Incident
    began_s: float
    ends_s: float
    worst_s: float

    def progress(self, at_s: float) -> float:
        """How near to its worst it has come, from 0 to 1: what creeps is there at `worst_s`."""
        return min(1.0, max(0.0, (at_s - self.began_s) / (self.worst_s - self.began_s)))


@dataclass
class Timeline:
    """What happens to one host, in the order of time; `extend` plans ahead up to a moment."""

    schedule: Schedule
    past: list[Occurrence] = field(default_factory=list)
    _began: list[float] = field(default_factory=list)

    def add(self, occurrence: Occurrence) -> None:
        """The next thing that happens; it begins when the one before is over."""
        self.past.append(occurrence)
        self._began.append(occurrence.began_s)

    @property
    def free_from_s(self) -> float:
        """From when on something else may happen."""
        return self.past[-1].ends_s + BREATHER_S if self.past else float("-inf")

    def latest(self, at_s: float) -> int:
        """The index in `past` of what began last before a moment; -1 where nothing did."""
        if at_s > self.schedule.planned_s:
            self.schedule.plan(at_s)
        return bisect_right(self._began, at_s) - 1

    def now(self, at_s: float) -> Occurrence | None:
        """What goes on at a moment."""
        index = self.latest(at_s)
        if index < 0 or self.past[index].ends_s <= at_s:
            return None
        return self.past[index]


class Schedule:
    """The timelines of a fleet. Planning in one go or bit by bit gives the same."""

    def __init__(self, people: Mapping[str, Character], seed: int) -> None:
        self._people = people
        self._seed = seed
        self.timelines = {name: Timeline(self) for name in people}
        self.planned_s = 0.0
        least = LEAST_ROUND + MORE_ROUND * min(10, len(people))
        self._round_of = max(len(people) / FLEET, least)
        self._candidates = {
            incident.name: [one.name for one in people.values() if fits(incident, one)]
            for incident in INCIDENTS
        }
        self._rounds = [
            (between(8.0, incident.every_s * 0.8, seed, incident.name), number, 0)
            for number, incident in enumerate(INCIDENTS)
        ]
        heapq.heapify(self._rounds)
        self._sick_at_first()

    def plan(self, until_s: float) -> None:
        """Plan every round that begins before a moment, and a little more."""
        until_s += 60.0
        while self._rounds[0][0] <= until_s:
            at_s, number, turn = heapq.heappop(self._rounds)
            incident = INCIDENTS[number]
            self._strike(incident, at_s, turn)
            again_s = at_s + incident.every_s * between(0.7, 1.3, self._seed, incident.name, turn)
            heapq.heappush(self._rounds, (again_s, number, turn + 1))
        self.planned_s = until_s

    def _strike(self, incident: Incident, at_s: float, turn: int) -> None:
        words = (self._seed, incident.name, turn)
        how_many = int(self._round_of + chance(*words, "many"))
        for name in self._chosen(incident, at_s, words)[:how_many]:
            began_s = at_s + between(0.0, incident.every_s / 6, *words, name, "began")
            began_s = max(began_s, self.timelines[name].free_from_s)
            lasts_s = incident.lasts_s * between(0.75, 1.3, *words, name, "lasts")
            worst_s = began_s + CREEPS_UNTIL * lasts_s
            self.timelines[name].add(Occurrence(incident, began_s, began_s + lasts_s, worst_s))

    def _chosen(self, incident: Incident, at_s: float, words: tuple[object, ...]) -> list[str]:
        """The hosts that can have it and are free, in an order that chance made."""
        free = [n for n in self._candidates[incident.name] if self.timelines[n].free_from_s <= at_s]
        return sorted(free, key=lambda name: chance(*words, name))

    def _sick_at_first(self) -> None:
        """Who is already sick when the demo begins; they recover one by one."""
        wanted = round(len(self._people) * SICK_AT_FIRST) or int(len(self._people) > 1)
        kinds = [incident for incident in INCIDENTS if incident.chronic]
        for number in range(wanted):
            incident = kinds[number % len(kinds)]
            words = (self._seed, "first", number)
            for name in self._chosen(incident, 0.0, words)[:1]:
                ago_s = AGES_S[number % len(AGES_S)] * between(0.8, 1.2, *words)
                ends_s = between(40.0, 800.0, *words, "ends")
                self.timelines[name].add(Occurrence(incident, -ago_s, ends_s, -ago_s / 5))


def fits(incident: Incident, one: Character) -> bool:
    """Whether a host can have this incident at all."""
    if one.fills_s:
        return False  # it has a story of its own
    return (not incident.roles or one.role.name in incident.roles) and (
        not incident.tapes or one.tape in incident.tapes
    )
