"""The logs that a screen looks at: read in the background, held, counted, told by their kind."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from opsdash.core.errors import OpsdashError
from opsdash.core.fleet import Fleet
from opsdash.core.log_book import LogBook
from opsdash.core.log_counts import LogCounts
from opsdash.core.log_kinds import Kinds
from opsdash.core.log_record import LogEntry, LogNotice, LogQuery, LogRecord
from opsdash.core.log_state import LogPhase, LogState
from opsdash.core.logs import LogsRead
from opsdash.core.text import clean_line
from opsdash.engine.fleet_hands import FleetHands
from opsdash.engine.fleet_logs import FleetLogs
from opsdash.store.log_kinds import LogKindTable, Remembered

LOG = logging.getLogger(__name__)

KEEP_S = 10.0
"""How often the kinds of messages that have come are written down."""

MOST_NOTICES = 200

CLOCK_OFF_S = 0.5
"""Less than that can't be told from the time that an answer takes."""


@dataclass(frozen=True, slots=True)
class LogGround:
    """What logs are read with: the fleet as it is now, the way to it, what is remembered, time."""

    fleet: Callable[[], Fleet]
    hands: FleetHands
    table: LogKindTable
    clock: Callable[[], float]


class Feed:
    """One query on some hosts, until it is closed: a LogFeed."""

    def __init__(self, hosts: Sequence[str], query: LogQuery, ground: LogGround) -> None:
        self.hosts, self.query = tuple(hosts), query
        self._ground = ground
        self.book: LogBook[LogEntry] = LogBook()
        self.kinds = Kinds()
        self.counts = LogCounts()
        self.rev = 0
        self.paused = False
        self.rested_since_s: float | None = None
        self._said: list[LogNotice] = []
        self._trouble = ""
        known = ground.fleet().hosts
        chosen = [known[name] for name in self.hosts if name in known]
        self._logs = FleetLogs(chosen, ground.hands, query, ground.clock)
        self._states: dict[str, LogState] = {}
        self._task = asyncio.create_task(self._run(), name="logs")
        self._task.add_done_callback(self._ended)

    # -- what a screen sees ---------------------------------------------------------------------

    def notices(self) -> Sequence[LogNotice]:
        """What has to be known of them, but that a host is not reached: missing() says so."""
        found = [one for one in self._said if not one.passes]
        if self._trouble:
            found.append(LogNotice("opsdash", self._trouble, "open the logs again"))
        return found

    def missing(self) -> Mapping[str, str]:
        """The hosts whose lines do not come now, and why."""
        found = {}
        for state in self._states.values():
            if state.problem is not None and state.phase is not LogPhase.LIVE:
                found[state.host] = clean_line(state.problem.text, 120)
        return found

    def dropped(self) -> Mapping[str, int]:
        """How many lines of which hosts came too fast."""
        return {one.host: one.dropped for one in self._states.values() if one.dropped}

    def skew(self) -> Mapping[str, float]:
        """By how many seconds clocks are ahead of ours."""
        return {
            one.host: one.ahead_s for one in self._states.values() if abs(one.ahead_s) > CLOCK_OFF_S
        }

    def pause(self, *, paused: bool) -> None:
        """Read nothing more, or go on."""
        self.paused = paused
        self.rev += 1
        if paused:
            self._logs.pause()
        else:
            self._logs.resume()

    def rest(self, *, resting: bool) -> None:
        """Let go of the hosts, or go on where it was left."""
        if resting is (self.rested_since_s is not None):
            return
        self.rested_since_s = self._ground.clock() if resting else None
        self.rev += 1
        if resting:
            self._logs.rest()
        else:
            self._logs.wake()

    async def ended(self, within_s: float) -> bool:
        """Whether all of them are read within that time, and nothing comes any more."""
        done, _ = await asyncio.wait((self._task,), timeout=within_s)
        return bool(done)

    # -- reading --------------------------------------------------------------------------------

    async def close(self) -> None:
        """End it, with what was learned written down."""
        self._task.cancel()
        await asyncio.wait((self._task,))

    async def _run(self) -> None:
        remembered = await self._ground.table.all()
        self.kinds = _kinds(remembered, self._ground.clock())
        keeping = asyncio.create_task(self._keep_on(), name="log kinds")
        try:
            async with self._logs:
                async for batch in self._logs.batches():
                    self._take(batch)
        except OpsdashError as error:
            self._trouble = str(error)
            self.rev += 1
        finally:
            keeping.cancel()
            self._look()
            await self._keep()

    def _ended(self, task: asyncio.Task[None]) -> None:
        """Nothing comes any more after a fault of ours: that must not look like silence."""
        if task.cancelled() or (error := task.exception()) is None:
            return
        LOG.error("the reading of logs ended", exc_info=error)
        self._trouble = f"a fault of its own ended the reading ({type(error).__name__})"
        self.rev += 1

    def _take(self, batch: Sequence[LogEntry]) -> None:
        self.book.add(batch)
        for entry in batch:
            if isinstance(entry, LogRecord):
                self.kinds.add(entry)
                self.counts.add(entry)
        self._look()

    def _look(self) -> None:
        """How the hosts stand by now."""
        self._said = [*self._said, *self._logs.notices()][-MOST_NOTICES:]
        self._states = {state.host: state for state in self._logs.states()}
        self.rev += 1

    async def _keep_on(self) -> None:
        while True:
            await asyncio.sleep(KEEP_S)
            self._look()
            await self._keep()

    async def _keep(self) -> None:
        await self._ground.table.add(self.kinds.to_keep(), self._ground.clock())


def _kinds(remembered: Remembered, now: float) -> Kinds:
    """What was never seen before is new, from the moment on since when that is known at all."""
    since_s = remembered.since_s if remembered.since_s is not None else now
    return Kinds(remembered.keys, since_s)


def _sentence(notice: LogNotice) -> str:
    text = notice.text.removeprefix(f"{notice.host}: ")
    return f"{notice.host}: {text}" + (f" ({notice.hint})" if notice.hint else "")


class LogDesk:
    """Opens the logs of hosts for a screen; one feed at a time."""

    def __init__(self, ground: LogGround) -> None:
        self._ground = ground
        self._feed: Feed | None = None
        self._closing: set[asyncio.Task[None]] = set()

    def open(self, hosts: Sequence[str], query: LogQuery) -> Feed:
        """Begin to read; what was open is closed."""
        self.close()
        self._feed = Feed(hosts, query, self._ground)
        return self._feed

    async def read(self, hosts: Sequence[str], query: LogQuery, within_s: float) -> LogsRead:
        """Read these lines once, beside what is open."""
        feed = Feed(hosts, query, self._ground)
        try:
            late = not await feed.ended(within_s)
            book = feed.book
            lines = tuple(book[number] for number in range(book.dropped, book.end))
            lacking = [f"{one}: its log was not read: {why}" for one, why in feed.missing().items()]
            lacking += [_sentence(one) for one in feed.notices()]
        finally:
            await feed.close()
        if late:
            lacking.append("the logs were not read to their end within the deadline")
        return LogsRead(lines, tuple(lacking))

    def close(self) -> None:
        """Nobody looks at them any more."""
        if self._feed is not None:
            task = asyncio.create_task(self._feed.close(), name="logs end")
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)
            self._feed = None

    async def end(self) -> None:
        """Close what is open, and wait until nothing is left of it."""
        self.close()
        if self._closing:
            await asyncio.wait(set(self._closing))
