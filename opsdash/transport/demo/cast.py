"""The made-up hosts as recordings that can be replayed: each with its habits and its fate."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from opsdash.core.errors import HostError
from opsdash.core.fleet import Fleet
from opsdash.core.plugin import Collector
from opsdash.core.problem import Problem, ProblemKind
from opsdash.core.reading import Output
from opsdash.transport.demo.chance import between
from opsdash.transport.demo.character import Character, characters, fleet_of
from opsdash.transport.demo.journal import PAST_S, journal_lines
from opsdash.transport.demo.meters import Meter
from opsdash.transport.demo.moods import Mood
from opsdash.transport.demo.outputs import fact
from opsdash.transport.demo.proc_files import WRITERS, Write, kept
from opsdash.transport.demo.schedule import Schedule, Timeline
from opsdash.transport.demo.tapes import Tape, tapes
from opsdash.transport.replay import Play, Playing

FIRST_SEED = 20

NO_ANSWER_AFTER_S = 4.0
CONNECTS_WITHIN_S = 1.9
"""Connections come up one after the other, so that pulses do not all come at once."""

_TEXTS = {
    ProblemKind.TIMEOUT: "no answer from {where}",
    ProblemKind.REFUSED: "connection refused by {where}",
    ProblemKind.NO_BANNER: "sshd does not answer on {where}, though the port is open",
    ProblemKind.HOST_KEY_CHANGED: "host key CHANGED, now ED25519 SHA256:{print}",
    ProblemKind.ACCOUNT: "the account can't be used: Your account has expired; please contact"
    " your system administrator.",
    ProblemKind.AUTH: "login refused: Permission denied (publickey)",
}
"""The words that real hosts' connections had for each kind of problem."""


def _problem(kind: ProblemKind, one: Character) -> Problem:
    fingerprint = "".join(
        "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz0123456789"[
            int(between(0, 59, *one.words, "key", place))
        ]
        for place in range(43)
    )
    return Problem(kind, _TEXTS[kind].format(where=one.where, print=fingerprint))


class MadeUpHost:
    """One host of the demo, as a recording."""

    def __init__(self, one: Character, timeline: Timeline, epoch: float) -> None:
        self.one = one
        self.timeline = timeline
        self.epoch = epoch
        self.meter = Meter(one, timeline)
        self.before: MadeUpHost | None = None

    def mood(self, at_s: float) -> Mood:
        """How it is at a moment."""
        index = self.timeline.latest(at_s)
        latest = self.timeline.past[index] if index >= 0 else None
        current = latest if latest is not None and at_s < latest.ends_s else None
        booted_s, boots = self.meter.booted_s(at_s)
        return Mood(self.one, at_s, booted_s, boots, self.epoch, current, latest)

    def problem(self, at_s: float) -> Problem | None:
        """Why it can't be reached at a moment; None where it can."""
        if self.before is not None:
            on_the_way = self.before.problem(at_s)
            if on_the_way is not None:
                name = self.before.one.name
                text = f"behind {name}: {on_the_way.text}"
                return Problem(ProblemKind.JUMP, text, culprit=name)
        current = self.timeline.now(at_s)
        broken = current.incident.broken if current else None
        return _problem(broken, self.one) if broken else None

    def delay_s(self, at_s: float) -> float:
        """A refusal comes at once, silence takes its time."""
        problem = self.problem(at_s)
        if problem is not None and problem.kind is not ProblemKind.REFUSED:
            return NO_ANSWER_AFTER_S
        return between(0.02, CONNECTS_WITHIN_S, *self.one.words, "connects")

    def connect(self, at_s: float) -> Playing:
        """Reach it, unless something is in the way."""
        problem = self.problem(at_s)
        if problem is not None:
            raise HostError(problem)
        self.log_in(at_s)
        return MadeUpConnection(self, at_s)

    def log_in(self, at_s: float) -> float:
        """The seconds that a new login takes."""
        problem = self.problem(at_s)
        current = self.timeline.now(at_s)
        if problem is None and current is not None and current.incident.login is not None:
            problem = _problem(current.incident.login, self.one)
        if problem is not None:
            raise HostError(problem)
        usual_s = between(0.15, 0.7, *self.one.words, int(at_s), "login")
        return max(usual_s, current.incident.login_s) if current else usual_s


@dataclass
class MadeUpConnection:
    """A connection to one of them; `since_s` is when it was made."""

    host: MadeUpHost
    since_s: float

    @property
    def host_key(self) -> str:
        """The key that the host is known by."""
        return self.host.one.host_key

    def pulses(self, files: Mapping[str, str]) -> Play:
        """The files at any moment, until the host or the way to it fails."""
        writers = _writers(self.host.one, tapes()[self.host.one.tape], files)

        def play(at_s: float) -> Mapping[str, bytes]:
            self._hold(at_s)
            mood = self.host.mood(at_s)
            counters = self.host.meter.since_boot(at_s)
            return {path: write(mood, counters) for path, write in writers.items()}

        return play

    def fact(self, collector: Collector, at_s: float) -> Output | None:
        """A collector's output at a moment."""
        self._hold(at_s)
        counters = self.host.meter.since_boot(at_s)
        return fact(tapes()[self.host.one.tape], collector, self.host.mood(at_s), counters)

    def journal(self, epoch: float, since_s: float | None, until_s: float) -> Iterator[bytes]:
        """What the host wrote between two moments."""
        self._hold(until_s)
        since_s = until_s - PAST_S if since_s is None else since_s
        return journal_lines(self.host.one.words, epoch, since_s, until_s)

    def _hold(self, at_s: float) -> None:
        """HostError where the connection did not outlive what happened since it was made."""
        problem = self.host.problem(at_s)
        if problem is not None:
            kind = ProblemKind.SILENT if problem.kind is ProblemKind.TIMEOUT else ProblemKind.LOST
            said = "connected, but no answer for 6s" if kind is ProblemKind.SILENT else "reset"
            raise HostError(Problem(kind, said))
        timeline = self.host.timeline
        for number in range(timeline.latest(at_s), -1, -1):
            occurrence = timeline.past[number]
            if occurrence.ends_s <= self.since_s:
                return
            mended = occurrence.incident.login or occurrence.incident.broken
            if mended and occurrence.ends_s <= at_s:
                raise HostError(Problem(ProblemKind.LOST, "sshd was restarted"))


def _writers(one: Character, tape: Tape, files: Mapping[str, str]) -> dict[str, Write]:
    """Who writes each file that is wanted and that the recorded host has."""
    found: dict[str, Write] = {}
    for path, keep in files.items():
        contents = tape.beats.get(path)
        if contents and path in WRITERS:
            found[path] = WRITERS[path](kept(contents[0], keep), one)
        elif contents:
            found[path] = _as_recorded(contents)
    return found


def _as_recorded(contents: tuple[bytes, ...]) -> Write:
    """A file that nobody writes anew: as it was, beat by beat, and from the first again."""
    return lambda mood, counters: contents[int(mood.up_s / 2) % len(contents)]


@dataclass(frozen=True, slots=True)
class Cast:
    """A made-up fleet: its hosts, and the recordings that play them."""

    fleet: Fleet
    hosts: Mapping[str, MadeUpHost]
    epoch: float


def make_cast(count: int, epoch: float, seed: int = FIRST_SEED) -> Cast:
    """So many hosts whose story begins at `epoch` (seconds since 1970); repeatable by its seed."""
    people = characters(count, seed)
    schedule = Schedule(people, seed)
    hosts = {name: MadeUpHost(one, schedule.timelines[name], epoch) for name, one in people.items()}
    for host in hosts.values():
        if host.one.host.jump:
            host.before = hosts[host.one.host.jump]
    return Cast(fleet_of(people), hosts, epoch)
