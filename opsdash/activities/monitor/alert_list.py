"""What the alerts page and ``opsdash alerts`` list: open, acknowledged, muted, recent. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from opsdash.core.event import FLAP_S, FLAPS, Event, EventKind
from opsdash.core.finding import Finding, FindingKey, urgency
from opsdash.core.health import Health
from opsdash.core.silence import Silence
from opsdash.core.snapshot import HostState
from opsdash.core.text import count

RECENT_S = 6 * 3600.0
"""What has ended is told for so long."""

MOST_RECENT = 200


@dataclass(frozen=True, slots=True)
class Alert:
    """One row: a finding, or one that has ended.

    `began` and `ended` are seconds since 1970, 0 where not known or not yet. `times` says how often
    it came within the last hour, where that is too often to be told each time: it flaps.
    """

    key: FindingKey
    health: Health
    text: str
    began: float
    ended: float = 0.0
    times: int = 0
    silence: Silence | None = None

    @property
    def host(self) -> str:
        """Where."""
        return self.key[0]

    @property
    def check(self) -> str:
        """The check that found it."""
        return self.key[1]

    @property
    def words(self) -> str:
        """What is wrong, and that it flaps."""
        if not self.times:
            return self.text
        return f"flaps, {count(self.times, 'time')} in 1h: {self.text}"


@dataclass(frozen=True, slots=True)
class Alerts:
    """All of them: open ones the worst first, silenced ones the first to come back first, ended
    ones the last to end first. `idle` are silences that silence nothing now.
    """

    open: Sequence[Alert] = ()
    acked: Sequence[Alert] = ()
    muted: Sequence[Alert] = ()
    recent: Sequence[Alert] = ()
    idle: Sequence[Silence] = field(default=())


def alerts(
    states: Iterable[HostState], events: Sequence[Event], force: Iterable[Silence], now: float
) -> Alerts:
    """What there is to list of these hosts; `events` are theirs and others', oldest first."""
    chosen = {state.name: state for state in states}
    told = [one for one in events if one.host in chosen and now - one.at <= RECENT_S]
    flapping = flaps(told, now)
    findings = [found for state in chosen.values() for found in state.findings]
    there = [_of_finding(found, flapping) for found in sorted(findings, key=urgency)]
    ended = spells(told, {one.key for one in there}, flapping)
    ended.sort(key=lambda one: (-one.ended, one.key))
    # what flaps stays in its place while it is gone for a moment
    loud = [one for one in (*there, *(one for one in ended if one.times)) if one.silence is None]
    loud.sort(key=lambda one: -one.health)
    quiet = sorted((one for one in there if one.silence), key=_comes_back)
    used = {one.silence.id for one in quiet if one.silence is not None}
    return Alerts(
        open=loud,
        acked=[one for one in quiet if _is_ack(one)],
        muted=[one for one in quiet if not _is_ack(one)],
        recent=[one for one in ended if not one.times][:MOST_RECENT],
        idle=[one for one in force if one.id not in used],
    )


def _is_ack(alert: Alert) -> bool:
    return alert.silence is not None and alert.silence.kind == "ack"


def _comes_back(alert: Alert) -> tuple[float, FindingKey]:
    return (alert.silence.until if alert.silence is not None else 0.0, alert.key)


def _of_finding(found: Finding, flapping: dict[FindingKey, int]) -> Alert:
    return Alert(
        found.key,
        found.health,
        found.summary,
        found.since,
        times=flapping.get(found.key, 0),
        silence=found.silence,
    )


def flaps(events: Iterable[Event], now: float) -> dict[FindingKey, int]:
    """How often each finding came within the last hour, of those that came too often."""
    came: dict[FindingKey, int] = {}
    for one in events:
        if one.kind is EventKind.FOUND and now - one.at < FLAP_S:
            key = (one.host, one.check, one.subject)
            came[key] = came.get(key, 0) + 1
    return {key: times for key, times in came.items() if times > FLAPS}


def spells(
    events: Iterable[Event], there: set[FindingKey], flapping: dict[FindingKey, int]
) -> list[Alert]:
    """What has ended, one each; of what flaps the last, unless it is there right now; what flapped
    earlier is one, too.
    """
    began: dict[FindingKey, float] = {}
    runs: dict[FindingKey, list[Alert]] = {}
    for one in events:
        key = (one.host, one.check, one.subject)
        if one.kind is EventKind.FOUND:
            began[key] = one.at
        elif one.kind is EventKind.OVER:
            health = Health.UNKNOWN if one.health is None else one.health
            ended = Alert(key, health, one.text, began.pop(key, 0.0), one.at)
            runs.setdefault(key, []).append(ended)
    found: list[Alert] = []
    for key, run in runs.items():
        if key in flapping:
            found += [] if key in there else [_folded(run, flapping[key])]
        elif len(run) > FLAPS:
            text = f"came and went {count(len(run), 'time')}: {run[-1].text}"
            found.append(Alert(key, run[-1].health, text, run[0].began, run[-1].ended))
        else:
            found += run
    return found


def _folded(run: Sequence[Alert], times: int) -> Alert:
    last = run[-1]
    return Alert(last.key, last.health, last.text, run[0].began, last.ended, times)
