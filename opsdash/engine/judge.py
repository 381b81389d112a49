"""The judge: checks, hold times and memory turned into findings, and findings into a health."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace

from opsdash.core.blame import Resource, blamed, has_culprit
from opsdash.core.discover import collectors
from opsdash.core.finding import NEW_FOR_S, Finding, FindingKey, urgency
from opsdash.core.health import Health, worst
from opsdash.core.host import Host
from opsdash.core.plugin import Check, Collector, Inquiry, attempt
from opsdash.core.silence import Silence
from opsdash.core.snapshot import HostState, LinkState
from opsdash.engine.agenda import Agenda, Asked
from opsdash.engine.peers import Peers
from opsdash.engine.state import State

CHECK_ITSELF = "(the check itself)"
"""The subject of the finding that a check could not be asked; what it said before stands."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the judge says of one host; `closed` names what ended since it was last asked, and
    `blaming` says of which resources somebody may take too much, whom a list of processes would
    name.
    """

    health: Health
    findings: tuple[Finding, ...]
    closed: tuple[FindingKey, ...] = ()
    blaming: frozenset[Resource] = frozenset()


@dataclass
class Memory:
    """What the judge remembers of one host: what it saw since when, and what it raised.

    `earlier` holds what an earlier run left open and this one has not yet confirmed, `old` what
    was there when opsdash first looked: it can't be called new. `judged` says that the host has
    been looked at in full once; `asked` what its checks have seen; `blaming` which of them look
    for a culprit.
    """

    earlier: dict[FindingKey, float] = field(default_factory=dict)
    seen_at: dict[FindingKey, float] = field(default_factory=dict)
    raised: dict[FindingKey, Finding] = field(default_factory=dict)
    old: set[FindingKey] = field(default_factory=set)
    judged: bool = False
    asked: Asked = field(default_factory=Asked)
    blaming: dict[str, Resource] = field(default_factory=dict)

    def expire(self, check_id: str, at: float) -> None:
        """Ask a check again at this time at the latest."""
        self.asked.expires[check_id] = min(at, self.asked.expires.get(check_id, at))


class Judge:
    """Asks every check about a host.

    `first_seen` holds the findings that were open when an earlier run ended; `known_hosts` the
    hosts that an earlier run has judged, and when first: what was found by then is not new, and on
    any other host nothing is until it has been looked at in full. `machine_wide` names the
    collectors whose figures in a container are not the host's own. `clock_ahead_s` may be set at
    any time: by how many seconds `now` is ahead of the time that clocks of hosts are held against.
    So may `silence_of`: what keeps a finding out of the way.
    """

    clock_ahead_s = 0.0
    silence_of: Callable[[Host, Finding], Silence | None] = staticmethod(lambda host, finding: None)

    def __init__(
        self,
        checks: Mapping[str, Check],
        first_seen: Mapping[FindingKey, float] | None = None,
        known_hosts: Mapping[str, float] | None = None,
        *,
        machine_wide: Collection[str] = (),
    ) -> None:
        self._checks = checks
        self._agenda = Agenda(checks, machine_wide)
        self._first_judged = known_hosts or {}
        self._memory: dict[str, Memory] = {}
        self._peers: Peers | None = None
        for key, since in (first_seen or {}).items():
            self._memory.setdefault(key[0], Memory()).earlier[key] = since

    @classmethod
    def over(
        cls,
        checks: Mapping[str, Check],
        collectors: Mapping[str, Collector],
        first_seen: Mapping[FindingKey, float] | None = None,
        known_hosts: Mapping[str, float] | None = None,
    ) -> Judge:
        """A judge by those of the checks that read nothing but what these collectors deliver."""
        able = {name: one for name, one in checks.items() if collectors.keys() >= set(one.reads)}
        whole = [one.name for one in collectors.values() if one.machine_wide]
        return cls(able, first_seen, known_hosts, machine_wide=whole)

    def forget(self, name: str) -> None:
        """A host has left the fleet; what was open there is no news when it comes back."""
        memory = self._memory.pop(name, None)
        if memory is None:
            return
        raised = {key: finding.since for key, finding in memory.raised.items()}
        if found := memory.earlier | raised:
            self._memory[name] = Memory(earlier=found)

    def ask_all(self, name: str) -> None:
        """A host has other thresholds now: every check is asked when it is judged next."""
        if name in self._memory:
            self._memory[name].asked.all_again_at = 0.0

    def judge_into(self, state: State, name: str, now: float) -> Judgement:
        """Judge a host of a fleet, whose state takes in what is said of it."""
        self.clock_ahead_s = state.clock_ahead_s
        if self._peers is None:
            self._peers = Peers(state.hosts)
        judgement = self.judge(state.host(name), now)
        state.set_judgement(name, judgement.health, judgement.findings)
        return judgement

    def judge(self, state: HostState, now: float) -> Judgement:
        """All findings of a host, worst first; a check that lacks its data keeps what it said,
        but not if the data will not come any more.
        """
        memory = self._memory.get(state.name)
        if memory is None:
            memory = self._memory[state.name] = Memory()
        closed: set[FindingKey] = set()
        due = self._agenda.due(state, now, memory.asked)
        for check in due.ask:
            self._ask(check, state, now, memory, closed)
        for check in due.over if memory.seen_at else ():
            # what an earlier run left open waits: root may be there in a moment, which confirms it
            _end_all_but(memory.earlier, check.id, memory, closed)
            memory.asked.expires.pop(check.id, None)
            memory.blaming.pop(check.id, None)
        waiting = self._agenda.waiting(state)
        if state.link.state is LinkState.UP and not waiting:
            memory.judged = True
        findings = self._sorted(state, memory)
        health = _health(state, findings, waiting)
        return Judgement(health, findings, tuple(closed), frozenset(memory.blaming.values()))

    def _sorted(self, state: HostState, memory: Memory) -> tuple[Finding, ...]:
        """Worst first, and last what is silenced; of a host that was cut off by a failure
        elsewhere, what is known now first: what was found before may be over.
        """
        if not memory.raised:
            return ()

        def marked(finding: Finding) -> Finding:
            silence = self.silence_of(state.host, finding)
            return finding if silence is None else replace(finding, silence=silence, new=False)

        def order(finding: Finding) -> tuple[bool, bool, int, float, str, str]:
            remembered = state.link.cause is not None and bool(self._checks[finding.check].reads)
            return (finding.silence is not None, remembered, *urgency(finding))

        return tuple(sorted(map(marked, memory.raised.values()), key=order))

    def _ask(
        self,
        check: Check,
        state: HostState,
        now: float,
        memory: Memory,
        closed: set[FindingKey],
    ) -> None:
        def health_before(subject: str) -> Health:
            found = memory.raised.get((state.name, check.id, subject))
            return found.health if found else Health.OK

        limits = state.host.thresholds.get(check.id, check.limits)

        def usual(metric: str, label: str) -> float | None:
            return self._peers.usual(state, metric, label, now) if self._peers else None

        inquiry = Inquiry(state, now, limits, health_before, self.clock_ahead_s, usual)
        answer = attempt(lambda: tuple(check.judge(inquiry)))
        memory.asked.expires.pop(check.id, None)
        if isinstance(answer, str):
            text = f"check {check.id} failed: {answer}"
            broken = Finding(check.id, state.name, Health.UNKNOWN, text, subject=CHECK_ITSELF)
            self._weigh(replace(check, hold_s=0.0), broken, now, memory, closed)
            return
        if check.blames is not None:
            answer = _with_culprits(check, answer, state, now, memory)
        if memory.seen_at or memory.earlier:
            found = {finding.key for finding in answer}
            if memory.earlier and not check.reads and self._agenda.waiting(state):
                found |= _unheard(check, state, memory)
            _end_all_but(found, check.id, memory, closed)
        for finding in answer:
            self._weigh(check, finding, now, memory, closed)

    def _weigh(
        self,
        check: Check,
        finding: Finding,
        now: float,
        memory: Memory,
        closed: set[FindingKey],
    ) -> None:
        """Raise a finding that has lasted long enough, or that an earlier run already raised."""
        key = finding.key
        known = memory.earlier.pop(key, None)
        if key not in memory.seen_at:
            memory.seen_at[key] = now if known is None else known
            if self._was_there(key[0], known, memory):
                memory.old.add(key)
        began = memory.seen_at[key]
        if now - began < check.hold_s and key not in memory.raised:
            memory.expire(check.id, began + check.hold_s)
            if known is not None:
                closed.add(key)
            return
        new = key not in memory.old and now - began < NEW_FOR_S
        if new:
            memory.expire(check.id, began + NEW_FOR_S)
        memory.raised[key] = replace(
            finding,
            since=began,
            new=new,
            advice=finding.advice or check.advice,
            controls=finding.controls or check.controls,
        )

    def _was_there(self, host: str, known: float | None, memory: Memory) -> bool:
        """Whether a finding met for the first time in this run was there at the first look."""
        first_judged = self._first_judged.get(host)
        if first_judged is None:
            return known is not None or not memory.judged
        return known is not None and known <= first_judged


def _with_culprits(
    check: Check, answer: tuple[Finding, ...], state: HostState, now: float, memory: Memory
) -> tuple[Finding, ...]:
    """What a check found, with who is to blame; what needs a culprit and has none is left out."""
    if check.blames is None or not answer:
        memory.blaming.pop(check.id, None)
        return answer
    memory.blaming[check.id] = check.blames
    if check.needs_culprit and not has_culprit(state, check.blames, now):
        return ()
    return tuple(blamed(finding, state, check.blames, now) for finding in answer)


def _unheard(check: Check, state: HostState, memory: Memory) -> set[FindingKey]:
    """What an earlier run left open about collectors that have not said anything yet: it is
    neither confirmed nor over.
    """
    earlier = [key for key in memory.earlier if key[1] == check.id]
    return {key for key in earlier if key[2] in collectors() and key[2] not in state.readings}


def _end_all_but(
    found: Collection[FindingKey], check_id: str, memory: Memory, closed: set[FindingKey]
) -> None:
    """What a check no longer finds is over; `closed` gets what had been raised."""
    for key in {*memory.seen_at, *memory.earlier}:
        if key[1] == check_id and key not in found:
            if key in memory.raised or key in memory.earlier:
                closed.add(key)
            memory.seen_at.pop(key, None)
            memory.raised.pop(key, None)
            memory.earlier.pop(key, None)
            memory.old.discard(key)


def _health(state: HostState, findings: tuple[Finding, ...], waiting: bool) -> Health:
    """The worst of what counts; a host of which something is still unknown is not OK.

    What was found before it was cut off by a failure elsewhere says nothing of it now.
    """
    if state.link.cause is not None:
        return Health.UNKNOWN
    counted = worst(finding.health for finding in findings if finding.silence is None)
    if counted is Health.OK and (waiting or not state.at):
        return Health.UNKNOWN
    return counted
