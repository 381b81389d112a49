"""A made-up fleet played through state, links and judge without a loop and without waiting.

Time is what the caller says it is, so the same moment always gives the same screen: for pictures,
for tests, and to find out what is already wrong when the demo begins.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from opsdash.core.discover import checks, collectors
from opsdash.core.errors import HostError
from opsdash.core.finding import Finding, FindingKey
from opsdash.core.plugin import Tier
from opsdash.core.reading import Reading
from opsdash.core.snapshot import HostState, LinkState, Login, Snapshot
from opsdash.engine.judge import Judge
from opsdash.engine.links import Links
from opsdash.engine.state import State
from opsdash.transport.demo.cast import Cast
from opsdash.transport.frames import pulse_files, read_frame
from opsdash.transport.replay import Moment, Play, Playing, answered

STEP_S = 20.0
"""Between two looks in the past, which nobody sees; counters have rates over it."""

FINE_S = 2.0
FINE_FOR_S = 60.0
"""The last minute is played as it would be seen, so that sparks show what they would show."""

LOGINS_EVERY_S = 60.0
KNOWN_FOR_S = 30 * 86_400.0
PAST_LOOKS, PAST_EVERY_S = 36, 150.0
"""How often and how far apart a filling disk was looked at before the demo."""

FOUND_AFTER = 6.0
"""A disk that fills up was noticed so late: after this part of the time that it takes."""

WARM_UP_S = 150.0
"""So long before the beginning the sick are looked at: every hold is over by then."""


@dataclass(frozen=True, slots=True)
class Remembered:
    """What an earlier run would have left: open findings, known hosts, counters, and what the
    disks said in the hours before, oldest first.
    """

    findings: tuple[Finding, ...]
    hosts: tuple[str, ...]
    known_since: float
    counters: tuple[Reading, ...] = ()
    history: tuple[Reading, ...] = ()


@dataclass
class _Connection:
    """What one host is at while it is connected."""

    playing: Playing
    play: Play
    facts_at: dict[str, float] = field(default_factory=dict)
    login_at_s: float = 0.0
    boot: object = None


class Rehearsal:
    """Some hosts of a cast, from `begin_s` on (seconds since the demo began)."""

    def __init__(
        self, cast: Cast, begin_s: float = 0.0, remembered: Remembered | None = None
    ) -> None:
        self._cast = cast
        self._at_s = begin_s
        known = {name: one for name, one in collectors().items() if not one.needs_root}
        self._pulse = [one for one in known.values() if one.tier is Tier.PULSE]
        self._facts = [one for one in known.values() if one.tier is Tier.FACTS]
        self._files = pulse_files(self._pulse)
        self._state = State(cast.fleet, known, self._clock)
        if remembered is not None:
            self._state.seed(remembered.counters)
            self._state.recall(remembered.history)
        self._judge = Judge.over(checks(), known, *_memory(remembered))
        self._links = Links(self._state, self._judge_host, self._wake, self._clock)
        self._connections: dict[str, _Connection] = {}
        self._gave_up: set[str] = set()

    def _clock(self) -> float:
        return self._cast.epoch + self._at_s

    def _wake(self, names: Sequence[str]) -> None:
        self._gave_up.difference_update(names)

    @property
    def states(self) -> Mapping[str, HostState]:
        """What is known of every host now."""
        return self._state.snapshot().hosts

    @property
    def snapshot(self) -> Snapshot:
        """The fleet as a screen would see it now."""
        return self._state.snapshot()

    @property
    def at_s(self) -> float:
        """Seconds since the demo began."""
        return self._at_s

    def run(self, until_s: float, step_s: float) -> None:
        """Go on in steps, and end at a moment."""
        while self._at_s < until_s:
            self.go_on(min(step_s, until_s - self._at_s))

    def go_on(self, by_s: float) -> None:
        """One step: look at every host so much later."""
        self._at_s += by_s
        for name in self._cast.fleet.hosts:
            self._visit(name)

    def _visit(self, name: str) -> None:
        """All that would happen to one host at this moment."""
        connection = self._connections.get(name)
        if connection is not None and not self._beat(name, connection):
            del self._connections[name]
            connection = None
        if connection is None and name not in self._gave_up:
            self._connect(name)
        elif connection is not None:
            self._ask(name, connection)
            self._log_in(name, connection)
        self._judge_host(name)

    def _connect(self, name: str) -> None:
        host = self._cast.fleet.hosts[name]
        try:
            playing = self._cast.hosts[name].connect(self._at_s)
        except HostError as error:
            self._links.set(host, LinkState.DOWN, error.problem)
            if not error.problem.mends_itself:
                self._gave_up.add(name)
            return
        play = playing.pulses(self._files)
        if play is None:
            return
        connection = _Connection(playing, play, login_at_s=self._at_s + LOGINS_EVERY_S / 2)
        self._connections[name] = connection
        self._state.set_login(name, None)
        self._state.set_host_key(name, playing.host_key)
        self._beat(name, connection)
        self._links.set(host, LinkState.UP)
        self._ask(name, connection)

    def _beat(self, name: str, connection: _Connection) -> bool:
        """One pulse; False when the connection broke."""
        try:
            contents = connection.play(self._at_s)
        except HostError:
            return False
        readings = read_frame(self._pulse, contents, name, self._clock())
        boot = next((one.rows for one in readings if one.collector == "uptime"), None)
        if boot != connection.boot:
            connection.facts_at.clear()
            connection.boot = boot
        self._state.take(name, readings)
        return True

    def _ask(self, name: str, connection: _Connection) -> None:
        """The facts that are due."""
        at = Moment(self._clock(), self._at_s)
        due = [c for c in self._facts if connection.facts_at.get(c.name, -1e18) <= self._at_s]
        if due:
            self._state.take(name, [answered(connection.playing, c, name, at) for c in due])
            connection.facts_at.update({c.name: self._at_s + c.every_s for c in due})

    def _log_in(self, name: str, connection: _Connection) -> None:
        if self._at_s < connection.login_at_s:
            return
        connection.login_at_s = self._at_s + LOGINS_EVERY_S
        try:
            login = Login(self._clock(), self._cast.hosts[name].log_in(self._at_s))
        except HostError as error:
            login = Login(self._clock(), 0.0, error.problem)
            if not error.problem.mends_itself:
                connection.login_at_s = float("inf")  # trying again would lock the account
        self._state.set_login(name, login)

    def _judge_host(self, name: str) -> None:
        self._judge.judge_into(self._state, name, self._clock())


def _memory(
    remembered: Remembered | None,
) -> tuple[dict[FindingKey, float], dict[str, float]]:
    if remembered is None:
        return {}, {}
    known = dict.fromkeys(remembered.hosts, remembered.known_since)
    return {finding.key: finding.since for finding in remembered.findings}, known


def opening(cast: Cast) -> Remembered:
    """What is known when the demo begins: who is sick and since when, and everybody's counters."""
    history = tuple(_history(cast))
    sick = {
        name: one
        for name, one in cast.hosts.items()
        if one.one.chronic or one.timeline.now(0.0) is not None
    }
    fleet = replace(
        cast.fleet, hosts=MappingProxyType({name: one.one.host for name, one in sick.items()})
    )
    known = Remembered((), (), 0.0, history=history)
    before = Rehearsal(replace(cast, fleet=fleet, hosts=sick), -WARM_UP_S, known)
    before.run(0.0, STEP_S)
    findings = []
    for name, state in before.states.items():
        occurrence = sick[name].timeline.now(0.0)
        for_s = sick[name].one.fills_s / FOUND_AFTER or KNOWN_FOR_S
        began_s = occurrence.began_s if occurrence else -for_s
        since = cast.epoch + began_s
        findings += [replace(one, since=since) for one in state.findings]
    return Remembered(
        tuple(findings),
        tuple(cast.hosts),
        cast.epoch - KNOWN_FOR_S,
        tuple(_counters(cast)),
        history,
    )


def _history(cast: Cast) -> list[Reading]:
    """What the disks that fill up said in the hours before."""
    disks = collectors()["filesystem"]
    found = []
    for name, host in cast.hosts.items():
        if not host.one.fills_s:
            continue
        playing = host.connect(0.0)
        for number in range(PAST_LOOKS):
            at_s = (number - PAST_LOOKS) * PAST_EVERY_S
            at = Moment(cast.epoch + at_s, at_s)
            found.append(answered(playing, disks, name, at))
    return found


def _counters(cast: Cast) -> list[Reading]:
    """What each host's counters were one interval before the beginning."""
    pulse = [one for one in collectors().values() if one.tier is Tier.PULSE]
    files = pulse_files(pulse)
    found: list[Reading] = []
    for name, host in cast.hosts.items():
        try:
            play = host.connect(-2 * FINE_S).pulses(files)
        except HostError:
            continue
        if play is not None:
            found += read_frame(pulse, play(-2 * FINE_S), name, cast.epoch - 2 * FINE_S)
    kept = {one.name for one in pulse if one.derive is not None} | {"uptime"}
    return [one for one in found if one.problem is None and one.collector in kept]


def simulate(cast: Cast, until_s: float = 0.0, *, fine_for_s: float = FINE_FOR_S) -> Snapshot:
    """The fleet as it stands `until_s` after the demo began; always the same for the same cast.

    The last `fine_for_s` seconds are played as finely as a screen would see them.
    """
    rehearsal = Rehearsal(cast, -FINE_S, opening(cast))
    fine_from_s = max(0.0, until_s - fine_for_s)
    rehearsal.run(0.0, FINE_S)
    rehearsal.run(fine_from_s, STEP_S)
    rehearsal.run(until_s, FINE_S)
    return rehearsal.snapshot
