"""The chronicle: what changes about hosts, and when opsdash watched, as events for the store."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from pathlib import Path

from opsdash.core.event import Event, EventKind
from opsdash.core.finding import Finding, FindingKey
from opsdash.core.health import Health
from opsdash.core.silence import Silence
from opsdash.core.text import count, duration
from opsdash.engine.judge import Judgement
from opsdash.store.events import Events

FLUSH_S = 1.0
"""What a kill may cost."""


class Chronicle:
    """Gathers events; flush() writes them, of a run that lasts. What earlier runs have told is not
    told again. A single look writes nothing: beside a run that lasts it would tell all twice.
    """

    def __init__(self, events: Events, clock: Callable[[], float]) -> None:
        self._events = events
        self._clock = clock
        self._healths: dict[str, Health] = {}
        self._open: dict[FindingKey, Finding | None] = {}
        self._pending: list[Event] = []
        self._settled: set[str] = set()
        self._runs = False
        self.heard: Callable[[Event], None] | None = None

    async def begin(self, open_findings: Collection[FindingKey]) -> None:
        """Recall what was told before."""
        self._healths = await self._events.healths()
        self._open = dict.fromkeys(open_findings)

    async def started(self, hosts: int, pid: int, died_at: float | None = None) -> None:
        """A run that lasts begins here: the last one may have ended without a word, and gave its
        last sign of life at `died_at` (seconds since 1970; None: nobody knows).
        """
        last = await self._events.last_run()
        self._runs = True
        if last is not None and last.kind is EventKind.STARTED and not _lives(last.subject):
            text = "the run before did not end properly: it was killed, or the machine went down"
            now = self._clock()
            at = now if died_at is None else min(now, max(died_at, last.at))
            self.happened(Event(at, EventKind.KILLED, "", text))
        self._note(
            EventKind.STARTED, text=f"watches {count(hosts, 'host')} (pid {pid})", subject=str(pid)
        )
        await self.flush()

    async def run(self) -> None:
        """Write what has happened every second, until cancelled."""
        while True:
            await asyncio.sleep(FLUSH_S)
            await self.flush()

    async def stopped(self, successor: str = "") -> None:
        """The run ends properly, in favour of another one if one is named."""
        if self._runs:
            to = f": {successor} polls" if successor else ""
            self._note(EventKind.STOPPED, text=f"watches no more{to}")
        await self.flush()

    def judged(self, host: str, judgement: Judgement) -> None:
        """What of a judgement is news."""
        if self._healths.get(host) is not judgement.health:
            self._health(host, judgement)
        for key in judgement.closed:
            self._over(key)
        for finding in judgement.findings:
            if finding.key not in self._open:
                self._finding(EventKind.FOUND, finding)
            self._open[finding.key] = finding

    def silenced(self, silence: Silence) -> None:
        """Something is silenced, or it is over."""
        ended = silence.over
        self.note(
            EventKind.UNSILENCED if ended else EventKind.SILENCED,
            host=silence.hosts,
            text=_ending(silence) if ended else _beginning(silence),
            check=silence.check,
            subject=silence.subject,
        )

    def note(self, kind: EventKind, **about: object) -> None:
        """Anything else that happened, with fields of an event; not what another run tells."""
        if self._runs:
            self._note(kind, **about)

    def _health(self, host: str, judgement: Judgement) -> None:
        """Another health: but that a host is not known yet, at the beginning, is no news."""
        health = judgement.health
        if health is not Health.UNKNOWN:
            self._settled.add(host)
        elif host not in self._settled:
            return
        told = self._healths.get(host, Health.OK)
        self._healths[host] = health
        if told is not health:
            text = judgement.findings[0].summary if judgement.findings else ""
            self._note(EventKind.HEALTH, host=host, text=text, health=health, before=told)

    def _over(self, key: FindingKey) -> None:
        if key not in self._open:
            return
        known = self._open.pop(key)
        if known is not None:
            self._finding(EventKind.OVER, known)
            return
        host, check, subject = key
        text = f"{check} {subject}".strip()
        self._note(EventKind.OVER, host=host, text=text, check=check, subject=subject)

    def _finding(self, kind: EventKind, finding: Finding) -> None:
        self._note(
            kind,
            host=finding.host,
            text=finding.summary,
            health=finding.health,
            check=finding.check,
            subject=finding.subject,
        )

    def _note(self, kind: EventKind, **about: object) -> None:
        self.happened(Event(self._clock(), kind, **about))  # type: ignore[arg-type]

    def happened(self, event: Event) -> None:
        """Something that others know of."""
        self._pending.append(event)
        if self.heard is not None and self._runs:
            self.heard(event)

    async def since(self, earliest: float) -> list[Event]:
        """What happened since (seconds since 1970), oldest first, what is not yet written too."""
        return [*await self._events.since(earliest), *self._pending]

    async def flush(self) -> None:
        """Write what was gathered."""
        pending, self._pending = self._pending, []
        if self._runs:
            await self._events.add(pending)


def _beginning(silence: Silence) -> str:
    """Who silences what, for how long, and why."""
    for_s = duration(silence.until - silence.at)
    who = f" by {silence.who}" if silence.who else ""
    return f"{silence.kind}{who} for {for_s}" + (f": {silence.reason}" if silence.reason else "")


def _ending(silence: Silence) -> str:
    """That it is over, and whether its time was up."""
    early = silence.ended_at < silence.until
    why = "before its time was up" if early else "its time was up"
    return f"{silence.kind} ended, {why}"


def _lives(pid: str) -> bool:
    """Whether a run that began is still there: two may share a store."""
    return pid.isdigit() and Path(f"/proc/{pid}").exists()
